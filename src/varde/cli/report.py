"""``varde report``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.store import cases
from varde.workflows.write_report import ReportRequest, write_report


@click.command()
@click.argument("case")
@click.option("--output", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="New folder.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind of report: html, csv or vics (repeat).")
@click.option("--reveal", is_flag=True, help="Show thumbnails as they are; default: grey and blurred. Audited.")
@click.option("--no-pictures", is_flag=True, help="Show no thumbnails at all.")
@with_session
def report(session: Session, case: str, folder: Path, kinds: tuple[str, ...], reveal: bool, no_pictures: bool) -> int:
    """Write the reports of CASE into a new folder: HTML to read and print, CSV tables, VICS 2.0 JSON.

    \b
    Example:
      varde report 2026-0042 --output ./report
    """
    request = ReportRequest(case, folder, kinds, reveal, pictures=not no_pictures)
    site = session.open()
    written = write_report(site, session.actor, request)
    if session.as_json:
        output.write_json(
            {name: {"files": [str(path) for path in one.paths], "counts": one.counts} for name, one in written.items()}
        )
    for one in written.values():
        for path in one.paths:
            output.say(f"Wrote {path}")
    with site.database.read() as connection:
        waiting = cases.count_places(connection, cases.get_case(connection, case).case_id).waiting
    if waiting:
        output.say(
            f"Mind: {output.count(waiting, 'item')} of {case} wait to be examined: varde process {shlex.quote(case)}"
        )
    return 1 if waiting else 0
