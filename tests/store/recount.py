"""Counts the stacks and tallies of a case again, the slow and obvious way, from its items and decisions."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, select

from varde.store import tables
from varde.store.review_tables import stack_items, stacks
from varde.store.tallies import Counted, Key, read_tallies


def count_in_force(connection: Connection, case_id: int) -> dict[int, str | None]:
    """Returns the code in force of every item of a case that is in a stack."""
    items = connection.execute(
        select(stack_items.c.item_id)
        .join(stacks, stacks.c.id == stack_items.c.stack_id)
        .where(stacks.c.case_id == case_id)
    ).scalars()
    codes: dict[int, str | None] = dict.fromkeys(items)
    for row in connection.execute(select(tables.decisions).order_by(tables.decisions.c.id)):
        if row.item_id in codes:
            codes[row.item_id] = row.code
    return codes


def check_figures(connection: Connection, case_id: int) -> None:
    """Fails if a stack or a tally is not what the decisions say."""
    codes = count_in_force(connection, case_id)
    members: dict[int, list[int]] = {}
    for item_id, stack_id in connection.execute(select(stack_items.c.item_id, stack_items.c.stack_id)):
        members.setdefault(stack_id, []).append(item_id)
    still_open = 0
    rows = connection.execute(select(stacks).where(stacks.c.case_id == case_id)).all()
    for row in rows:
        expected = Counter(codes[item_id] for item_id in members[row.id] if codes[item_id] is not None)
        assert row.codes == dict(expected)
        assert row.undecided == len(members[row.id]) - expected.total()
        assert row.is_open == int(row.undecided > 0)
        assert row._mapping["items"] == len(members[row.id])
        still_open += row.is_open
    by_code = Counter(code for code in codes.values() if code is not None)
    found = {key: count for key, count in read_tallies(connection, case_id).items() if count}
    expected_tallies: dict[Key, int] = {
        (Counted.ITEMS, ""): len(codes),
        (Counted.STACKS, ""): len(rows),
        (Counted.OPEN_STACKS, ""): still_open,
        (Counted.DECIDED, ""): by_code.total(),
        **{(Counted.CODE, code): count for code, count in by_code.items()},
    }
    other = (Counted.MADE_FROM, Counted.KIND, Counted.MATCHED)
    assert {key: count for key, count in found.items() if key[0] not in other} == {
        key: count for key, count in expected_tallies.items() if count
    }
