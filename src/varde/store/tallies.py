"""Tallies: figures of a case that are kept instead of counted, so that a page costs the same whatever the case's size.

Stacking counts them, decisions keep them right in their own transaction. A case without them has no stacks yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, delete, exists, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from varde.store import tables
from varde.store.review_tables import tallies
from varde.store.types import AnySelect


class Counted(StrEnum):
    """What a tally counts."""

    ITEMS = "items"
    STACKS = "stacks"
    OPEN_STACKS = "open_stacks"
    DECIDED = "decided_items"
    MATCHED = "matched_items"
    KIND = "kind"
    """Items by kind."""

    CODE = "code"
    """Items by the code of the grade in force."""

    MADE_FROM = "made_from"
    """No count: what was newest when the stacks were made, so that it shows when they are out of date."""


Key = tuple[Counted, str]
Tallies = Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a case that stand above its grid.

    Attributes:
        decided_items: with a grade in force.
    """

    items: int = 0
    stacks: int = 0
    open_stacks: int = 0
    decided_items: int = 0
    matched_items: int = 0


def read_figures(connection: Connection, case_id: int) -> Figures:
    """Returns the figures of a case; zeros where it has no stacks yet."""
    found = read_tallies(connection, case_id)
    return Figures(
        items=found.get((Counted.ITEMS, ""), 0),
        stacks=found.get((Counted.STACKS, ""), 0),
        open_stacks=found.get((Counted.OPEN_STACKS, ""), 0),
        decided_items=found.get((Counted.DECIDED, ""), 0),
        matched_items=found.get((Counted.MATCHED, ""), 0),
    )


def read_tallies(connection: Connection, case_id: int) -> dict[Key, int]:
    """Returns all tallies of a case by what they count; a few dozen at most."""
    rows = connection.execute(_select_tallies(), {"case": case_id})
    return {(Counted(what), key): items for what, key, items in rows}


def has_tallies(connection: Connection, case_id: int) -> bool:
    """Returns whether a case has stacks and tallies; not while its first ones are being made."""
    return bool(connection.execute(_has_tallies(), {"case": case_id}).scalar())


def list_stacked_cases(connection: Connection) -> list[int]:
    """Returns the cases that have stacks and tallies, by number."""
    query = select(tallies.c.case_id).where(tallies.c.what == Counted.ITEMS.value).order_by(tallies.c.case_id)
    return list(connection.execute(query).scalars())


def replace_tallies(connection: Connection, case_id: int, counted: Tallies) -> None:
    """Records the tallies of a case in place of those it had."""
    connection.execute(delete(tallies).where(tallies.c.case_id == case_id))
    rows = [
        {"case_id": case_id, "what": what.value, "key": key, "items": items} for (what, key), items in counted.items()
    ]
    connection.execute(insert(tallies), rows)


def add_to_tallies(connection: Connection, case_id: int, changes: Tallies) -> None:
    """Adds to tallies of a case that has them."""
    rows = [
        {"case_id": case_id, "what": what.value, "key": key, "items": change}
        for (what, key), change in changes.items()
        if change
    ]
    if rows:
        connection.execute(_add_up(connection.dialect.name), rows)


def read_newest(connection: Connection, case_id: int) -> dict[Key, int]:
    """Returns what is newest now of all that stacks are made from, as tallies."""
    runs = select(func.max(tables.runs.c.id)).where(
        tables.runs.c.case_id == case_id, tables.runs.c.finished_at.is_not(None)
    )
    newest = {
        "run": connection.execute(runs).scalar(),
        "finding": connection.execute(select(func.max(tables.findings.c.id))).scalar(),
        "event": connection.execute(select(func.max(tables.known_events.c.id))).scalar(),
    }
    return {(Counted.MADE_FROM, key): value or 0 for key, value in newest.items()}


@cache
def _select_tallies() -> AnySelect:
    return select(tallies.c.what, tallies.c.key, tallies.c["items"]).where(tallies.c.case_id == bindparam("case"))


@cache
def _has_tallies() -> AnySelect:
    counted = (tallies.c.case_id == bindparam("case"), tallies.c.what == Counted.ITEMS.value)
    return select(exists().where(*counted))


@cache
def _add_up(dialect: str) -> Insert:
    adding = postgresql.insert(tallies) if dialect == "postgresql" else sqlite.insert(tallies)
    summed = tallies.c["items"] + adding.excluded["items"]
    return adding.on_conflict_do_update(index_elements=["case_id", "what", "key"], set_={"items": summed})
