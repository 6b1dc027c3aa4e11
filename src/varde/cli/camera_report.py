"""``varde camera report``."""

from __future__ import annotations

from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session


@click.command()
@click.argument("name")
@click.option("--output", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="New folder.")
@click.option("--case", "case_name", help="Only what was compared for this case.")
@with_session
def report(session: Session, name: str, folder: Path, case_name: str | None) -> None:
    """Write the report on camera NAME into a new folder: HTML to read, print and sign, and the same as JSON.

    It says what was compared with what and how, what it is worth, what was not assessable, and what people decided. It
    shows no picture.

    \b
    Example:
      varde camera report D70 --case 2026-0042 --output ./camera-report
    """
    from varde.workflows.report_camera import report_camera

    written = report_camera(session.open(), session.actor, name, case_name=case_name, output=folder)
    if session.as_json:
        output.write_json({"files": [str(path) for path in written.paths], "counts": written.counts})
    for path in written.paths:
        output.say(f"Wrote {path}")
