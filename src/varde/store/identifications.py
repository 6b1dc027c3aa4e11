"""Identifications and links of cases: what people decided. Append-only; the newest row about the same thing stands."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select

from varde.core.face import Verdict
from varde.core.face_search import CaseLink, Identification
from varde.store.face_tables import case_links, identifications
from varde.store.tables import cases
from varde.store.types import AnyRow

_one = cases.alias("one")
_other = cases.alias("other")


def record_identification(
    connection: Connection,
    *,
    victim_id: int,
    face_id: int,
    search_id: int | None,
    verdict: Verdict,
    note: str,
    person: str,
    at: datetime,
) -> Identification:
    """Returns a decision whether a face is a victim's, now kept for good."""
    values = {
        "victim_id": victim_id,
        "face_id": face_id,
        "search_id": search_id,
        "verdict": verdict.value,
        "note": note,
        "at": at,
        "person": person,
    }
    made = connection.execute(insert(identifications).values(**values).returning(identifications)).one()
    return _identification(made)


def list_identifications(
    connection: Connection, *, victim_id: int | None = None, face_id: int | None = None
) -> list[Identification]:
    """Returns every decision about a victim, a face or both, oldest first."""
    table = identifications
    query = select(table).order_by(table.c.id)
    if victim_id is not None:
        query = query.where(table.c.victim_id == victim_id)
    if face_id is not None:
        query = query.where(table.c.face_id == face_id)
    return [_identification(row) for row in connection.execute(query)]


def record_link(
    connection: Connection,
    *,
    case_id: int,
    other_case_id: int,
    victim_id: int | None,
    is_linked: bool,
    note: str,
    person: str,
    at: datetime,
) -> CaseLink:
    """Returns a decision whether two cases belong together, now kept for good."""
    values = {
        "case_id": case_id,
        "other_case_id": other_case_id,
        "victim_id": victim_id,
        "is_linked": int(is_linked),
        "note": note,
        "at": at,
        "person": person,
    }
    made = connection.execute(insert(case_links).values(**values).returning(case_links.c.id)).scalar_one()
    return _list(connection, made, None)[0]


def list_links(connection: Connection, case_ids: Collection[int] | None) -> list[CaseLink]:
    """Returns every decision about links of cases, oldest first; only about cases that are both among the given."""
    return _list(connection, None, case_ids)


def _list(connection: Connection, link_id: int | None, case_ids: Collection[int] | None) -> list[CaseLink]:
    query = (
        select(case_links, _one.c.name.label("case_name"), _other.c.name.label("other_name"))
        .join(_one, _one.c.id == case_links.c.case_id)
        .join(_other, _other.c.id == case_links.c.other_case_id)
        .order_by(case_links.c.id)
    )
    if link_id is not None:
        query = query.where(case_links.c.id == link_id)
    if case_ids is not None:
        ids = list(case_ids)
        query = query.where(case_links.c.case_id.in_(ids), case_links.c.other_case_id.in_(ids))
    return [_link(row) for row in connection.execute(query)]


def list_linked(connection: Connection, case_id: int) -> list[int]:
    """Returns the cases that a case is linked to, by the newest decision about each."""
    table = case_links
    query = select(table).where(or_(table.c.case_id == case_id, table.c.other_case_id == case_id))
    newest = {}
    for row in connection.execute(query.order_by(table.c.id)):
        newest[row.other_case_id if row.case_id == case_id else row.case_id] = bool(row.is_linked)
    return [other for other, is_linked in newest.items() if is_linked]


def _identification(row: AnyRow) -> Identification:
    return Identification(
        identification_id=row.id,
        victim_id=row.victim_id,
        face_id=row.face_id,
        search_id=row.search_id,
        verdict=Verdict(row.verdict),
        note=row.note,
        at=row.at,
        person=row.person,
    )


def _link(row: AnyRow) -> CaseLink:
    return CaseLink(
        link_id=row.id,
        case_id=row.case_id,
        case=row.case_name,
        other_case_id=row.other_case_id,
        other_case=row.other_name,
        victim_id=row.victim_id,
        is_linked=bool(row.is_linked),
        note=row.note,
        at=row.at,
        person=row.person,
    )
