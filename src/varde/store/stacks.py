"""Stacks of a case: which items one decision is for, and deciding on them, with a way back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, func, or_, select

from varde.core.case import Case
from varde.core.errors import NotFound, WrongUse
from varde.core.scheme import Grade
from varde.store import tables
from varde.store.decisions import record_decisions
from varde.store.review_tables import stack_items, stacks
from varde.store.standing_grades import IDS_AT_ONCE, read_codes
from varde.store.types import AnySelect
from varde.store.undoing import check_act, find_concerned

MOST_LEADERS = 500
"""Stacks that one act may decide."""


@dataclass(frozen=True, slots=True)
class DecisionAct:
    """Decisions that a person made at once: what `undo_decisions` takes back.

    Attributes:
        first, last: row numbers of the decisions; nobody else's lie between them.
        decided: how many there are.
    """

    first: int
    last: int
    decided: int


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of taking decisions back.

    Attributes:
        act: the decisions that restored what was in force; None where there was nothing to restore.
        restored: items.
        kept: items that somebody decided again since; they stay as they are.
        leaders: of the stacks concerned, `MOST_LEADERS` at most.
        item_ids: of all that is concerned, `MOST_LEADERS` at most.
    """

    act: DecisionAct | None
    restored: int
    kept: int
    leaders: tuple[int, ...]
    item_ids: tuple[int, ...]


def record_stack_decisions(
    connection: Connection,
    *,
    case: Case,
    item_ids: Sequence[int],
    grade: Grade | None,
    whole_stacks: bool,
    person: str,
    at: datetime,
    note: str = "",
) -> DecisionAct:
    """Records one grade, or the withdrawal of those in force, for items or for the whole stacks they are in.

    The items that are named are decided in any case, so that it shows who looked at them; of the rest of their stacks
    those on which it changes anything.

    Args:
        connection: a write transaction.
        case: the one all items are of.
        item_ids: at least one, `MOST_LEADERS` at most.
        grade: on the case's scheme; None withdraws.
        whole_stacks: whether everything in their stacks is decided too.
        person: who decided.
        at: UTC.
        note: the person's own words.

    Raises:
        NotFound: if an item is not of the case.
        WrongUse: if there are no items or too many, one is not examined yet, or there is nothing to withdraw.
    """
    named = list(dict.fromkeys(item_ids))
    if not 0 < len(named) <= MOST_LEADERS:
        raise WrongUse(f"one act decides 1 to {MOST_LEADERS} stacks, not {len(named)}")
    check_items(connection, case, named)
    chosen = _choose(connection, named, grade, whole_stacks=whole_stacks)
    recorded = record_decisions(
        connection, ((item_id, grade, note) for item_id in chosen), case=case.name, person=person, at=at
    )
    if not recorded:
        raise WrongUse("there is no grade to withdraw")
    return DecisionAct(recorded.start, recorded.stop - 1, len(recorded))


def undo_decisions(connection: Connection, *, case: Case, first: int, last: int, person: str, at: datetime) -> Undone:
    """Restores what was in force before some decisions, by new ones; items decided again since then are left alone.

    Args:
        connection: a write transaction.
        case: the one they were made in.
        first, last: of one `DecisionAct`.
        person: who made them; nobody else may take them back.
        at: UTC.

    Raises:
        NotFound: if there are no such decisions in the case.
        Refused: if they are not all of one act of that person.
    """
    check_act(connection, case, first, last, person)
    concerned = find_concerned(connection, first, last)
    restored = ((one.item_id, one.before, one.note) for one in concerned if one.in_force == one.mine)
    undoes = f"{first}-{last}"
    recorded = record_decisions(connection, restored, case=case.name, person=person, at=at, undoes=undoes)
    act = DecisionAct(recorded.start, recorded.stop - 1, len(recorded)) if recorded else None
    again = sum(one.is_undone for one in concerned)
    item_ids = [one.item_id for one in concerned]
    return Undone(
        act,
        restored=len(recorded) + again,
        kept=len(concerned) - len(recorded) - again,
        leaders=tuple(find_leaders(connection, item_ids)[:MOST_LEADERS]),
        item_ids=tuple(item_ids[:MOST_LEADERS]),
    )


