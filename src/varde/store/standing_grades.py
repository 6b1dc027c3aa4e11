"""Keeps stacks and tallies right while decisions are recorded, in the same transaction: what is decided, and how."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from varde.store import tables
from varde.store.review_tables import stack_items, stacks
from varde.store.tallies import Counted, add_to_tallies

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
    table = tables.decisions.c
    newest = select(func.max(table.id)).where(table.item_id.in_(list(item_ids))).group_by(table.item_id)
    return {
        row.item_id: row.code
        for row in connection.execute(select(table.item_id, table.code).where(table.id.in_(newest)))
    }


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
    _update_stacks(connection, rows)
    for case_id, tally in changes.items():
        add_to_tallies(connection, case_id, tally)


def _group_by_stack(connection: Connection, item_ids: Collection[int]) -> dict[int, list[int]]:
    grouped: defaultdict[int, list[int]] = defaultdict(list)
    query = select(stack_items.c.stack_id, stack_items.c.item_id).where(stack_items.c.item_id.in_(list(item_ids)))
    for stack_id, item_id in connection.execute(query):
        grouped[stack_id].append(item_id)
    return dict(grouped)


def _read_stacks(connection: Connection, stack_ids: Collection[int]) -> dict[int, _Stack]:
    table = stacks.c
    query = select(table.id, table.case_id, table["items"], table.undecided, table.codes).where(
        table.id.in_(list(stack_ids))
    )
    return {
        row.id: _Stack(row.case_id, row.items, row.undecided, Counter(row.codes)) for row in connection.execute(query)
    }


def _update_stacks(connection: Connection, rows: list[dict[str, object]]) -> None:
    change = update(stacks).where(stacks.c.id == bindparam("b_id"))
    values: dict[str, Any] = {
        "undecided": bindparam("b_undecided"),
        "is_open": bindparam("b_open"),
        "codes": bindparam("b_codes"),
    }
    connection.execute(change.values(**values), rows)
