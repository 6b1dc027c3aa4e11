"""What happened to known sets: revisions that brought entries, and events that changed what counts; nothing is lost.

What was known at a time is a pure function of both: an entry is there once a revision brought it, and its state, like
that of its set, is what the last event before that time made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select

from varde.core.known import EntryState, KnownAct
from varde.store import tables
from varde.store.database import stream
from varde.store.types import AnyRow, AnySelect

_IDS_AT_ONCE = 500
_STATES = {
    KnownAct.WITHDRAWN: EntryState.WITHDRAWN,
    KnownAct.SUPERSEDED: EntryState.WITHDRAWN,
    KnownAct.DISPUTED: EntryState.DISPUTED,
    KnownAct.REINSTATED: EntryState.ACTIVE,
}


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """Something that happened to a known entry, or to a whole set.

    Attributes:
        entry_id: None where it is the whole set.
        reason: in the words of the person, or of the source that took the entry back.
        event_id: grows with time; 0 where it is not recorded yet.
    """

    set_id: int
    entry_id: int | None
    act: KnownAct
    at: datetime
    person: str
    reason: str
    event_id: int = 0

    @property
    def state(self) -> EntryState:
        """What the entry or set is afterwards."""
        return _STATES[self.act]

    def row(self) -> dict[str, object]:
        """Returns the values to insert."""
        return {
            "set_id": self.set_id,
            "entry_id": self.entry_id,
            "act": self.act.value,
            "at": self.at,
            "person": self.person,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of a set that came from its source.

    Attributes:
        source: file, exchange or interface it came from.
        first_entry_id, last_entry_id: row numbers of the entries it brought; None where it brought none.
        added, removed: numbers of entries; a superseded entry counts as both.
        checkpoint: where the source's next changes begin; {} where there is none.
        revision_id: grows with time; 0 where it is not recorded yet.
    """

    set_id: int
    at: datetime
    person: str
    source: str
    first_entry_id: int | None
    last_entry_id: int | None
    added: int
    removed: int
    checkpoint: dict[str, str]
    revision_id: int = 0


def record_event(connection: Connection, event: KnownEvent) -> int:
    """Records an event and returns its row number; the state it brings is the caller's to record."""
    table = tables.known_events
    return int(connection.execute(insert(table).values(**event.row()).returning(table.c.id)).scalar_one())


def record_revision(connection: Connection, revision: Revision) -> int:
    """Records a revision and returns its row number."""
    table = tables.known_revisions
    values = {
        "set_id": revision.set_id,
        "at": revision.at,
        "person": revision.person,
        "source": revision.source,
        "first_entry_id": revision.first_entry_id,
        "last_entry_id": revision.last_entry_id,
        "added": revision.added,
        "removed": revision.removed,
        "checkpoint": revision.checkpoint or None,
    }
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def read_checkpoint(connection: Connection, set_id: int) -> dict[str, str]:
    """Returns where the next changes of a set begin, as its newest revision says; {} where nothing says it."""
    table = tables.known_revisions.c
    query = select(table.checkpoint).where(table.set_id == set_id).order_by(table.id.desc()).limit(1)
    return dict(connection.execute(query).scalar() or {})


def list_revisions(connection: Connection, set_id: int | None = None) -> Iterator[Revision]:
    """Yields the revisions of a set, or of all, the oldest first."""
    table = tables.known_revisions
    query = select(table).order_by(table.c.id)
    return (_revision(row) for row in stream(connection, _of_set(query, table.c.set_id, set_id)))


def list_events(
    connection: Connection, set_id: int | None = None, *, entry_id: int | None = None
) -> Iterator[KnownEvent]:
    """Yields the events of a set, or of all, the oldest first.

    Args:
        connection: the site's.
        set_id: None for all sets.
        entry_id: only those of this entry, and those of its whole set.
    """
    table = tables.known_events
    query = _of_set(select(table).order_by(table.c.id), table.c.set_id, set_id)
    if entry_id is not None:
        query = query.where((table.c.entry_id == entry_id) | table.c.entry_id.is_(None))
    return (_event(row) for row in stream(connection, query))


def page_events(connection: Connection, set_id: int, *, limit: int) -> list[KnownEvent]:
    """Returns the newest events of a set and its entries, the newest first."""
    table = tables.known_events
    query = select(table).where(table.c.set_id == set_id).order_by(table.c.id.desc()).limit(limit)
    return [_event(row) for row in connection.execute(query)]


def page_revisions(connection: Connection, set_id: int, *, limit: int) -> list[Revision]:
    """Returns the newest revisions of a set, the newest first."""
    table = tables.known_revisions
    query = select(table).where(table.c.set_id == set_id).order_by(table.c.id.desc()).limit(limit)
    return [_revision(row) for row in connection.execute(query)]


def read_last_events(connection: Connection, set_id: int, entry_ids: Iterable[int]) -> dict[int, KnownEvent]:
    """Returns the newest event of each of these entries of a set that has one."""
    table, wanted = tables.known_events, sorted(set(entry_ids))
    found: dict[int, KnownEvent] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = table.c.entry_id.in_(wanted[start : start + _IDS_AT_ONCE])
        query = select(table).where(table.c.set_id == set_id, some).order_by(table.c.id)
        found |= {row.entry_id: _event(row) for row in connection.execute(query)}
    return found


def find_superseded(connection: Connection, entry_ids: Iterable[int]) -> set[int]:
    """Returns which of these entries were superseded: for good, since a newer description took their place."""
    table, wanted, found = tables.known_events.c, sorted(set(entry_ids)), set[int]()
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = table.entry_id.in_(wanted[start : start + _IDS_AT_ONCE])
        query = select(table.entry_id).where(some, table.act == KnownAct.SUPERSEDED.value)
        found.update(connection.execute(query).scalars())
    return found


def _of_set(query: AnySelect, column: ColumnElement[int], set_id: int | None) -> AnySelect:
    return query if set_id is None else query.where(column == set_id)


def _revision(row: AnyRow) -> Revision:
    return Revision(
        set_id=row.set_id,
        at=row.at,
        person=row.person,
        source=row.source,
        first_entry_id=row.first_entry_id,
        last_entry_id=row.last_entry_id,
        added=row.added,
        removed=row.removed,
        checkpoint=row.checkpoint or {},
        revision_id=row.id,
    )


def _event(row: AnyRow) -> KnownEvent:
    return KnownEvent(row.set_id, row.entry_id, KnownAct(row.act), row.at, row.person, row.reason, row.id)
