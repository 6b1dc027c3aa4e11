"""Known sets and their entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from varde.core.errors import NotFound, WrongUse
from varde.core.known import KnownEntry, SetRole
from varde.store import tables
from varde.store.database import stream
from varde.store.types import AnyRow

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class NewSet:
    """What is recorded of a known set when it is imported.

    Attributes:
        source_sha256: digest of the file it came from; None for a folder of pictures.
    """

    name: str
    version: str
    owner: str
    role: SetRole
    scheme: str
    scheme_version: str
    format: str
    source_name: str
    source_sha256: bytes | None
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet(NewSet):
    """A known set of this site.

    Attributes:
        set_id: its row number.
        entries: how many it has.
    """

    set_id: int
    entries: int
    imported_at: datetime
    imported_by: str


def check_new(connection: Connection, new: NewSet) -> None:
    """Does nothing if the site has no such version of this set.

    Raises:
        WrongUse: if it was imported already.
    """
    table = tables.known_sets
    taken = select(table.c.id).where(table.c.name == new.name, table.c.version == new.version)
    if connection.execute(taken).first():
        raise WrongUse(
            f"known set {new.name} version {new.version} was imported already",
            advice="Give the new one another --version.",
        )


def add_set(connection: Connection, new: NewSet, *, person: str, at: datetime) -> int:
    """Returns the row number of a new, still empty known set.

    Raises:
        WrongUse: if the site has this version of this set already.
    """
    check_new(connection, new)
    table = tables.known_sets
    values = asdict(new) | {"role": new.role.value, "entries": 0, "imported_at": at, "imported_by": person}
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def add_entries(
    connection: Connection, set_id: int, entries: Iterable[KnownEntry], progress: Callable[[int], None]
) -> int:
    """Adds the entries in bounded memory and returns how many there were.

    Args:
        connection: the import's one transaction.
        set_id: the set they belong to.
        entries: read lazily; an error in the middle leaves nothing behind once the transaction is rolled back.
        progress: called with the count so far after every batch.
    """
    highest = connection.execute(select(func.max(tables.known_entries.c.id))).scalar() or 0
    count = 0
    rows: list[dict[str, object]] = []
    hashes: list[dict[str, object]] = []
    for entry in entries:
        count += 1
        rows.append(_entry_row(highest + count, set_id, entry))
        hashes.extend(_hash_rows(highest + count, set_id, entry))
        if len(rows) == _BATCH:
            _flush(connection, rows, hashes)
            progress(count)
    _flush(connection, rows, hashes)
    progress(count)
    connection.execute(update(tables.known_sets).where(tables.known_sets.c.id == set_id).values(entries=count))
    return count


def list_sets(connection: Connection) -> list[KnownSet]:
    """Returns every known set by name and version."""
    table = tables.known_sets
    return [_known_set(row) for row in connection.execute(select(table).order_by(table.c.name, table.c.version))]


def get_set(connection: Connection, name: str, version: str | None = None) -> KnownSet:
    """Returns a set by name, and version where there are several.

    Raises:
        NotFound: if there is none.
        WrongUse: if several versions fit.
    """
    fitting = [s for s in list_sets(connection) if s.name == name and version in (None, s.version)]
    if not fitting:
        raise NotFound(f"there is no known set {name!r}", advice="`varde known list` shows all of them.")
    if len(fitting) > 1:
        raise WrongUse(f"known set {name!r} has {len(fitting)} versions", advice="Say which with --version.")
    return fitting[0]


def list_hashes(connection: Connection, set_id: int, method: str, min_quality: int) -> Iterator[tuple[int, bytes]]:
    """Yields (entry row, hash) of a set's perceptual hashes of at least that quality."""
    table = tables.known_hashes.c
    query = select(table.entry_id, table.value).where(
        table.set_id == set_id, table.method == method, table.quality >= min_quality
    )
    for row in stream(connection, query):
        yield row.entry_id, row.value


def _flush(connection: Connection, rows: list[dict[str, object]], hashes: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(tables.known_entries), rows)
    if hashes:
        connection.execute(insert(tables.known_hashes), hashes)
    rows.clear()
    hashes.clear()


def _entry_row(entry_id: int, set_id: int, entry: KnownEntry) -> dict[str, object]:
    return {
        "id": entry_id,
        "set_id": set_id,
        "line": entry.line,
        "md5": entry.md5,
        "sha1": entry.sha1,
        "sha256": entry.sha256,
        "code": entry.code,
        "series": entry.series,
        "flags": {flag.value: value for flag, value in entry.flags} or None,
        "source_id": entry.source_id,
        "size_bytes": entry.size_bytes,
        "mime": entry.mime,
        "carried": [[carried.kind, carried.value] for carried in entry.carried] or None,
        "extra": [list(pair) for pair in entry.extra] or None,
    }


def _hash_rows(entry_id: int, set_id: int, entry: KnownEntry) -> list[dict[str, object]]:
    return [
        {
            "entry_id": entry_id,
            "position": position,
            "set_id": set_id,
            "method": "pdq",
            "value": value,
            "quality": quality,
            "offset_s": offset_s,
        }
        for position, (value, quality, offset_s) in enumerate(entry.pdq)
    ]


def _known_set(row: AnyRow) -> KnownSet:
    values = row._asdict()
    values["set_id"] = values.pop("id")
    values["role"] = SetRole(values["role"])
    return KnownSet(**values)
