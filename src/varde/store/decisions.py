"""Decisions: appended, never changed; the newest of an item is in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Subquery, bindparam, func, select

from varde.core.audit import Act
from varde.core.decision import Decision
from varde.core.errors import WrongUse
from varde.core.scheme import Grade
from varde.store import tables
from varde.store.audit import append_event, decisions_subject
from varde.store.bulk import insert_rows
from varde.store.items import ItemState
from varde.store.schemes import get_scheme
from varde.store.standing_grades import IDS_AT_ONCE, record_changes
from varde.store.types import AnyRow, AnySelect, write_utc

UNDOING_NOTE: Final = "undoes decision "
"""How the note of a decision begins that takes another one back; no other note may."""


def record_decisions(
    connection: Connection,
    decided: Iterable[tuple[int, Grade | None, str]],
    *,
    case: str,
    person: str,
    at: datetime,
    source: str = "",
    undoes: str = "",
) -> range:
    """Records (item, grade or None to withdraw, note) triples with one audit event and returns their row numbers.

    Stacks and tallies are brought up to them in the same transaction.

    Args:
        connection: a write transaction.
        decided: codes must belong to their scheme.
        case: name of the case, for the audit event.
        person: who decided; must be named.
        at: UTC.
        source: "" where decided here, else where it was imported from.
        undoes: which decisions these take back, for the audit event; "" where none.

    Raises:
        WrongUse: if no person is named, an item is not examined yet, or a note says that it undoes what it does not.
        NotFound: if a grade's scheme is not one of the site's.
    """
    if not person.strip():
        raise WrongUse("a decision needs the name of the person who decided")
    first = find_last_decision(connection) + 1
    last = first - 1
    scheme_ids: dict[Grade, int] = {}
    made = {"person": person, "at": write_utc(at), "source": source}
    rows: list[dict[str, Any]] = []
    for item_id, grade, note in decided:
        if note.startswith(UNDOING_NOTE) and not undoes:
            raise WrongUse(f"a note cannot begin with {UNDOING_NOTE!r}: that says that a decision was taken back")
        last += 1
        scheme_id = None if grade is None else scheme_ids.get(grade)
        if grade is not None and scheme_id is None:
            scheme_id = scheme_ids[grade] = _find_scheme(connection, grade)
        code = grade.code if grade else None
        rows.append({"id": last, "item_id": item_id, "scheme_id": scheme_id, "code": code, "note": note, **made})
        if len(rows) == IDS_AT_ONCE:
            _add(connection, rows)
            rows.clear()
    _add(connection, rows)
    if last >= first:
        act = Act.DECISIONS_IMPORTED if source else Act.GRADE_DECIDED
        subject = {"case": case, "source": source, **decisions_subject(connection, first, last)}
        if undoes:
            subject["undoes"] = undoes
        append_event(connection, at=at, person=person, act=act, subject=subject)
    return range(first, last + 1)


def find_last_decision(connection: Connection) -> int:
    """Returns the row number of the newest decision, 0 where there is none."""
    return connection.execute(_select_last()).scalar() or 0


def read_decisions(connection: Connection, item_ids: Sequence[int]) -> defaultdict[int, list[Decision]]:
    """Returns the decisions of some items by item, the one in force last."""
    grouped: defaultdict[int, list[Decision]] = defaultdict(list)
    query = _decisions().where(tables.decisions.c.item_id.in_(item_ids)).order_by(tables.decisions.c.id)
    for row in connection.execute(query):
        grouped[row.item_id].append(_decision(row))
    return grouped


def in_force() -> Subquery:
    """Returns a subquery (item_id, decision_id) of the newest decision of every item."""
    table = tables.decisions.c
    return select(table.item_id, func.max(table.id).label("decision_id")).group_by(table.item_id).subquery()


def _add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    item_id = connection.execute(_select_waiting(), {"ids": [row["item_id"] for row in rows]}).scalar()
    if item_id is not None:
        raise WrongUse(
            f"item {item_id} is not examined yet: what it holds may still change",
            advice="`varde process` goes on with its case.",
        )
    record_changes(connection, [(row["item_id"], row["code"]) for row in rows])
    insert_rows(connection, tables.decisions, rows)


@cache
def _select_last() -> AnySelect:
    return select(func.max(tables.decisions.c.id))


@cache
def _select_waiting() -> AnySelect:
    table = tables.items.c
    decided = table.id.in_(bindparam("ids", expanding=True))
    return select(func.min(table.id)).where(decided, table.state != ItemState.DONE.value)


def _find_scheme(connection: Connection, grade: Grade) -> int:
    scheme_id, scheme = get_scheme(connection, f"{grade.scheme}@{grade.version}")
    scheme.grade(grade.code)
    return scheme_id


def _decisions() -> AnySelect:
    schemes = tables.schemes
    return select(tables.decisions, schemes.c.name, schemes.c.version).join(
        schemes, schemes.c.id == tables.decisions.c.scheme_id, isouter=True
    )


def _decision(row: AnyRow) -> Decision:
    grade = Grade(row.name, row.version, row.code) if row.code is not None else None
    return Decision(row.id, row.item_id, grade, row.person, row.at, row.note, row.source)
