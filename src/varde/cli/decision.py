"""``varde decision``."""

from __future__ import annotations

from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.workflows import import_grades


@click.group()
def decision() -> None:
    """Take over decisions made elsewhere."""


@decision.command("import")
@click.argument("case")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@with_session
def import_(session: Session, case: str, path: Path) -> None:
    """Record the grades of a VICS file for the items of CASE that have the same digests.

    You answer for them: they are recorded under your name, with the file as their source.

    \b
    Example:
      varde decision import 2026-0042 report/vics.json
    """
    done = import_grades.import_grades(session.open(), session.actor, case_name=case, path=path)
    if session.as_json:
        output.write_json(
            {
                "decisions": done.decisions,
                "unchanged": done.unchanged,
                "unknown_entries": done.unknown_entries,
                "ungraded_entries": done.ungraded_entries,
            }
        )
    output.say(
        f"{done.decisions} decisions recorded, {done.unchanged} items had the same grade already, "
        f"{done.unknown_entries} graded entries are not in this case, {done.ungraded_entries} had no grade."
    )
