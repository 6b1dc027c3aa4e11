"""Who calls, and what of a case they may see, in one read: it is on the way to every page and every thumbnail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, or_, select

from varde.core.case import Authorisation, Case
from varde.core.face import SearchScope
from varde.store import tables
from varde.store.accounts import read_account
from varde.store.face_tables import face_searches, faces, victims
from varde.store.people_tables import accounts, case_access, sessions
from varde.store.review_tables import queues
from varde.store.sessions import Session
from varde.store.types import AnyRow, AnySelect


class Named(StrEnum):
    """What a path names whose case is asked for."""

    CASE = "case_id"
    ITEM = "item_id"
    QUEUE = "queue_id"
    VICTIM = "victim_id"
    SEARCH = "search_id"
    FACE = "face_id"


@dataclass(frozen=True, slots=True)
class Visit:
    """A session, and the case that was asked for.

    Attributes:
        session: it may have ended, and its account may be disabled.
        case: None where none was asked for, there is none, or the account has no access to it.
    """

    session: Session
    case: Case | None


def find_visit(connection: Connection, digest: bytes, named: Named | None = None, number: int = 0) -> Visit | None:
    """Returns the session of a secret with that digest, with the case of something; None where there is no session.

    Args:
        connection: a read transaction.
        digest: of the session's secret.
        named: what the number is of; None where no case is asked for.
        number: row number of what is named. A face may lie in several cases: it is one that the account has access to.
    """
    row = connection.execute(_make_query(named), {"digest": digest, "number": number}).first()
    if row is None:
        return None
    session = Session(row.session_id, read_account(row), row.seen_at, row.ends_at)
    return Visit(session, _read_case(row) if named is not None and row.case_id is not None else None)


@cache
def _make_query(named: Named | None) -> AnySelect:
    query = select(accounts, sessions.c.id.label("session_id"), sessions.c.seen_at, sessions.c.ends_at)
    joined = sessions.join(accounts, accounts.c.id == sessions.c.account_id)
    if named is not None:
        cases, schemes = tables.cases, tables.schemes
        of_person = and_(case_access.c.account_id == sessions.c.account_id, case_access.c.case_id == _find_case(named))
        joined = joined.join(case_access, of_person, isouter=True)
        joined = joined.join(cases, cases.c.id == case_access.c.case_id, isouter=True)
        joined = joined.join(schemes, schemes.c.id == cases.c.scheme_id, isouter=True)
        query = query.add_columns(
            cases.c.id.label("case_id"),
            cases.c.name.label("case_name"),
            cases.c.authorisation.label("case_authorisation"),
            cases.c.created_at.label("case_created_at"),
            schemes.c.name.label("scheme_name"),
            schemes.c.version.label("scheme_version"),
        )
    return query.select_from(joined).where(sessions.c.digest == bindparam("digest"))


def _find_case(named: Named) -> ColumnElement[int]:
    number = bindparam("number", type_=BigInteger)
    if named is Named.CASE:
        return number
    if named is Named.QUEUE:
        return select(queues.c.case_id).where(queues.c.id == number).scalar_subquery()
    if named is Named.VICTIM:
        return select(victims.c.case_id).where(victims.c.id == number).scalar_subquery()
    if named is Named.SEARCH:
        # A search of everything is its maker's alone: to others it does not exist.
        own = or_(face_searches.c.scope == SearchScope.CASE.value, face_searches.c.person == accounts.c.name)
        return select(face_searches.c.case_id).where(face_searches.c.id == number, own).scalar_subquery()
    exhibits, items = tables.exhibits, tables.items
    if named is Named.FACE:
        open_to = case_access.alias("open_to")
        places = faces.join(items, items.c.content_id == faces.c.content_id)
        places = places.join(exhibits, exhibits.c.id == items.c.exhibit_id)
        places = places.join(open_to, open_to.c.case_id == exhibits.c.case_id)
        of_face = select(exhibits.c.case_id).select_from(places).where(faces.c.id == number)
        return of_face.where(open_to.c.account_id == sessions.c.account_id).limit(1).scalar_subquery()
    of_item = select(exhibits.c.case_id).join(items, items.c.exhibit_id == exhibits.c.id).where(items.c.id == number)
    return of_item.scalar_subquery()


def _read_case(row: AnyRow) -> Case:
    scheme = f"{row.scheme_name}@{row.scheme_version}"
    return Case(row.case_id, row.case_name, Authorisation(row.case_authorisation), scheme, row.case_created_at)
