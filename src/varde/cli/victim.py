"""``varde victim``."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.errors import NotFound, WrongUse
from varde.core.face_search import Enrolment, Victim
from varde.store.site import Site
from varde.store.types import write_utc

_COLUMNS = ("alias", "case", "enrolments", "authorisation", "purpose", "retain_until", "closed_at")


@click.group()
def victim() -> None:
    """Enrol the victims of cases, who are looked for from then on.

    A victim is known by an alias within its case, never by a name.
    """


@victim.command("add")
@click.argument("case")
@click.argument("alias")
@click.option("--authorisation", required=True, help="What looking for the person rests on.")
@click.option("--purpose", default="victim identification", show_default=True, help="Why the person is looked for.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Day on which enrolments are deleted; default: none.")
@with_session
def add(session: Session, case: str, alias: str, authorisation: str, purpose: str, until: datetime | None) -> None:
    """Add a victim called ALIAS to CASE.

    \b
    Example:
      varde victim add 2026-0042 B --authorisation "order 7/26" --until 2027-06-30
    """
    from varde.workflows import enrol_victim

    made = enrol_victim.add_victim(
        session.open(),
        session.actor,
        case,
        alias,
        authorisation=authorisation,
        purpose=purpose,
        retain_until=until.replace(tzinfo=UTC) if until else None,
        case_ids=None,
    )
    if session.as_json:
        output.write_json(_describe(made))
    output.say(
        f"Added victim {alias} to {case}. Next: varde victim enrol {shlex.quote(case)} {shlex.quote(alias)} IMAGE"
    )


@victim.command("enrol")
@click.argument("case")
@click.argument("alias")
@click.argument("image", required=False, type=click.Path(path_type=Path))
@click.option("--item", type=int, help="Take the face from an item instead.")
@click.option("--face", type=click.IntRange(1), help="Which face, where there are several.")
@with_session
def enrol(session: Session, case: str, alias: str, image: Path | None, item: int | None, face: int | None) -> None:
    """Look for victim ALIAS of CASE by the face of IMAGE, or of an item.

    A copy of the face is kept, not the picture. It is compared with every face the site knows, and with every new one:
    `varde faces leads` shows what is close.

    \b
    Examples:
      varde victim enrol 2026-0042 B portrait.jpg
      varde victim enrol 2026-0042 B --item 17 --face 2
    """
    from varde.workflows import enrol_victim
    from varde.workflows.face_models import ensure_models
    from varde.workflows.look_back import explain_no_leads

    if (image is None) == (item is None):
        raise WrongUse("say where the face is: a picture, or --item ITEM", advice="One of the two.")
    site = session.open()
    number = find_victim(site, case, alias).victim_id
    if ensure_models(site, session.actor):
        output.say("No face models were chosen: the builtin ones are used (`varde models list` shows others).")
    if item is not None:
        made = enrol_victim.enrol_item(site, session.actor, number, item, face=face, case_ids=None)
    else:
        made = enrol_victim.enrol_picture(site, session.actor, number, image or Path(), face=face, case_ids=None)
    if session.as_json:
        output.write_json(_describe_enrolment(made))
    waiting = len(_list_leads(site, number))
    output.say(
        f"Enrolled as {made.enrolment_id}, quality {made.quality}; {output.count(waiting, 'lead')} "
        f"{'waits' if waiting == 1 else 'wait'}."
    )
    refused = explain_no_leads(site, session.actor)
    if refused is not None:
        output.say(f"Not compared with victims: {refused.detail}")


@victim.command("list")
@click.option("--case", "case_name", help="Only victims of this case.")
@click.option("--closed", "with_closed", is_flag=True, help="Also those who are looked for no more.")
@with_session
def list_(session: Session, case_name: str | None, with_closed: bool) -> None:
    """List the victims who are looked for.

    \b
    Example:
      varde victim list
    """
    from varde.workflows import enrol_victim

    found = enrol_victim.list_victims(session.open(), case_ids=None, with_closed=with_closed)
    rows = [_describe(one) for one in found if case_name in (None, one.case)]
    if session.as_json:
        output.write_json(rows)
        return
    output.write_rows(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@victim.command("show")
@click.argument("case")
@click.argument("alias")
@with_session
def show(session: Session, case: str, alias: str) -> None:
    """Show victim ALIAS of CASE and its enrolments.

    \b
    Example:
      varde victim show 2026-0042 B
    """
    from varde.workflows import enrol_victim

    site = session.open()
    found, enrolments = enrol_victim.read_victim(site, find_victim(site, case, alias).victim_id, case_ids=None)
    document = _describe(found) | {"faces": [_describe_enrolment(one) for one in enrolments]}
    if session.as_json:
        output.write_json(document)
        return
    output.write_fields({name: value for name, value in document.items() if name != "faces"})
    for one in document["faces"]:
        print(output.to_plain(one))


@victim.command("close")
@click.argument("case")
@click.argument("alias")
@with_session
def close(session: Session, case: str, alias: str) -> None:
    """Look for victim ALIAS of CASE no more: leads that nobody answered are deleted.

    \b
    Example:
      varde victim close 2026-0042 B
    """
    from varde.workflows import enrol_victim

    site = session.open()
    closed = enrol_victim.close_victim(site, session.actor, find_victim(site, case, alias).victim_id, case_ids=None)
    if session.as_json:
        output.write_json(_describe(closed))
    output.say(f"Victim {alias} of {case} is looked for no more.")


@victim.command("delete-enrolment")
@click.argument("enrolment", type=int)
@with_session
def delete_enrolment(session: Session, enrolment: int) -> None:
    """Delete ENROLMENT with its picture and embeddings, so that nothing of it stays.

    \b
    Example:
      varde victim delete-enrolment 4
    """
    from varde.workflows import enrol_victim

    enrol_victim.delete_enrolment(session.open(), session.actor, enrolment, case_ids=None)
    if session.as_json:
        output.write_json({"deleted": enrolment})
    output.say(f"Enrolment {enrolment} was deleted.")


@victim.command("expire")
@with_session
def expire(session: Session) -> None:
    """Delete enrolments whose end has come, and probes of searches closed long ago; to be run every day.

    \b
    Example:
      varde victim expire
    """
    from varde.workflows import enrol_victim

    done = enrol_victim.expire(session.open(), session.actor)
    if session.as_json:
        output.write_json({"enrolments": done.enrolments, "victims": done.victims, "searches": done.searches})
    output.say(
        f"Deleted {output.count(done.enrolments, 'enrolment')} of {output.count(done.victims, 'victim')}, and the "
        f"probes of {output.count(done.searches, 'search', 'searches')}."
    )


def find_victim(site: Site, case_name: str, alias: str) -> Victim:
    """Returns the victim of a case by alias.

    Raises:
        NotFound: if there is none.
    """
    from varde.store import cases, victims

    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
        found = victims.find_victim(connection, case.case_id, alias)
    if found is None:
        raise NotFound(f"{case_name} has no victim called {alias!r}", advice="`varde victim list` shows them.")
    return found


def _list_leads(site: Site, victim_id: int) -> list[Any]:
    from varde.workflows import answer_leads

    return list(answer_leads.list_leads(site, case_ids=None, victim_id=victim_id))


def _describe(one: Victim) -> dict[str, Any]:
    return {
        "victim": one.victim_id,
        "alias": one.alias,
        "case": one.case,
        "enrolments": one.faces,
        "authorisation": one.authorisation,
        "purpose": one.purpose,
        "added_at": write_utc(one.added_at),
        "added_by": one.added_by,
        "retain_until": write_utc(one.retain_until) if one.retain_until else None,
        "closed_at": write_utc(one.closed_at) if one.closed_at else None,
    }


def _describe_enrolment(one: Enrolment) -> dict[str, Any]:
    return {
        "enrolment": one.enrolment_id,
        "quality": one.quality,
        "source_face": one.source_face_id,
        "enrolled_at": write_utc(one.enrolled_at),
        "enrolled_by": one.enrolled_by,
    }
