"""Known entries as they were described: read back from their rows, found by the source's own identifier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from varde.core.known import CarriedHash, EntryState, Flag, KnownEntry
from varde.core.signal import LocalFeatures
from varde.store import tables
from varde.store.known_history import KnownEvent
from varde.store.known_sets import change_size
from varde.store.types import AnyRow

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A known entry of this site.

    Attributes:
        state: its own; that of its whole set is kept with the set.
        entry: as its authority described it.
    """

    entry_id: int
    set_id: int
    state: EntryState
    entry: KnownEntry

    @property
    def name(self) -> str:
        """What it is called in a list: the authority's identifier, or else the row number here."""
        return self.entry.source_id or str(self.entry_id)


def list_entries(
    connection: Connection, set_id: int, *, with_withdrawn: bool = False, after: int = 0
) -> Iterator[StoredEntry]:
    """Yields the entries of a set in the order they came, in bounded memory.

    Args:
        connection: the site's.
        set_id: of the set.
        with_withdrawn: whether entries that were withdrawn or superseded are among them.
        after: row number of the entry before the first.
    """
    revisions, entries = tables.known_revisions.c, tables.known_entries.c
    ranges = select(revisions.first_entry_id, revisions.last_entry_id).where(
        revisions.set_id == set_id, revisions.first_entry_id.is_not(None), revisions.last_entry_id > after
    )
    wanted = [entries.set_id == set_id]
    if not with_withdrawn:
        wanted.append(entries.state != EntryState.WITHDRAWN.value)
    for first, last in connection.execute(ranges.order_by(revisions.first_entry_id)).all():
        reached = max(first - 1, after)
        while True:
            page = select(entries.id).where(entries.id > reached, entries.id <= last, *wanted)
            ids = list(connection.execute(page.order_by(entries.id).limit(_IDS_AT_ONCE)).scalars())
            if not ids:
                break
            yield from load_entries(connection, ids)
            reached = ids[-1]


def load_entries(connection: Connection, entry_ids: Iterable[int]) -> list[StoredEntry]:
    """Returns the entries with these row numbers, by row number; numbers of no entry are left out."""
    wanted = sorted(set(entry_ids))
    found = []
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        found += _load(connection, wanted[start : start + _IDS_AT_ONCE])
    return found


def find_by_source_id(
    connection: Connection, set_id: int, source_ids: Iterable[str]
) -> defaultdict[str, list[StoredEntry]]:
    """Returns the entries of a set by the source's own identifier, whatever their state, the oldest first."""
    entries, wanted = tables.known_entries.c, sorted({source_id for source_id in source_ids if source_id})
    found: defaultdict[str, list[StoredEntry]] = defaultdict(list)
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = entries.source_id.in_(wanted[start : start + _IDS_AT_ONCE])
        ids = connection.execute(select(entries.id).where(entries.set_id == set_id, some)).scalars().all()
        for stored in load_entries(connection, ids):
            found[stored.entry.source_id].append(stored)
    return found


def record_state(connection: Connection, entries: Sequence[StoredEntry], event: KnownEvent) -> list[int]:
    """Records that something happened to entries of one set, and the state each has afterwards.

    Args:
        connection: the site's, writing.
        entries: of the event's set, in the state they have now.
        event: what happened; its ``entry_id`` is filled in.

    Returns:
        The row numbers of the events.
    """
    if not entries:
        return []
    events, table = tables.known_events, tables.known_entries
    before = connection.execute(select(func.max(events.c.id))).scalar() or 0
    connection.execute(insert(events), [event.row() | {"entry_id": stored.entry_id} for stored in entries])
    ids, state = [stored.entry_id for stored in entries], event.state
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = table.c.id.in_(ids[start : start + _IDS_AT_ONCE])
        connection.execute(update(table).where(some).values(state=state.value))
    was = sum(stored.state is not EntryState.WITHDRAWN for stored in entries)
    change_size(connection, event.set_id, (0 if state is EntryState.WITHDRAWN else len(entries)) - was)
    return list(connection.execute(select(events.c.id).where(events.c.id > before)).scalars())


def is_same(one: KnownEntry, other: KnownEntry) -> bool:
    """Returns whether two descriptions say the same, wherever in a file they stood."""
    return _comparable(one) == _comparable(other)


def _comparable(entry: KnownEntry) -> tuple[object, ...]:
    return (
        *(entry.md5, entry.sha1, entry.sha256, entry.pdq, entry.carried, entry.code, entry.series),
        *(dict(entry.flags), entry.source_id, entry.size_bytes, entry.mime, entry.extra),
        *(entry.local_features, entry.sampling),
    )


def _load(connection: Connection, ids: Sequence[int]) -> list[StoredEntry]:
    hashes = _group(connection, tables.known_hashes, ids)
    features = _group(connection, tables.known_features, ids)
    query = select(tables.known_entries).where(tables.known_entries.c.id.in_(ids)).order_by("id")
    return [
        StoredEntry(row.id, row.set_id, EntryState(row.state), _entry(row, hashes[row.id], features[row.id]))
        for row in connection.execute(query)
    ]


def _group(connection: Connection, table: Any, ids: Sequence[int]) -> defaultdict[int, list[AnyRow]]:
    grouped: defaultdict[int, list[AnyRow]] = defaultdict(list)
    query = select(table).where(table.c.entry_id.in_(ids)).order_by(table.c.entry_id, table.c.position)
    for row in connection.execute(query):
        grouped[row.entry_id].append(row)
    return grouped


def _entry(row: AnyRow, hashes: list[AnyRow], features: list[AnyRow]) -> KnownEntry:
    return KnownEntry(
        line=row.line,
        md5=row.md5,
        sha1=row.sha1,
        sha256=row.sha256,
        pdq=tuple((found.value, found.quality, found.offset_s) for found in hashes if found.method == "pdq"),
        carried=tuple(CarriedHash(kind, value) for kind, value in row.carried or ()),
        code=row.code,
        series=row.series,
        flags=tuple((Flag(name), value) for name, value in (row.flags or {}).items()),
        source_id=row.source_id,
        size_bytes=row.size_bytes,
        mime=row.mime,
        extra=tuple((name, value) for name, value in row.extra or ()),
        local_features=tuple(LocalFeatures(found.data, found.points, found.offset_s) for found in features),
        sampling=row.sampling or "",
    )
