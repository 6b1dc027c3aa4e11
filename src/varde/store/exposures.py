"""The exposure ledger: which person saw which item on which day, at which level, how often and for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from varde.core.review import Reveal
from varde.core.scheme import Grade
from varde.store import standing, tables
from varde.store.queues import find_blind
from varde.store.review_tables import exposures
from varde.store.types import AnySelect

NO_SEVERITY = "none"
"""Severity of an item that nobody has decided, that matches no classified entry, or that the person is blind to."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was on a person's screen.

    Attributes:
        seconds: of the person's time.
        times: how often it came; 0 where it goes on from what was recorded before.
    """

    item_id: int
    level: Reveal
    seconds: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A sum over the items of one day, severity and level; of one account."""

    account_id: int
    day: date
    severity: str
    level: Reveal
    items: int
    seconds: float


def find_foreign(connection: Connection, case_id: int, item_ids: Collection[int]) -> set[int]:
    """Returns those of some numbers that are no items of a case."""
    # The case is compared here: as a condition it would make SQLite go through all of its items.
    rows = connection.execute(_select_cases(), {"ids": list(item_ids)})
    return set(item_ids) - {row.id for row in rows if row.case_id == case_id}


def record_views(connection: Connection, account_id: int, case_id: int, seen: Sequence[Seen], at: datetime) -> None:
    """Adds what a person saw to the ledger of the day; items must be of the case."""
    severities = _find_severities(connection, account_id, {view.item_id for view in seen})
    merged: dict[tuple[int, Reveal], Seen] = {}
    for view in seen:
        before = merged.get((view.item_id, view.level), Seen(view.item_id, view.level, 0.0, 0))
        both = Seen(view.item_id, view.level, before.seconds + view.seconds, before.times + view.times)
        merged[view.item_id, view.level] = both
    same = {"account_id": account_id, "day": at.date().isoformat(), "case_id": case_id, "last_at": at}
    rows = [
        same
        | {"item_id": view.item_id, "level": int(view.level), "times": view.times, "seconds": view.seconds}
        | {"severity": severities.get(view.item_id, NO_SEVERITY)}
        for view in merged.values()
    ]
    if rows:
        _upsert(connection, rows)


def list_day(connection: Connection, account_id: int, day: date) -> list[tuple[int, float, datetime]]:
    """Returns (item_id, seconds, last_at) of everything a person saw on a day, by item and level."""
    table = exposures.c
    query = select(table.item_id, table.seconds, table.last_at)
    rows = connection.execute(query.where(table.account_id == account_id, table.day == day.isoformat()))
    return [(row.item_id, row.seconds, row.last_at) for row in rows]


def sum_days(connection: Connection, account_id: int, since: date) -> list[LedgerRow]:
    """Returns a person's own ledger from a day on, the newest day first."""
    return list(_sum(connection, [account_id], since, None))


def sum_people(
    connection: Connection, account_ids: Sequence[int], case_ids: Collection[int], since: date
) -> list[LedgerRow]:
    """Returns the ledger of people over some cases from a day on; only sums of it are for others' eyes."""
    return [row for account_id in account_ids for row in _sum(connection, [account_id], since, case_ids)]


def list_accounts_with_views(connection: Connection) -> list[int]:
    """Returns the accounts that have a ledger."""
    found: list[int] = []
    last = 0
    while True:
        table = exposures.c.account_id
        number = connection.execute(select(func.min(table)).where(table > last)).scalar()
        if number is None:
            return found
        found.append(number)
        last = number


def _sum(
    connection: Connection, account_ids: list[int], since: date, case_ids: Collection[int] | None
) -> Iterator[LedgerRow]:
    table = exposures.c
    keys = (table.account_id, table.day, table.severity, table.level)
    figures = (func.count().label("items"), func.sum(table.seconds).label("seconds"))
    query = select(*keys, *figures).where(table.account_id.in_(account_ids), table.day >= since.isoformat())
    if case_ids is not None:
        query = query.where(table.case_id.in_(list(case_ids)))
    order = (table.account_id, table.day.desc(), table.severity, table.level)
    for row in connection.execute(query.group_by(*keys).order_by(*order)):
        day = date.fromisoformat(row.day)
        yield LedgerRow(row.account_id, day, row.severity, Reveal(row.level), int(row.items), float(row.seconds))


def _upsert(connection: Connection, rows: list[dict[str, object]]) -> None:
    connection.execute(_add_up(connection.dialect.name), rows)


@cache
def _add_up(dialect: str) -> Insert:
    adding = postgresql.insert(exposures) if dialect == "postgresql" else sqlite.insert(exposures)
    new = adding.excluded
    return adding.on_conflict_do_update(
        index_elements=["account_id", "day", "item_id", "level"],
        set_={
            "times": exposures.c.times + new.times,
            "seconds": exposures.c.seconds + new.seconds,
            "last_at": new.last_at,
            "severity": new.severity,
        },
    )


@cache
def _select_cases() -> AnySelect:
    items, exhibits = tables.items.c, tables.exhibits.c
    query = select(items.id, exhibits.case_id).join(tables.exhibits, exhibits.id == items.exhibit_id)
    return query.where(items.id.in_(bindparam("ids", expanding=True)))


def _find_severities(connection: Connection, account_id: int, item_ids: set[int]) -> dict[int, str]:
    """Returns the grade in force of items, or else that of a known entry they match; the person may not be blind."""
    shown = list(item_ids - find_blind(connection, account_id, item_ids))
    return _find_matched(connection, shown) | _find_decided(connection, shown)


def _find_decided(connection: Connection, item_ids: list[int]) -> dict[int, str]:
    decisions, schemes = tables.decisions, tables.schemes
    newest = select(func.max(decisions.c.id)).where(decisions.c.item_id.in_(item_ids)).group_by(decisions.c.item_id)
    query = (
        select(decisions.c.item_id, schemes.c.name, schemes.c.version, decisions.c.code)
        .join(schemes, schemes.c.id == decisions.c.scheme_id)
        .where(decisions.c.id.in_(newest))
    )
    return {row.item_id: str(Grade(row.name, row.version, row.code)) for row in connection.execute(query)}


def _find_matched(connection: Connection, item_ids: list[int]) -> dict[int, str]:
    """Returns for each item the code of the closest entry that has one."""
    items, findings, entries, sets = tables.items, tables.findings, tables.known_entries, tables.known_sets
    query = (
        select(items.c.id, sets.c.scheme, sets.c.scheme_version, entries.c.code)
        .select_from(standing.joined().join(items, items.c.content_id == findings.c.content_id))
        .where(items.c.id.in_(item_ids), standing.is_notable(), entries.c.code.is_not(None))
        .order_by(items.c.id, findings.c.distance.desc(), entries.c.id.desc())
    )
    rows = connection.execute(query)
    return {row.id: str(Grade(row.scheme, row.scheme_version, row.code)) for row in rows}  # the closest is the last
