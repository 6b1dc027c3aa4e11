"""Exchanges of this site with other organisations: what they are called, how they are reached, how far they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, or_, select, update

from varde.core.errors import NotFound, WrongUse
from varde.core.known import EntryState
from varde.store import tables
from varde.store.database import stream
from varde.store.known_entries import StoredEntry, load_entries
from varde.store.types import AnyRow

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange as it is recorded.

    Attributes:
        api: through which interface.
        set_id: the known set it fills or, of outgoing ones, is made of.
        settings: of the interface, and where the credential is; never the credential.
        is_enabled: whether it is fetched with all others.
        fetched_at: when it was fetched to its end last, None before.
        failure: why the last fetch failed, "" where it did not.
    """

    exchange_id: int
    name: str
    api: str
    set_id: int
    settings: dict[str, str]
    is_enabled: bool
    added_at: datetime
    added_by: str
    fetched_at: datetime | None
    failure: str

    @property
    def source(self) -> str:
        """How revisions name it."""
        return f"exchange {self.name}"


@dataclass(frozen=True, slots=True)
class Position:
    """A point in what happened to a known set.

    Attributes:
        entry_id: the newest entry then, 0 before the first.
        event_id: the newest event then, 0 before the first.
    """

    entry_id: int = 0
    event_id: int = 0


def add_exchange(
    connection: Connection, *, name: str, api: str, set_id: int, settings: dict[str, str], person: str, at: datetime
) -> int:
    """Returns the row number of a new exchange.

    Raises:
        WrongUse: if the name is taken, or another exchange fills the set.
    """
    table = tables.exchanges
    for other in list_exchanges(connection):
        if other.name == name:
            raise WrongUse(f"there is an exchange {name!r} already", advice="Give this one another name.")
        if other.set_id == set_id and other.api == api:
            raise WrongUse(
                f"the exchange {other.name!r} has this known set already", advice="Give it a set of its own."
            )
    values = {"name": name, "api": api, "set_id": set_id, "settings": settings, "enabled": 1}
    query = insert(table).values(**values, added_at=at, added_by=person).returning(table.c.id)
    return int(connection.execute(query).scalar_one())


def list_exchanges(connection: Connection) -> list[Exchange]:
    """Returns every exchange, by name."""
    query = select(tables.exchanges).order_by(tables.exchanges.c.name)
    return [_exchange(row) for row in connection.execute(query)]


def get_exchange(connection: Connection, name: str) -> Exchange:
    """Returns an exchange by name.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(select(tables.exchanges).where(tables.exchanges.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no exchange {name!r}", advice="`varde exchange list` shows all of them.")
    return _exchange(row)


def find_exchange(connection: Connection, api: str, set_id: int) -> Exchange | None:
    """Returns the exchange of a set through an interface, None where there is none."""
    table = tables.exchanges
    row = connection.execute(select(table).where(table.c.api == api, table.c.set_id == set_id)).first()
    return None if row is None else _exchange(row)


def record_settings(connection: Connection, exchange_id: int, settings: dict[str, str]) -> None:
    """Records other settings of an exchange."""
    table = tables.exchanges
    connection.execute(update(table).where(table.c.id == exchange_id).values(settings=settings))


def record_enabled(connection: Connection, exchange_id: int, *, enabled: bool) -> None:
    """Records whether an exchange is fetched with all others."""
    table = tables.exchanges
    connection.execute(update(table).where(table.c.id == exchange_id).values(enabled=int(enabled)))


def record_fetch(connection: Connection, exchange_id: int, at: datetime, failure: str) -> None:
    """Records how a fetch ended; its time only where it came to its end."""
    table = tables.exchanges
    values = {"failure": failure} if failure else {"failure": None, "fetched_at": at}
    connection.execute(update(table).where(table.c.id == exchange_id).values(**values))


def read_checkpoint(connection: Connection, exchange: Exchange) -> dict[str, str]:
    """Returns the last checkpoint that this exchange left with what it brought; {} where it left none.

    What others did to the set in between, such as a person who withdrew an entry, does not count.
    """
    table = tables.known_revisions.c
    query = select(table.checkpoint).where(table.set_id == exchange.set_id, table.source == exchange.source)
    query = query.where(table.checkpoint.is_not(None)).order_by(table.id.desc()).limit(1)
    return dict(connection.execute(query).scalar() or {})


def list_source_ids(connection: Connection, set_id: int) -> Iterator[str]:
    """Yields the identifiers of the entries of a set that count now."""
    table = tables.known_entries.c
    query = select(table.source_id).where(
        table.set_id == set_id, table.source_id != "", table.state != EntryState.WITHDRAWN.value
    )
    return (row.source_id for row in stream(connection, query))


def read_position(connection: Connection, set_id: int) -> Position:
    """Returns where what happened to a set stands now."""
    entries, events = tables.known_entries.c, tables.known_events.c
    newest = connection.execute(select(func.max(entries.id)).where(entries.set_id == set_id)).scalar() or 0
    last = connection.execute(select(func.max(events.id)).where(events.set_id == set_id)).scalar() or 0
    return Position(newest, last)


def has_set_event(connection: Connection, set_id: int, after: Position) -> bool:
    """Returns whether something happened to a set as a whole since a position."""
    events = tables.known_events.c
    query = select(events.id).where(events.set_id == set_id, events.id > after.event_id, events.entry_id.is_(None))
    return connection.execute(query.limit(1)).first() is not None


def list_changed(connection: Connection, set_id: int, after: Position, up_to: Position) -> Iterator[list[StoredEntry]]:
    """Yields, some at a time, the entries of a set that came or to which something happened between two positions.

    They are as they are now, in the order they came.
    """
    entries, events = tables.known_entries.c, tables.known_events.c
    happened = select(events.entry_id).where(
        events.set_id == set_id, events.id > after.event_id, events.id <= up_to.event_id, events.entry_id.is_not(None)
    )
    last = 0
    while True:
        query = select(entries.id).where(
            entries.set_id == set_id,
            entries.id > last,
            entries.id <= up_to.entry_id,
            or_(entries.id > after.entry_id, entries.id.in_(happened)),
        )
        ids = list(connection.execute(query.order_by(entries.id).limit(_IDS_AT_ONCE)).scalars())
        if not ids:
            return
        yield load_entries(connection, ids)
        last = ids[-1]


def find_counting(connection: Connection, set_id: int, source_ids: Iterable[str]) -> set[str]:
    """Returns which of these identifiers an entry of a set bears that counts now."""
    table, wanted = tables.known_entries.c, sorted({source_id for source_id in source_ids if source_id})
    found: set[str] = set()
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = table.source_id.in_(wanted[start : start + _IDS_AT_ONCE])
        query = select(table.source_id).where(table.set_id == set_id, some, table.state != EntryState.WITHDRAWN.value)
        found.update(connection.execute(query).scalars())
    return found


def find_repeated(connection: Connection, set_id: int) -> set[str]:
    """Returns the identifiers that several entries of a set bear which count now."""
    table = tables.known_entries.c
    query = select(table.source_id).where(
        table.set_id == set_id, table.source_id != "", table.state != EntryState.WITHDRAWN.value
    )
    return set(connection.execute(query.group_by(table.source_id).having(func.count() > 1)).scalars())


def _exchange(row: AnyRow) -> Exchange:
    return Exchange(
        exchange_id=row.id,
        name=row.name,
        api=row.api,
        set_id=row.set_id,
        settings=dict(row.settings),
        is_enabled=bool(row.enabled),
        added_at=row.added_at,
        added_by=row.added_by,
        fetched_at=row.fetched_at,
        failure=row.failure or "",
    )
