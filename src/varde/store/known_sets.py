"""Known sets and their entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from varde.core.errors import FormatError, NotFound, WrongUse
from varde.core.known import EntryState, KnownEntry, SetRole
from varde.hashing import local_points
from varde.store import tables
from varde.store.bulk import insert_rows
from varde.store.types import AnyRow

_BATCH = 5000
MOST_HASHES = 1 << 20
"""Of one entry: the position of a hash is 20 bits of its name in indexes."""


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
        entries: how many it has that are not withdrawn one by one.
        state: of the whole set; its entries have states of their own besides.
    """

    set_id: int
    entries: int
    imported_at: datetime
    imported_by: str
    state: EntryState = EntryState.ACTIVE


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
    """Adds entries to a set in bounded memory and returns how many there were.

    Args:
        connection: the import's one transaction.
        set_id: the set they belong to.
        entries: read lazily; an error in the middle leaves nothing behind once the transaction is rolled back.
        progress: called with the count so far after every batch.
    """
    highest = connection.execute(select(func.max(tables.known_entries.c.id))).scalar() or 0
    count = 0
    rows = _Rows()
    for entry in entries:
        count += 1
        rows.add(highest + count, set_id, entry)
        if len(rows.entries) == _BATCH:
            rows.flush(connection)
            progress(count)
    rows.flush(connection)
    progress(count)
    change_size(connection, set_id, count)
    return count


def change_size(connection: Connection, set_id: int, by: int) -> None:
    """Records that a set has so many entries more, or fewer, that are not withdrawn one by one."""
    table = tables.known_sets
    connection.execute(update(table).where(table.c.id == set_id).values(entries=table.c.entries + by))


def record_set_state(connection: Connection, set_id: int, state: EntryState) -> None:
    """Records what a whole set is now; the event that says why is the caller's to record."""
    table = tables.known_sets
    connection.execute(update(table).where(table.c.id == set_id).values(state=state.value))


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


def get_set_by_id(connection: Connection, set_id: int) -> KnownSet:
    """Returns a set by row number.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(select(tables.known_sets).where(tables.known_sets.c.id == set_id)).first()
    if row is None:
        raise NotFound(f"there is no known set with number {set_id}", advice="`varde known list` shows all of them.")
    return _known_set(row)


@dataclass(slots=True)
class _Rows:
    """Rows that wait to be inserted."""

    entries: list[dict[str, object]] = field(default_factory=list)
    hashes: list[dict[str, object]] = field(default_factory=list)
    features: list[dict[str, object]] = field(default_factory=list)

    def add(self, entry_id: int, set_id: int, entry: KnownEntry) -> None:
        self.entries.append(_entry_row(entry_id, set_id, entry))
        self.hashes += _hash_rows(entry_id, set_id, entry)
        self.features += _feature_rows(entry_id, set_id, entry)

    def flush(self, connection: Connection) -> None:
        waiting = (
            (tables.known_entries, self.entries),
            (tables.known_hashes, self.hashes),
            (tables.known_features, self.features),
        )
        for table, rows in waiting:
            insert_rows(connection, table, rows)
            rows.clear()


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
        "sampling": entry.sampling or None,
    }


def _hash_rows(entry_id: int, set_id: int, entry: KnownEntry) -> list[dict[str, object]]:
    if len(entry.pdq) > MOST_HASHES:
        raise FormatError(
            f"one entry has {len(entry.pdq):,} perceptual hashes; {MOST_HASHES:,} can be kept", line=entry.line
        )
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


def _feature_rows(entry_id: int, set_id: int, entry: KnownEntry) -> list[dict[str, object]]:
    return [
        {
            "entry_id": entry_id,
            "position": position,
            "set_id": set_id,
            "version": local_points.METHOD.version,
            "data": features.data,
            "points": features.points,
            "offset_s": features.offset_s,
        }
        for position, features in enumerate(entry.local_features)
    ]


def _known_set(row: AnyRow) -> KnownSet:
    values = row._asdict()
    values["set_id"] = values.pop("id")
    values["role"] = SetRole(values["role"])
    values["state"] = EntryState(values["state"])
    return KnownSet(**values)
