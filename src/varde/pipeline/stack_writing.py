"""Writes the stacks of a case: what differs, with what was decided since it was compared.

The stacks of a case that has some are changed in one transaction: whoever reads sees all of the old or all of the new.
The first stacks of a case are written piece by piece, so that nobody waits long for the write lock; until the tallies
come at the end, the case counts as one without stacks. A kill leaves the old, or pieces that the next time completes.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import Connection

from varde.pipeline.stack_material import Numbers
from varde.pipeline.stack_rows import StackedCase
from varde.store import stacked_material, stacking
from varde.store.database import PATIENCE_S, Database
from varde.store.folders import read_folders, replace_folders
from varde.store.stacking import Difference
from varde.store.tallies import Key, has_tallies, replace_tallies

_PAUSE_S: Final = 0.1
"""Between two pieces: SQLite lets another process that waits look about as often whether it is its turn."""


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """How what is stored of the stacks of a case differs from what should be.

    Attributes:
        is_first: it has no stacks that anybody sees.
    """

    is_first: bool
    stacks: Difference
    members: Difference
    has_other_folders: bool


def compare(connection: Connection, case_id: int, case: StackedCase) -> CaseDifference:
    """Returns how what is stored differs; in the read transaction in which the case was read."""
    return CaseDifference(
        is_first=not has_tallies(connection, case_id),
        stacks=stacking.compare_stacks(connection, case_id, case.make_rows()),
        members=stacking.compare_members(connection, case_id, case.make_members()),
        has_other_folders=read_folders(connection, case_id) != case.make_folders(),
    )


def write_stacks(
    database: Database,
    case_id: int,
    case: StackedCase,
    difference: CaseDifference,
    *,
    newest: Mapping[Key, int],
    last_decision: int,
) -> None:
    """Makes the stacks of a case what they should be.

    Args:
        database, case_id, case: where, and what.
        difference: from what was there.
        newest: of what they were made from.
        last_decision: the newest that `case` knows of.
    """
    additions = _make_additions(case_id, case, difference)
    figures = case.tally()
    for add in additions if difference.is_first else ():
        with database.write(patience_s=PATIENCE_S) as connection:
            add(connection)
        time.sleep(_PAUSE_S)
    with database.write(patience_s=PATIENCE_S) as connection:
        touched = _record_since(connection, case, last_decision)
        for add in additions:
            add(connection)
        _change(connection, case_id, case, difference, touched)
        if difference.has_other_folders:
            replace_folders(connection, case_id, case.make_folders())
        replace_tallies(connection, case_id, {**(case.tally() if len(touched) else figures), **newest})


def _make_additions(
    case_id: int, case: StackedCase, difference: CaseDifference
) -> Iterator[Callable[[Connection], None]]:
    """Yields what adds some rows, stacks before their members; rows are made only when they are asked for."""
    for rows in case.make_rows(_find(case.leader_ids, difference.stacks.new)):
        yield partial(stacking.add_stacks, case_id=case_id, rows=rows)
    for members in case.make_members(_find(case.item_ids, difference.members.new)):
        yield partial(stacking.add_members, members=members)


def _record_since(connection: Connection, case: StackedCase, last_decision: int) -> Numbers:
    """Notes what was decided since and returns the rows of the stacks it is about: those of now and those to be."""
    decided = stacked_material.list_codes_since(connection, last_decision)
    touched = case.grades.record(decided)
    if not decided:
        return np.empty(0, np.int64)
    of_now = np.array(sorted(stacking.find_stacks(connection, [item_id for item_id, _ in decided])), np.int64)
    lasting = of_now[np.isin(of_now, case.leader_ids)]
    return np.union1d(np.searchsorted(case.leader_ids, lasting), np.array(sorted(touched), np.int64))


def _change(
    connection: Connection, case_id: int, case: StackedCase, difference: CaseDifference, touched: Numbers
) -> None:
    changed = np.union1d(_find(case.leader_ids, difference.stacks.changed), touched)
    for rows in case.make_rows(changed):
        stacking.change_stacks(connection, case_id, rows)
    for members in case.make_members(_find(case.item_ids, difference.members.changed)):
        stacking.change_members(connection, members)
    stacking.remove(connection, difference.stacks.gone, difference.members.gone)


def _find(ids: Numbers, wanted: array[int]) -> Numbers:
    """Returns the rows of some numbers; all of them are there."""
    return np.searchsorted(ids, np.array(wanted, np.int64))
