"""Writes the stacks of a case: compared before the write lock is taken, so that who waits to write waits little.

A stack's row number is that of the item that leads it, so that it stays the same from one time to the next.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from sqlalchemy import BindParameter, ColumnElement, Connection, Update, bindparam, delete, select, update

from varde.store.bulk import insert_rows
from varde.store.review_tables import stack_items, stacks
from varde.store.types import AnyRow

T = TypeVar("T")

_LAST = 1 << 62
_IDS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class StackRow:
    """A stack as it is stored.

    Attributes:
        leader_id: the item that stands for it, and the stack's own number.
        undecided: items without a grade in force.
        matched: items with a match that a person has to look at.
        codes: items by the code of the grade in force.
    """

    leader_id: int
    folder_rank: int
    kind: str
    items: int
    undecided: int
    matched: int
    relevance_rank: int
    reasons: Sequence[str]
    codes: dict[str, int]

    def as_row(self, case_id: int) -> dict[str, object]:
        """Returns it by column."""
        return {
            "id": self.leader_id,
            "case_id": case_id,
            "leader_id": self.leader_id,
            "folder_rank": self.folder_rank,
            "kind": self.kind,
            "items": self.items,
            "undecided": self.undecided,
            "is_open": int(self.undecided > 0),
            "matched": self.matched,
            "relevance_rank": self.relevance_rank,
            "reasons": list(self.reasons),
            "codes": self.codes,
        }


Member = tuple[int, int, int | None]
"""Item, leader, distance to the leader; None where the bytes are the leader's."""

_MEMBER = ("item_id", "stack_id", "distance")


def _no_numbers() -> array[int]:
    return array("q")


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be written so that rows are what they should be: their numbers, ascending.

    Attributes:
        gone: rows that are there and should not be.
    """

    new: array[int] = field(default_factory=_no_numbers)
    changed: array[int] = field(default_factory=_no_numbers)
    gone: array[int] = field(default_factory=_no_numbers)


def compare_stacks(connection: Connection, case_id: int, pieces: Iterable[list[StackRow]]) -> Difference:
    """Returns how the stacks of a case differ from what they should be.

    Args:
        connection: a read transaction.
        case_id: whose.
        pieces: all stacks, ascending by leader.
    """
    found, after = Difference(), 0
    for piece, last in _with_ends(pieces, lambda row: row.leader_id):
        query = select(stacks).where(_is_of(case_id), stacks.c.id > after, stacks.c.id <= last)
        there = {row.id: row._asdict() for row in connection.execute(query)}
        for row in piece:
            if row.leader_id not in there:
                found.new.append(row.leader_id)
            elif there.pop(row.leader_id) != row.as_row(case_id):
                found.changed.append(row.leader_id)
        found.gone.extend(sorted(there))
        after = last
    return found


def compare_members(connection: Connection, case_id: int, pieces: Iterable[list[Member]]) -> Difference:
    """Returns how the members of a case's stacks differ from what they should be.

    Args:
        connection: a read transaction.
        case_id: whose.
        pieces: all members, ascending by item; every item is in one stack.
    """
    found, after, table = Difference(), 0, stack_items.c
    of_case = select(table.item_id, table.stack_id, table.distance).join(stacks, stacks.c.id == table.stack_id)
    for piece, last in _with_ends(pieces, lambda member: member[0]):
        query = of_case.where(_is_of(case_id), table.item_id > after, table.item_id <= last)
        there: dict[int, AnyRow] = {row.item_id: row for row in connection.execute(query)}
        for member in piece:
            if member[0] not in there:
                found.new.append(member[0])
            elif tuple(there.pop(member[0])) != member:
                found.changed.append(member[0])
        found.gone.extend(sorted(there))
        after = last
    return found


def add_stacks(connection: Connection, case_id: int, rows: Sequence[StackRow]) -> None:
    """Adds stacks; their members come after them."""
    insert_rows(connection, stacks, [row.as_row(case_id) for row in rows])


def change_stacks(connection: Connection, case_id: int, rows: Sequence[StackRow]) -> None:
    """Makes stacks that are there what they should be."""
    if rows:
        changed = [row.as_row(case_id) for row in rows]
        connection.execute(_change_stacks(), [{f"b_{name}": value for name, value in row.items()} for row in changed])


def add_members(connection: Connection, members: Sequence[Member]) -> None:
    """Puts items that are in no stack into one."""
    insert_rows(connection, stack_items, [dict(zip(_MEMBER, member, strict=True)) for member in members])


def change_members(connection: Connection, members: Sequence[Member]) -> None:
    """Puts items into another stack, or at another distance."""
    names = [f"b_{name}" for name in _MEMBER]
    if members:
        connection.execute(_change_members(), [dict(zip(names, member, strict=True)) for member in members])


def remove(connection: Connection, stack_ids: Sequence[int], item_ids: Sequence[int]) -> None:
    """Takes items out of their stacks, and stacks away whose items are all in others now."""
    for some in _cut(item_ids):
        connection.execute(delete(stack_items).where(stack_items.c.item_id.in_(some)))
    for some in _cut(stack_ids):
        connection.execute(delete(stack_items).where(stack_items.c.stack_id.in_(some)))
        connection.execute(delete(stacks).where(stacks.c.id.in_(some)))


def find_stacks(connection: Connection, item_ids: Sequence[int]) -> set[int]:
    """Returns the numbers of the stacks that some items are in now."""
    found: set[int] = set()
    for some in _cut(item_ids):
        query = select(stack_items.c.stack_id).where(stack_items.c.item_id.in_(some)).distinct()
        found.update(connection.execute(query).scalars())
    return found


@cache
def _change_stacks() -> Update:
    names = [column.name for column in stacks.c if column.name != "id"]
    changed: dict[str, BindParameter[object]] = {name: bindparam(f"b_{name}") for name in names}
    return update(stacks).where(stacks.c.id == bindparam("b_id")).values(changed)


@cache
def _change_members() -> Update:
    change = update(stack_items).where(stack_items.c.item_id == bindparam("b_item_id"))
    return change.values(stack_id=bindparam("b_stack_id"), distance=bindparam("b_distance"))


def _is_of(case_id: int) -> ColumnElement[bool]:
    """Returns the condition that a stack is of a case, in words that no index is chosen by: the row numbers choose."""
    return stacks.c.case_id + 0 == case_id


def _with_ends(pieces: Iterable[list[T]], number: Callable[[T], int]) -> Iterator[tuple[list[T], int]]:
    """Yields the pieces, each with the number up to which it is complete: of the last one there is no end."""
    held: list[T] = []
    for piece in pieces:
        if held:
            yield held, number(held[-1])
        held = piece
    yield held, _LAST


def _cut(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE]
