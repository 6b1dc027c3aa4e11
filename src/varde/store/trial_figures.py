"""Reads what happened in a trial of face search from the face tables and the audit log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from varde.core.audit import Act
from varde.core.face import SearchScope, Verdict
from varde.store.face_tables import (
    case_links,
    face_candidates,
    face_judgements,
    face_leads,
    face_searches,
    identifications,
    victims,
)
from varde.store.tables import audit_events
from varde.store.types import write_utc

_SEARCHES = (Act.FACES_SEARCHED.value, Act.FACES_SEARCHED_EVERYWHERE.value)


@dataclass(frozen=True, slots=True)
class Span:
    """A time: from `since` on, before `until`; UTC."""

    since: datetime
    until: datetime

    def holds(self, column: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Returns the condition that a column lies in it."""
        return and_(column >= self.since, column < self.until)


@dataclass(frozen=True, slots=True)
class SearchFact:
    """A search: when, how far, and whether its list was empty."""

    search_id: int
    at: datetime
    scope: SearchScope
    is_empty: bool


@dataclass(frozen=True, slots=True)
class CandidateFact:
    """A candidate that was shown, and the newest thing anybody said of it; None where nobody said anything."""

    search_id: int
    rank: int
    is_filler: bool
    face_id: int | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class JudgementFact:
    """What somebody said of a candidate, or with rank None of a whole list."""

    search_id: int
    rank: int | None
    is_filler: bool
    verdict: Verdict
    seconds: float
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeadFact:
    """A lead that was found, and its answer so far."""

    at: datetime
    verdict: Verdict | None


def find_first_search(connection: Connection) -> datetime | None:
    """Returns when the first search was made, None if there was none."""
    found: datetime | None = connection.execute(select(func.min(face_searches.c.searched_at))).scalar()
    return found


def list_searches(connection: Connection, span: Span) -> Iterator[SearchFact]:
    """Yields the searches of a time that are still kept."""
    table = face_searches.c
    query = select(table.id, table.searched_at, table.scope, table.reason).where(span.holds(table.searched_at))
    for row in connection.execute(query.order_by(table.id)):
        yield SearchFact(row.id, row.searched_at, SearchScope(row.scope), row.reason is not None)


def list_candidates(connection: Connection, span: Span) -> Iterator[CandidateFact]:
    """Yields what was shown in the searches of a time."""
    table, searches = face_candidates.c, face_searches.c
    said = _find_newest(connection, span)
    query = (
        select(table.search_id, table.rank, table.filler_id, table.face_id)
        .join(face_searches, searches.id == table.search_id)
        .where(span.holds(searches.searched_at))
        .order_by(table.search_id, table.rank)
    )
    for row in connection.execute(query):
        verdict = said.get((row.search_id, row.rank))
        yield CandidateFact(row.search_id, row.rank, row.filler_id is not None, row.face_id, verdict)


def list_judgements(connection: Connection, span: Span) -> Iterator[JudgementFact]:
    """Yields everything said of the searches of a time, oldest first."""
    table, searches, shown = face_judgements.c, face_searches.c, face_candidates.c
    query = (
        select(*face_judgements.c, shown.filler_id)
        .join(face_searches, searches.id == table.search_id)
        .outerjoin(face_candidates, and_(shown.search_id == table.search_id, shown.rank == table.rank))
        .where(span.holds(searches.searched_at))
        .order_by(table.id)
    )
    for row in connection.execute(query):
        verdict, is_filler = Verdict(row.verdict), row.filler_id is not None
        yield JudgementFact(row.search_id, row.rank, is_filler, verdict, float(row.seconds), row.person, row.at)


def list_leads(connection: Connection, span: Span) -> Iterator[LeadFact]:
    """Yields the leads found in a time."""
    table = face_leads.c
    for row in connection.execute(select(table.found_at, table.verdict).where(span.holds(table.found_at))):
        yield LeadFact(row.found_at, Verdict(row.verdict) if row.verdict else None)


def list_identifications(connection: Connection, span: Span) -> list[datetime]:
    """Returns when faces were identified as victims and are still held to be; one time per victim and face."""
    return [at for _, at in _list_identified(connection) if span.since <= at < span.until]


def find_identified_faces(connection: Connection) -> dict[int, datetime]:
    """Returns the faces that are identified as a victim by now, and when that was said."""
    return dict(_list_identified(connection))


def list_links(connection: Connection, span: Span) -> list[datetime]:
    """Returns when cases were linked; taking a link back is not counted."""
    table = case_links.c
    query = select(table.at).where(span.holds(table.at), table.is_linked == 1)
    return list(connection.execute(query.order_by(table.id)).scalars())


def count_victims(connection: Connection, at: datetime) -> tuple[int, int]:
    """Returns how many victims are looked for at a time, and how many no longer."""
    table = victims.c
    there = select(func.count()).select_from(victims).where(table.added_at < at)
    still = connection.execute(there.where(or_(table.closed_at.is_(None), table.closed_at >= at))).scalar_one()
    return int(still), int(connection.execute(there).scalar_one()) - int(still)


def count_audited_searches(connection: Connection, span: Span) -> int:
    """Returns how many searches the audit log holds in a time, those since deleted included."""
    table = audit_events.c
    inside = and_(table.at >= write_utc(span.since), table.at < write_utc(span.until))
    query = select(func.count()).select_from(audit_events).where(table.act.in_(_SEARCHES), inside)
    return int(connection.execute(query).scalar_one())


def _find_newest(connection: Connection, span: Span) -> dict[tuple[int, int], Verdict]:
    newest: dict[tuple[int, int], Verdict] = {}
    for one in list_judgements(connection, span):
        if one.rank is not None:
            newest[one.search_id, one.rank] = one.verdict
    return newest


def _list_identified(connection: Connection) -> list[tuple[int, datetime]]:
    """Returns face and time of every identification whose newest word is "same"."""
    table = identifications.c
    said: dict[tuple[int, int], list[tuple[Verdict, datetime]]] = defaultdict(list)
    query = select(table.victim_id, table.face_id, table.verdict, table.at).order_by(table.id)
    for row in connection.execute(query):
        said[row.victim_id, row.face_id].append((Verdict(row.verdict), row.at))
    return [(face_id, words[-1][1]) for (_, face_id), words in said.items() if words[-1][0] is Verdict.SAME]
