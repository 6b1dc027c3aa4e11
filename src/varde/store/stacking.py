"""Writes the stacks of a case: only what differs from those it has, so that whoever waits to write waits little.

A stack's row number is that of the item that leads it, so that it stays the same from one time to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Update, bindparam, delete, select, update

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


def save_stacks(
    connection: Connection, case_id: int, rows: Iterable[list[StackRow]], members: Iterable[list[Member]]
) -> None:
    """Makes these the stacks of a case, in place of those it had.

    Args:
        connection: a write transaction.
        case_id: whose.
        rows: in pieces, ascending by leader.
        members: in pieces, ascending by item; every item is in one stack.
    """
    stale = list(_save_rows(connection, case_id, rows))
    _save_members(connection, case_id, members)
    for some in _cut(stale):
        connection.execute(delete(stack_items).where(stack_items.c.stack_id.in_(some)))
        connection.execute(delete(stacks).where(stacks.c.id.in_(some)))


def _save_rows(connection: Connection, case_id: int, pieces: Iterable[list[StackRow]]) -> Iterator[int]:
    """Yields the stacks there are no more."""
    change, after = _make_update(), 0
    for piece, last in _with_ends(pieces, lambda row: row.leader_id):
        query = select(stacks).where(_is_of(case_id), stacks.c.id > after, stacks.c.id <= last)
        there = {row.id: row._asdict() for row in connection.execute(query)}
        wanted = [row.as_row(case_id) for row in piece]
        insert_rows(connection, stacks, [row for row in wanted if row["id"] not in there])
        changed = [row for row in wanted if row["id"] in there and there[row["id"]] != row]
        if changed:
            connection.execute(change, [{f"b_{name}": value for name, value in row.items()} for row in changed])
        yield from there.keys() - {row.leader_id for row in piece}
        after = last


def _save_members(connection: Connection, case_id: int, pieces: Iterable[list[Member]]) -> None:
    after = 0
    table = stack_items.c
    of_case = select(table.item_id, table.stack_id, table.distance).join(stacks, stacks.c.id == table.stack_id)
    change = update(stack_items).where(table.item_id == bindparam("b_item_id"))
    change = change.values(stack_id=bindparam("b_stack_id"), distance=bindparam("b_distance"))
    for piece, last in _with_ends(pieces, lambda member: member[0]):
        query = of_case.where(_is_of(case_id), table.item_id > after, table.item_id <= last)
        there: dict[int, AnyRow] = {row.item_id: row for row in connection.execute(query)}
        new = [member for member in piece if member[0] not in there]
        names = ("item_id", "stack_id", "distance")
        insert_rows(connection, stack_items, [dict(zip(names, member, strict=True)) for member in new])
        changed = [member for member in piece if member[0] in there and tuple(there[member[0]]) != member]
        if changed:
            names = ("b_item_id", "b_stack_id", "b_distance")
            connection.execute(change, [dict(zip(names, member, strict=True)) for member in changed])
        gone = there.keys() - {member[0] for member in piece}
        for some in _cut(sorted(gone)):
            connection.execute(delete(stack_items).where(table.item_id.in_(some)))
        after = last


def _make_update() -> Update:
    names = [column.name for column in stacks.c if column.name != "id"]
    return (
        update(stacks).where(stacks.c.id == bindparam("b_id")).values({name: bindparam(f"b_{name}") for name in names})
    )


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
