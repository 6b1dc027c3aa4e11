"""``varde known``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from varde.cli import known_changes, known_export, known_history, output, recalls
from varde.cli.options import Session, with_session
from varde.cli.rate import Rate
from varde.core.known import SetRole
from varde.known.format import HashKind, ReadOptions
from varde.store import floods, known_sets
from varde.store.known_sets import KnownSet
from varde.store.types import write_utc
from varde.workflows import import_known_set
from varde.workflows.import_known_set import ImportRequest


@click.group()
def known() -> None:
    """Import, list, export, withdraw and dispute known material."""


for _command in (
    known_export.export,
    known_history.show,
    known_history.history,
    known_changes.withdraw,
    known_changes.dispute,
    known_changes.reinstate,
    known_changes.release,
    recalls.recalls,
):
    known.add_command(_command)


@known.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name of the set; default: the file's name.")
@click.option("--version", "set_version", default="", help="Version of the set; default: today.")
@click.option("--owner", default="", help="Authority it comes from.")
@click.option("--role", type=click.Choice([role.value for role in SetRole]), help="What a match means; default: alert.")
@click.option("--format", "format_name", default="", help="Format; default: found from the content.")
@click.option("--map", "mapping", multiple=True, metavar="RULE", help="CSV column, such as md5=Hash (repeat).")
@click.option(
    "--hash", "hash_kind", type=click.Choice([kind.value for kind in HashKind]), help="What a plain list holds."
)
@click.option("--scheme", default="", metavar="NAME@VERSION", help="Grade scheme of codes whose file names none.")
@click.option("--region", help="Region of a VICS file that names none.")
@click.option("--encoding", help="Text encoding; default: found from the bytes.")
@click.option("--delimiter", help="Column separator of a CSV file; default: found from the header.")
@click.option("--delta", multiple=True, type=click.Path(path_type=Path, exists=True), help="NSRL delta file (repeat).")
@click.option("--confirm", is_flag=True, help="It is an alert list although it looks like harmless files.")
@with_session
def import_(
    session: Session,
    path: Path,
    name: str,
    set_version: str,
    owner: str,
    role: str | None,
    format_name: str,
    mapping: tuple[str, ...],
    hash_kind: str | None,
    scheme: str,
    region: str | None,
    encoding: str | None,
    delimiter: str | None,
    delta: tuple[Path, ...],
    confirm: bool,
) -> None:
    """Import the known set in PATH: a file, or a folder of pictures that is hashed here as the site's own set.

    All of it is imported, or nothing. Formats: VICS 1.x/2.0 JSON, ICSE CSV, CSV with --map, plain hash lists, NSRL
    RDSv3, ThreatExchange files.

    \b
    Examples:
      varde known import vics-2026-10.json --owner "National unit"
      varde known import hashes.csv --map md5=Hash --map code=Cat --scheme unit4@2026
      varde known import NSRL.db --role known --delta NSRL_delta.sql
    """
    options = ReadOptions(
        mapping=mapping,
        region=region,
        hash_kind=HashKind(hash_kind) if hash_kind else None,
        encoding=encoding,
        delimiter=delimiter,
        delta=delta,
    )
    request = ImportRequest(
        path=path,
        name=name,
        version=set_version,
        owner=owner,
        role=SetRole(role) if role else None,
        format=format_name,
        scheme=scheme,
        confirm=confirm,
        options=options,
    )
    rate = Rate()
    result = import_known_set.import_known_set(session.open(), session.actor, request, rate.update)
    for note in result.notes[:20]:
        output.say(f"Note: {note}")
    if len(result.notes) > 20:
        output.say(f"... and {len(result.notes) - 20} more notes.")
    document = {**_describe(result.known_set), "not_comparable": result.not_comparable, "notes": list(result.notes)}
    if session.as_json:
        output.write_json(document)
    known_set = result.known_set
    output.say(
        f"Imported {output.count(known_set.entries, 'entry', 'entries')} into {known_set.name} {known_set.version} "
        f"(role {known_set.role.value}); {rate.describe()}."
    )
    if known_set.warning:
        output.say(f"Mind: {known_set.warning}")
    output.say("Earlier items are compared with it by `varde hunt`, or at the end of the next `varde process`.")


@known.command("list")
@with_session
def list_(session: Session) -> None:
    """List all known sets.

    \b
    Example:
      varde known list
    """
    site = session.open()
    with site.database.read() as connection:
        held = floods.count_held(connection)
        rows = [{**_describe(one), "quarantined": held[one.set_id]} for one in known_sets.list_sets(connection)]
    if session.as_json:
        output.write_json(rows)
        return
    columns = ("set", "version", "role", "entries", "state", "quarantined", "scheme", "owner", "format", "imported_at")
    output.write_rows(columns, [[row[name] for name in columns] for row in rows])


def _describe(one: KnownSet) -> dict[str, Any]:
    return {
        "set": one.name,
        "version": one.version,
        "owner": one.owner,
        "role": one.role.value,
        "state": one.state.value,
        "scheme": f"{one.scheme}@{one.scheme_version}" if one.scheme else None,
        "format": one.format,
        "source": one.source_name,
        "source_sha256": one.source_sha256.hex() if one.source_sha256 else None,
        "entries": one.entries,
        "warning": one.warning,
        "imported_at": write_utc(one.imported_at),
        "imported_by": one.imported_by,
    }
