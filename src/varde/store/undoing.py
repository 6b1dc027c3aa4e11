"""Taking decisions back: what an act is about, and what is in force where some of it was taken back before.

A decision that takes another back says so in its note; where several were taken back one after the other, what is in
force is found by following these notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, func, select

from varde.core.case import Case
from varde.core.errors import NotFound, Refused
from varde.core.scheme import Grade
from varde.store import tables
from varde.store.database import stream
from varde.store.decisions import UNDOING_NOTE
from varde.store.standing_grades import IDS_AT_ONCE

_UNDONE: Final = re.compile(rf"{UNDOING_NOTE}([0-9]{{1,18}})")


def check_act(connection: Connection, case: Case, first: int, last: int, person: str) -> None:
    """Does nothing if decisions are those of one act of a person.

    Those of one act lie side by side, with one person and one time: so the ends say what is between them.

    Raises:
        NotFound: if there are no such decisions in the case.
        Refused: if they are not one act of that person.
    """
    decisions, items, exhibits = tables.decisions.c, tables.items.c, tables.exhibits.c
    query = (
        select(decisions.id, decisions.person, decisions.at, exhibits.case_id)
        .join(tables.items, items.id == decisions.item_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(decisions.id.in_([first, last]))
    )
    rows = [row for row in connection.execute(query) if row.case_id == case.case_id]
    if {row.id for row in rows} != {first, last} or first > last:
        raise NotFound(f"there are no decisions {first} to {last} in this case")
    if {row.person for row in rows} != {person} or len({row.at for row in rows}) != 1:
        raise Refused("only whoever made decisions can undo them, one act at a time")


@dataclass(frozen=True, slots=True)
class Concerned:
    """An item of an act that is taken back.

    Attributes:
        mine: the act's last decision on it.
        newest: the last on it.
        newest_note: of the newest.
        before: the grade that was in force before the act.
        in_force: the decision whose grade is in force: the newest, or, if that takes others back, the one before them.
    """

    item_id: int
    mine: int
    newest: int
    newest_note: str
    before: Grade | None
    in_force: int

    @property
    def note(self) -> str:
        """What the decision says that takes this one back."""
        return f"{UNDOING_NOTE}{self.mine}"

    @property
    def is_undone(self) -> bool:
        """Whether it was taken back already, and nothing happened since."""
        return self.newest != self.mine and self.newest_note == self.note


def find_concerned(connection: Connection, first: int, last: int) -> list[Concerned]:
    """Returns the items of an act by number, with what was in force before it and what is now."""
    found = list(_find_before(connection, first, last))
    unclear = [one.item_id for one in found if one.newest != one.mine and _read_undone(one.newest_note)]
    histories = _read_histories(connection, unclear)
    return [
        replace(one, in_force=_find_in_force(histories[one.item_id])) if one.item_id in histories else one
        for one in found
    ]


def _find_before(connection: Connection, first: int, last: int) -> Iterator[Concerned]:
    table, schemes = tables.decisions, tables.schemes
    act = (
        select(table.c.item_id, func.max(table.c.id).label("mine"))
        .where(table.c.id.between(first, last))
        .group_by(table.c.item_id)
        .subquery()
    )
    of_item = select(func.max(table.c.id)).where(table.c.item_id == act.c.item_id).correlate(act)
    newest, earlier = table.alias("newest"), table.alias("earlier")
    query = (
        select(act.c.item_id, act.c.mine, newest.c.id, newest.c.note)
        .add_columns(schemes.c.name, schemes.c.version, earlier.c.code)
        .select_from(act)
        .join(newest, newest.c.id == of_item.scalar_subquery())
        .join(earlier, earlier.c.id == of_item.where(table.c.id < first).scalar_subquery(), isouter=True)
        .join(schemes, schemes.c.id == earlier.c.scheme_id, isouter=True)
        .order_by(act.c.item_id)
    )
    grades: dict[tuple[str, str, str], Grade] = {}
    for row in stream(connection, query):
        key = (row.name, row.version, row.code)
        grade = None if row.code is None else grades.setdefault(key, Grade(*key))
        yield Concerned(row.item_id, row.mine, row.id, row.note, grade, in_force=row.id)


def _read_histories(connection: Connection, item_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    """Returns the notes of all decisions on items, by item and by decision, oldest first."""
    table = tables.decisions.c
    histories: dict[int, dict[int, str]] = {}
    for start in range(0, len(item_ids), IDS_AT_ONCE):
        some = table.item_id.in_(item_ids[start : start + IDS_AT_ONCE])
        query = select(table.item_id, table.id, table.note).where(some).order_by(table.item_id, table.id)
        for row in connection.execute(query):
            histories.setdefault(row.item_id, {})[row.id] = row.note
    return histories


def _find_in_force(notes: Mapping[int, str]) -> int:
    """Returns the decision whose grade is in force, 0 where all were taken back; from the notes, oldest first."""
    left = list(notes)
    while left and (undone := _read_undone(notes[left[-1]])):
        left = [number for number in left[:-1] if number < undone]
    return left[-1] if left else 0


def _read_undone(note: str) -> int:
    """Returns the decision that a note says is taken back, 0 where it says none."""
    found = _UNDONE.fullmatch(note)
    return int(found[1]) if found else 0
