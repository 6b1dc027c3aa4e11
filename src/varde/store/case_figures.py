"""Figures of a case that only its page shows: matches by set, sizes, and what tells whether any figure has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from varde.core.known import SetRole
from varde.store import standing, tables
from varde.store.tallies import has_tallies

_STEPS: Final = (0, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
SIZES: Final = (
    *("empty", "to 10 kB", "10 to 100 kB", "100 kB to 1 MB", "1 to 10 MB", "10 to 100 MB", "100 MB to 1 GB"),
    "over 1 GB",
)
"""Names of the ranges that sizes are counted by."""


@dataclass(frozen=True, slots=True)
class MatchedSet:
    """A known set that items of a case match.

    Attributes:
        items: with a match that stands.
    """

    set_id: int
    name: str
    version: str
    role: SetRole
    items: int


def count_matched(connection: Connection, case_id: int) -> list[MatchedSet]:
    """Returns the sets that items of a case match, most items first."""
    items, exhibits, sets = tables.items.c, tables.exhibits.c, tables.known_sets.c
    of_case = items.exhibit_id.in_(select(exhibits.id).where(exhibits.case_id == case_id))
    count = func.count(items.id.distinct())
    query = (
        select(sets.id, sets.name, sets.version, sets.role, count)
        .select_from(standing.joined().join(tables.items, items.content_id == tables.findings.c.content_id))
        .where(of_case, standing.stands())
        .group_by(sets.id, sets.name, sets.version, sets.role)
        .order_by(count.desc(), sets.id)
    )
    return [MatchedSet(row[0], row[1], row[2], SetRole(row[3]), row[4]) for row in connection.execute(query)]


def count_sizes(connection: Connection, case_id: int) -> list[tuple[str, int]]:
    """Returns how many items of a case lie in each range of sizes; those of unknown size are in none."""
    items, exhibits = tables.items.c, tables.exhibits.c
    step = case(*((items.size_bytes <= most, index) for index, most in enumerate(_STEPS)), else_=len(_STEPS))
    of_case = items.exhibit_id.in_(select(exhibits.id).where(exhibits.case_id == case_id))
    query = select(step, func.count()).where(of_case, items.size_bytes.is_not(None)).group_by(step)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return [(name, found.get(index, 0)) for index, name in enumerate(SIZES)]


def read_newest(connection: Connection, case_id: int) -> tuple[int, ...]:
    """Returns numbers that are other ones when figures of a case may have changed; costs next to nothing.

    Decisions are not among them where they are tallied: then their figures are read, not counted.
    """
    runs, items = tables.runs.c, tables.items.c
    started = _highest(connection, runs.id, runs.case_id == case_id)
    finished = _highest(connection, runs.id, runs.case_id == case_id, runs.finished_at.is_not(None))
    exhibits = _highest(connection, tables.exhibits.c.id, tables.exhibits.c.case_id == case_id)
    others = [_highest(connection, column) for column in (tables.findings.c.id, tables.known_events.c.id)]
    growing = _highest(connection, items.id) if started != finished else 0
    decided = 0 if has_tallies(connection, case_id) else _highest(connection, tables.decisions.c.id)
    return (started, finished, exhibits, *others, growing, decided)


def _highest(connection: Connection, column: ColumnElement[int], *conditions: ColumnElement[bool]) -> int:
    return connection.execute(select(func.max(column)).where(*conditions)).scalar() or 0
