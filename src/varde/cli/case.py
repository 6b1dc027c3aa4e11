"""``varde case``."""

from __future__ import annotations

from typing import Any

import click

from varde.cli import output
from varde.cli.case_access import access
from varde.cli.options import Session, with_session
from varde.cli.recalls import describe_recall, say_recalls
from varde.core.case import Case
from varde.store import cases, faces, runs, schemes, summary
from varde.store.floods import count_held
from varde.store.recalls import list_recalls
from varde.store.site import Site
from varde.store.types import write_utc
from varde.workflows import open_case


@click.group()
def case() -> None:
    """Open cases and look at them."""


case.add_command(access)


@case.command("new")
@click.argument("name")
@click.option("--authorisation", default="", help="Statute, warrant or order the case rests on.")
@click.option("--scheme", default=schemes.DEFAULT, show_default=True, help="Grade scheme of its decisions.")
@with_session
def new(session: Session, name: str, authorisation: str, scheme: str) -> None:
    """Open a case called NAME.

    \b
    Example:
      varde case new 2026-0042 --authorisation "warrant 17/26"
    """
    site = session.open()
    made = open_case.create_case(site, session.actor, name=name, authorisation=authorisation, scheme=scheme)
    if session.as_json:
        output.write_json(_describe(made))
    output.say(f"Opened case {made.name}, decisions on scheme {made.scheme}.")
    if not authorisation:
        output.say("No authorisation was recorded (--authorisation).")


@case.command("list")
@with_session
def list_(session: Session) -> None:
    """List all cases.

    \b
    Example:
      varde case list --json
    """
    site = session.open()
    with site.database.read() as connection:
        found = [_describe(one) for one in cases.list_cases(connection)]
    if session.as_json:
        output.write_json(found)
    else:
        output.write_rows(
            ["name", "scheme", "authorisation", "created_at"],
            [(one["name"], one["scheme"], one["authorisation"], one["created_at"]) for one in found],
        )


@case.command("show")
@click.argument("name", metavar="CASE")
@with_session
def show(session: Session, name: str) -> None:
    """Show the accounting of a case: every place is counted once.

    `items` are the places examined without any issue, `issues` the places with at least one (not, or not fully,
    examined), `waiting` those still to come; together they are all `places` that were found.

    \b
    Example:
      varde case show 2026-0042 --json
    """
    site = session.open()
    document = describe_case(site, name)
    if session.as_json:
        output.write_json(document)
        return
    output.write_fields({**document, "recalls": len(document["recalls"])})
    with site.database.read() as connection:
        say_recalls(list_recalls(connection, cases.get_case(connection, name).case_id))


def describe_case(site: Site, name: str) -> dict[str, Any]:
    """Returns everything that is counted of a case."""
    with site.database.read() as connection:
        found = cases.get_case(connection, name)
        counts = cases.count_places(connection, found.case_id)
        figures = summary.summarise_case(connection, found.case_id)
        exhibits = cases.list_exhibits(connection, found.case_id)
        found_recalls = list_recalls(connection, found.case_id)
        held = count_held(connection)
        without_faces = faces.count_unexamined(connection, found.case_id)
        finished = [run for run in runs.list_runs(connection, found.case_id) if run.finished_at]
    return {
        **_describe(found),
        "items": counts.examined,
        "issues": counts.with_issues,
        "waiting": counts.waiting,
        "places": counts.places,
        "issue_records": counts.issue_records,
        "contents": counts.contents,
        "size_bytes": counts.size_bytes,
        "kinds": {kind.value: count for kind, count, _ in figures.kinds},
        "hashed": figures.hashed,
        "without_faces": without_faces,
        "not_comparable": {reason.value: count for reason, count in figures.not_comparable},
        "matched": figures.matched,
        "set_aside": figures.set_aside,
        "recalls": [describe_recall(recall) for recall in found_recalls],
        "quarantined": held.total(),
        "decided": {str(grade): count for grade, count in figures.decided},
        "issues_by_code": _sum_codes([(code.value, count) for code, _, count in figures.issues]),
        "exhibits": len(exhibits),
        "processed": bool(exhibits) and not counts.waiting and all(exhibit.walked for exhibit in exhibits),
        "last_run_finished_at": write_utc(finished[-1].finished_at) if finished and finished[-1].finished_at else None,
    }


def _describe(one: Case) -> dict[str, Any]:
    return {
        "name": one.name,
        "scheme": one.scheme,
        "authorisation": one.authorisation.reference,
        "created_at": write_utc(one.created_at),
    }


def _sum_codes(pairs: list[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for code, count in pairs:
        sums[code] = sums.get(code, 0) + count
    return sums
