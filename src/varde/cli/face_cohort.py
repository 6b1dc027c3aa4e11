"""``varde faces cohort``."""

from __future__ import annotations

from pathlib import Path

import click

from varde.cli import output
from varde.cli.face_evaluation import describe_left_out, say_left_out, say_progress
from varde.cli.options import Session, with_session
from varde.core.age import AgeBand
from varde.store.types import write_utc


@click.group()
def cohort() -> None:
    """Keep reference faces of consenting people: mixed into candidate lists, they measure reviewers."""


@cohort.command("add")
@click.argument("name")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--age-band", required=True, type=click.Choice([band.value for band in AgeBand]), help="Of everybody in DIR."
)
@click.option("--consent", default="", help="Where these people's consent is recorded.")
@with_session
def add(session: Session, name: str, folder: Path, age_band: str, consent: str) -> None:
    """Add the faces in DIR, a folder with one folder of pictures per person, to the cohort NAME.

    Crops and embeddings are kept, the pictures are not. People of a cohort can come up in candidate lists as blind
    fillers: only take people who agreed to that.

    \b
    Example:
      varde faces cohort add staff ./staff --age-band 18+ --consent "file 7/26"
    """
    from varde.workflows.keep_cohort import CohortOrder, add_cohort

    order = CohortOrder(name, folder, AgeBand(age_band), consent)
    kept = add_cohort(session.open(), session.actor, order, say_progress)
    if session.as_json:
        left_out = [describe_left_out(one) for one in kept.left_out]
        output.write_json(
            {
                "name": name,
                "age_band": age_band,
                "faces": kept.faces,
                "people": kept.people,
                "faces_not_found": left_out,
            }
        )
    else:
        say_left_out(kept.left_out)
    people = output.count(kept.people, "person", "people")
    output.say(f"Cohort {name}: {output.count(kept.faces, 'new face')} of {people} added.")
    if not consent:
        output.say("Nobody said where their consent is recorded (--consent).")
    if kept.left_out:
        raise click.exceptions.Exit(1)


@cohort.command("list")
@with_session
def list_(session: Session) -> None:
    """List the cohorts of the site.

    \b
    Example:
      varde faces cohort list --json
    """
    from varde.workflows.keep_cohort import list_cohorts

    rows = [
        {
            "name": one.name,
            "age_band": one.age_band.value,
            "people": one.people,
            "faces": one.faces,
            "added_at": write_utc(one.added_at),
            "added_by": one.added_by,
        }
        for one in list_cohorts(session.open())
    ]
    if session.as_json:
        output.write_json(rows)
    else:
        columns = ["name", "age_band", "people", "faces", "added_at", "added_by"]
        output.write_rows(columns, [[row[column] for column in columns] for row in rows])


@cohort.command("remove")
@click.argument("name")
@with_session
def remove(session: Session, name: str) -> None:
    """Delete the cohort NAME with all its crops and embeddings.

    \b
    Example:
      varde faces cohort remove staff
    """
    from varde.workflows.keep_cohort import remove_cohort

    count = remove_cohort(session.open(), session.actor, name)
    if session.as_json:
        output.write_json({"name": name, "removed": count})
    output.say(f"Cohort {name}: {output.count(count, 'face')} deleted.")
