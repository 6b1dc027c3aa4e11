"""Outcome cards: a few words of what became of a case, for those who worked on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, union, update

from varde.store import tables
from varde.store.people_tables import accounts, case_access
from varde.store.review_tables import assignments, exposures, opinions, outcome_readings, outcomes, queues
from varde.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Card:
    """An outcome card.

    Attributes:
        case_name: "" for people who have no access to the case any more.
        people: how many it was written for.
        read: how many of them have read it.
    """

    outcome_id: int
    case_id: int
    case_name: str
    at: datetime
    person: str
    text: str
    people: int = 0
    read: int = 0


def find_people(connection: Connection, case_id: int) -> list[int]:
    """Returns the accounts of those who decided, gave opinions, held or saw items of a case: not for every request."""
    items, exhibits, decisions = tables.items.c, tables.exhibits.c, tables.decisions.c
    decided = (
        select(decisions.person)
        .join(tables.items, items.id == decisions.item_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(exhibits.case_id == case_id)
        .distinct()
    )
    of_case = queues.c.case_id == case_id
    people = union(
        select(accounts.c.id).where(accounts.c.name.in_(decided)),
        select(opinions.c.account_id).join(queues, queues.c.id == opinions.c.queue_id).where(of_case),
        select(assignments.c.account_id).join(queues, queues.c.id == assignments.c.queue_id).where(of_case),
        select(exposures.c.account_id).where(exposures.c.case_id == case_id).distinct(),
    )
    return sorted(connection.execute(people).scalars())


def add_outcome(
    connection: Connection, *, case_id: int, text: str, people: list[int], person: str, at: datetime
) -> int:
    """Returns the number of a card that was written for some accounts."""
    values = {"case_id": case_id, "at": at, "person": person, "text": text}
    number: int = connection.execute(insert(outcomes).values(**values).returning(outcomes.c.id)).scalar_one()
    if people:
        rows = [{"outcome_id": number, "account_id": account_id, "read_at": None} for account_id in people]
        connection.execute(insert(outcome_readings), rows)
    return number


def list_unread(connection: Connection, account_id: int) -> list[Card]:
    """Returns the cards written for a person that they have not read, the newest first.

    Whoever has no access to the case any more is told the words of the card, and not which case it is.
    """
    readings, access = outcome_readings.c, case_access.c
    may_see = (access.case_id == outcomes.c.case_id) & (access.account_id == account_id)
    query = (
        select(outcomes, tables.cases.c.name.label("case_name"), access.account_id.label("may_see"))
        .join(outcome_readings, readings.outcome_id == outcomes.c.id)
        .join(tables.cases, tables.cases.c.id == outcomes.c.case_id)
        .join(case_access, may_see, isouter=True)
        .where(readings.account_id == account_id, readings.read_at.is_(None))
        .order_by(outcomes.c.id.desc())
    )
    return [_read(row, row.case_name if row.may_see is not None else "") for row in connection.execute(query)]


def list_of_case(connection: Connection, case_id: int) -> list[Card]:
    """Returns the cards of a case, the newest first, with how many have read them, never who."""
    query = select(outcomes).where(outcomes.c.case_id == case_id).order_by(outcomes.c.id.desc())
    cards = []
    for row in connection.execute(query).all():
        readings = outcome_readings.c
        read = connection.execute(select(readings.read_at).where(readings.outcome_id == row.id)).scalars().all()
        cards.append(_read(row, "", people=len(read), read=sum(at is not None for at in read)))
    return cards


def record_read(connection: Connection, outcome_id: int, account_id: int, at: datetime) -> bool:
    """Records that a person read a card, the first time, and returns whether it was written for them."""
    readings = outcome_readings.c
    mine = (readings.outcome_id == outcome_id, readings.account_id == account_id)
    connection.execute(update(outcome_readings).where(*mine, readings.read_at.is_(None)).values(read_at=at))
    return connection.execute(select(readings.account_id).where(*mine)).first() is not None


def _read(row: AnyRow, case_name: str, *, people: int = 0, read: int = 0) -> Card:
    return Card(row.id, row.case_id, case_name, row.at, row.person, row.text, people, read)
