"""Keeps stacks and tallies right while decisions are recorded, in the same transaction: what is decided, and how."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Update, bindparam, func, select, update

from varde.store import tables
from varde.store.review_tables import stack_items, stacks
from varde.store.tallies import Counted, add_to_tallies
from varde.store.types import AnySelect

IDS_AT_ONCE = 5000

Codes = Mapping[int, str | None]
"""The code in force of each item; None where its grade was withdrawn."""


@dataclass(frozen=True, slots=True)
class _Stack:
    case_id: int
    items: int
    undecided: int
    codes: Counter[str]


def read_codes(connection: Connection, item_ids: Collection[int]) -> dict[int, str | None]:
    """Returns the code in force of items that were ever decided; at most `IDS_AT_ONCE` at once."""
    if not item_ids:
        return {}
    found = connection.execute(_select_codes(), {"ids": list(item_ids)})
    return {item_id: code for item_id, code in found}  # noqa: C416 - a row is no pair to a type checker


def record_changes(connection: Connection, decided: Sequence[tuple[int, str | None]]) -> None:
    """Brings stacks and tallies up to decisions that are about to be recorded; call it before they are.

    Args:
        connection: the site's, writing.
        decided: (item, code or None) in order, at most `IDS_AT_ONCE`; of several of one item the last counts.
    """
    after = dict(decided)
    before = read_codes(connection, after)
    changed = {item_id: code for item_id, code in after.items() if before.get(item_id) != code}
    by_stack = _group_by_stack(connection, changed)
    if not by_stack:
        return
    changes: defaultdict[int, Counter[tuple[Counted, str]]] = defaultdict(Counter)
    rows = []
    for stack_id, stack in _read_stacks(connection, by_stack).items():
        step = Counter[str]()
        for item_id in by_stack[stack_id]:
            new, old = changed[item_id], before.get(item_id)
            if new is not None:
                step[new] += 1
            if old is not None:
                step[old] -= 1
        stack.codes.update(step)
        undecided = stack.items - stack.codes.total()
        is_open = int(undecided > 0)
        codes = {code: count for code, count in stack.codes.items() if count}
        rows.append({"b_id": stack_id, "b_undecided": undecided, "b_open": is_open, "b_codes": codes})
        tally = changes[stack.case_id]
        tally.update({(Counted.CODE, code): count for code, count in step.items()})
        tally[Counted.DECIDED, ""] += step.total()
        tally[Counted.OPEN_STACKS, ""] += is_open - int(stack.undecided > 0)
    connection.execute(_update_stacks(), rows)
    for case_id, tally in changes.items():
        add_to_tallies(connection, case_id, tally)


def _group_by_stack(connection: Connection, item_ids: Collection[int]) -> dict[int, list[int]]:
    grouped: defaultdict[int, list[int]] = defaultdict(list)
    if not item_ids:
        return {}
    for stack_id, item_id in connection.execute(_select_members(), {"ids": list(item_ids)}):
        grouped[stack_id].append(item_id)
    return dict(grouped)


def _read_stacks(connection: Connection, stack_ids: Collection[int]) -> dict[int, _Stack]:
    rows = connection.execute(_select_stacks(), {"ids": list(stack_ids)})
    return {row.id: _Stack(row.case_id, row.items, row.undecided, Counter(row.codes)) for row in rows}


# Statements are made once: making one costs more than what it does where a single stack is decided.


@cache
def _select_codes() -> AnySelect:
    table = tables.decisions.c
    newest = select(func.max(table.id)).where(table.item_id.in_(bindparam("ids", expanding=True)))
    return select(table.item_id, table.code).where(table.id.in_(newest.group_by(table.item_id)))


@cache
def _select_members() -> AnySelect:
    table = stack_items.c
    return select(table.stack_id, table.item_id).where(table.item_id.in_(bindparam("ids", expanding=True)))


@cache
def _select_stacks() -> AnySelect:
    table = stacks.c
    query = select(table.id, table.case_id, table["items"], table.undecided, table.codes)
    return query.where(table.id.in_(bindparam("ids", expanding=True)))


@cache
def _update_stacks() -> Update:
    change = update(stacks).where(stacks.c.id == bindparam("b_id"))
    return change.values(undecided=bindparam("b_undecided"), is_open=bindparam("b_open"), codes=bindparam("b_codes"))