def find_act(
    connection: Connection, *, case: Case, item_ids: Sequence[int], code: str | None, person: str
) -> DecisionAct | None:
    """Returns the act by which a person gave all these items their grade in force; None where it was not one act.

    For requests that are sent again since no answer came.
    """
    check_items(connection, case, item_ids)
    table = tables.decisions.c
    newest = select(func.max(table.id)).where(table.item_id.in_(item_ids)).group_by(table.item_id)
    rows = connection.execute(
        select(table.id, table.item_id, table.code, table.person, table.at)
        .where(table.id.in_(newest))
        .order_by(table.id)
    ).all()
    mine = [row for row in rows if row.code == code and row.person == person]
    decided = {row.item_id for row in mine}
    if not mine or len({row.at for row in mine}) > 1 or (code is not None and decided != set(item_ids)):
        return None
    first = mine[0]
    other = or_(table.at != first.at, table.person != person)
    end = connection.execute(select(func.min(table.id)).where(table.id > first.id, other)).scalar()
    last = connection.execute(select(func.max(table.id))).scalar_one() if end is None else end - 1
    return DecisionAct(first.id, last, last - first.id + 1)


def check_items(connection: Connection, case: Case, item_ids: Collection[int]) -> None:
    """Does nothing if all items are of a case.

    Raises:
        NotFound: naming the first that is not; in the same words whether it is elsewhere or nowhere.
    """
    # The case is compared here: as a condition it would make SQLite go through all of its items.
    rows = connection.execute(_select_cases(), {"ids": list(item_ids)})
    found = {row.id for row in rows if row.case_id == case.case_id}
    missing = [item_id for item_id in item_ids if item_id not in found]
    if missing:
        raise NotFound(f"there is no item {missing[0]} in this case")


def find_leaders(connection: Connection, item_ids: Sequence[int]) -> list[int]:
    """Returns the leaders of the stacks that some items are in, by number."""
    found: set[int] = set()
    for some in _cut(item_ids):
        found.update(connection.execute(_select_leaders(), {"ids": list(some)}).scalars())
    return sorted(found)


def list_members(
    connection: Connection, item_id: int, *, after: int = 0, limit: int = 60
) -> list[tuple[int, int | None]]:
    """Returns (item, distance to the leader) of the next items of the stack an item is in, by number.

    The distance is None where the bytes are the leader's.
    """
    table = stack_items.c
    stack = select(table.stack_id).where(table.item_id == item_id).scalar_subquery()
    query = select(table.item_id, table.distance).where(table.stack_id == stack, table.item_id > after)
    rows = connection.execute(query.order_by(table.item_id).limit(limit))
    return [(row.item_id, row.distance) for row in rows]


def find_members(connection: Connection, item_ids: Collection[int]) -> list[tuple[int, int | None]]:
    """Returns (item, distance to its leader) of those of some items that are in a stack, by number."""
    if not item_ids:
        return []
    rows = connection.execute(_select_distances(), {"ids": list(item_ids)})
    return [(row.item_id, row.distance) for row in rows]


def _choose(connection: Connection, named: Sequence[int], grade: Grade | None, *, whole_stacks: bool) -> Iterator[int]:
    """Yields the items to decide: named ones, then members of their stacks; of those to withdraw only graded ones."""
    code = grade.code if grade else None
    apart = set(named)
    yield from named if grade else _differing(connection, named, None)
    if not whole_stacks:
        return
    members = connection.execute(_select_members(), {"ids": list(named)}).scalars()
    for some in _cut([item_id for item_id in members if item_id not in apart]):
        yield from _differing(connection, some, code)


def _differing(connection: Connection, item_ids: Sequence[int], code: str | None) -> Iterator[int]:
    in_force = read_codes(connection, item_ids)
    return (item_id for item_id in item_ids if in_force.get(item_id) != code)


def _cut(item_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(item_ids), IDS_AT_ONCE):
        yield item_ids[start : start + IDS_AT_ONCE]


@cache
def _select_cases() -> AnySelect:
    items, exhibits = tables.items.c, tables.exhibits.c
    query = select(items.id, exhibits.case_id).join(tables.exhibits, exhibits.id == items.exhibit_id)
    return query.where(items.id.in_(bindparam("ids", expanding=True)))


@cache
def _select_leaders() -> AnySelect:
    query = select(stacks.c.leader_id).join(stack_items, stack_items.c.stack_id == stacks.c.id)
    return query.where(stack_items.c.item_id.in_(bindparam("ids", expanding=True))).distinct()


@cache
def _select_distances() -> AnySelect:
    table = stack_items.c
    query = select(table.item_id, table.distance).where(table.item_id.in_(bindparam("ids", expanding=True)))
    return query.order_by(table.item_id)


@cache
def _select_members() -> AnySelect:
    """Returns the query for everything in the stacks that some items are in."""
    table, named = stack_items.c, stack_items.alias("named")
    of_named = select(named.c.stack_id).where(named.c.item_id.in_(bindparam("ids", expanding=True)))
    return select(table.item_id).where(table.stack_id.in_(of_named)).order_by(table.item_id)
