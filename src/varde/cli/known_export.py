"""``varde known export``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.known_history import Moment
from varde.cli.options import Session, with_session
from varde.cli.rate import Rate
from varde.known.format import HashKind
from varde.store.types import write_utc
from varde.workflows.export_known_set import ExportRequest, ExportResult, export_known_set

_DONE_WITH_ISSUES = 1


@click.command("export")
@click.argument("set_name", metavar="SET")
@click.argument("path", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--version", "set_version", help="Version of the set, where it has several.")
@click.option("--format", "format_name", default="", help="Format; default: the one the set came in, else csv.")
@click.option(
    "--hash", "hash_kind", type=click.Choice([kind.value for kind in HashKind]), help="The one kind of hash to write."
)
@click.option(
    "--at", type=Moment(), metavar="DATE", help="As the set was at the end of that day (UTC), or at that time."
)
@click.option("--withdrawn", is_flag=True, help="Write withdrawn entries too, marked as such.")
@click.option("--force", is_flag=True, help="Replace OUT if it is there already.")
@with_session
def export(
    session: Session,
    set_name: str,
    path: Path,
    set_version: str | None,
    format_name: str,
    hash_kind: str | None,
    at: datetime | None,
    withdrawn: bool,
    force: bool,
) -> int:
    """Export the known set SET to the new file OUT, in the format it came in or another.

    What a format cannot hold is counted and said; then the command ends with 1. Withdrawn entries are left out.

    \b
    Examples:
      varde known export national national.json
      varde known export national hashes.txt --format hash-list --hash md5
      varde known export national then.csv --format csv --at 2026-03-03
    """
    request = ExportRequest(
        set_name=set_name,
        output=path,
        version=set_version,
        format=format_name,
        hash_kind=HashKind(hash_kind) if hash_kind else None,
        at=at,
        withdrawn=withdrawn,
        replace=force,
    )
    rate = Rate()
    result = export_known_set(session.open(), session.actor, request, rate.update)
    if session.as_json:
        output.write_json(_describe(result, request))
    _say(result, path, rate)
    return _DONE_WITH_ISSUES if result.left_out else 0


def _describe(result: ExportResult, request: ExportRequest) -> dict[str, Any]:
    return {
        "set": result.known_set.name,
        "version": result.known_set.version,
        "format": result.format,
        "file": str(request.output),
        "sha256": result.sha256.hex(),
        "size_bytes": result.size_bytes,
        "as_of": write_utc(request.at) if request.at else None,
        "entries": result.entries,
        "disputed": result.disputed,
        "withdrawn_left_out": result.withdrawn,
        "left_out": result.left_out,
    }


def _say(result: ExportResult, path: Path, rate: Rate) -> None:
    for remark in result.remarks:
        output.say(f"Note: {remark}")
    if result.withdrawn:
        output.say(f"Note: {output.count(result.withdrawn, 'withdrawn entry', 'withdrawn entries')} left out")
    if result.disputed:
        output.say(f"Mind: {output.count(result.disputed, 'entry is', 'entries are')} disputed.")
    name = f"{result.known_set.name} {result.known_set.version}"
    entries = output.count(result.entries, "entry", "entries")
    output.say(f"Exported {entries} of {name} to {path} as {result.format}; {rate.describe()}.")
    output.say(f"SHA-256 {result.sha256.hex()}, {result.size_bytes:,} bytes; recorded in the audit log.")
