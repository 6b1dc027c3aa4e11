"""Second opinions: appended, never changed, and pinned by the audit log."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, func, insert, select, type_coerce

from varde.core.audit import Act, AuditEvent
from varde.core.errors import IntegrityFailure
from varde.core.review import Opinion
from varde.store.people_tables import accounts
from varde.store.review_tables import opinions, queues
from varde.store.tables import contents, decisions, exhibits, items


@dataclass(frozen=True, slots=True)
class Compared:
    """An opinion beside the decision that was in force when it was given.

    Attributes:
        first: code of the decision; None where it was withdrawn just before.
        is_settled: whether somebody decided on the item since.
    """

    item_id: int
    queue_id: int
    account_id: int
    first: str | None
    second: str
    note: str
    at: datetime
    is_settled: bool


def add_opinion(
    connection: Connection, *, item_id: int, queue_id: int, account_id: int, code: str, at: datetime, note: str
) -> int:
    """Returns the number of an opinion that was appended, beside the decision that is in force now."""
    number = (connection.execute(select(func.max(opinions.c.id))).scalar() or 0) + 1
    decision = connection.execute(select(func.max(decisions.c.id)).where(decisions.c.item_id == item_id)).scalar()
    values = {"id": number, "item_id": item_id, "queue_id": queue_id, "account_id": account_id}
    values |= {"decision_id": decision, "code": code, "at": at, "note": note}
    connection.execute(insert(opinions).values(**values))
    return number


def find_own(connection: Connection, queue_id: int, item_id: int, account_id: int) -> str | None:
    """Returns the code of the newest opinion a person gave on an item in a queue, None where there is none."""
    table = opinions.c
    same = (table.item_id == item_id, table.queue_id == queue_id, table.account_id == account_id)
    return connection.execute(select(table.code).where(*same).order_by(table.id.desc()).limit(1)).scalar()


def count_people(connection: Connection, queue_id: int, item_id: int) -> int:
    """Returns how many people gave an opinion on an item in a queue."""
    table = opinions.c
    query = select(func.count(table.account_id.distinct()))
    return int(connection.execute(query.where(table.queue_id == queue_id, table.item_id == item_id)).scalar_one())


def list_of_item(connection: Connection, item_id: int) -> list[Opinion]:
    """Returns the opinions on an item, the newest last; not for people who are blind to it."""
    table = opinions.c
    query = select(table.item_id, table.code, accounts.c.name, table.at, table.note)
    query = query.join(accounts, accounts.c.id == table.account_id).where(table.item_id == item_id)
    return [Opinion(*row) for row in connection.execute(query.order_by(table.id))]


def list_compared(connection: Connection, queue_id: int) -> list[Compared]:
    """Returns each person's newest opinion on each item of a queue, by item and number."""
    return _compare(connection, [queue_id])


def list_disagreements(connection: Connection, case_id: int) -> list[Compared]:
    """Returns the opinions of a case that differ from the decision then in force and that nobody settled since."""
    ids = list(connection.execute(select(queues.c.id).where(queues.c.case_id == case_id)).scalars())
    return [one for one in _compare(connection, ids) if one.first != one.second and not one.is_settled]


def describe_opinion(connection: Connection, number: int) -> dict[str, str | int | None]:
    """Returns the part of an audit event's subject that pins an opinion; empty where there is none of that number.

    The digest is SHA-256 over one line of compact JSON in UTF-8, ended by a line feed: `[id, item, exhibit, locator,
    sha256, queue, person, decision, code, at, note]`.
    """
    query = (
        select(
            opinions.c.item_id,
            exhibits.c.number,
            items.c.locator,
            contents.c.sha256,
            opinions.c.queue_id,
            accounts.c.name,
            opinions.c.decision_id,
            opinions.c.code,
            type_coerce(opinions.c.at, Text).label("at"),
            opinions.c.note,
        )
        .join(items, items.c.id == opinions.c.item_id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(accounts, accounts.c.id == opinions.c.account_id)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
        .where(opinions.c.id == number)
    )
    row = connection.execute(query).first()
    if row is None:
        return {}
    made_on = [number, row.item_id, row.number, row.locator, row.sha256.hex() if row.sha256 is not None else None]
    values = [*made_on, row.queue_id, row.name, row.decision_id, row.code, row.at, row.note]
    line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
    return {"item": row.item_id, "opinion": number, "code": row.code, "sha256": hashlib.sha256(line).hexdigest()}


def verify_opinion(connection: Connection, event: AuditEvent, audited: int) -> int:
    """Returns the last opinion that is pinned by an event or, as given, by those before.

    Raises:
        IntegrityFailure: if it is not what the event recorded, or one before it is missing.
    """
    if event.act != Act.OPINION_GIVEN.value:
        return audited
    number = event.subject.get("opinion")
    if number != audited + 1:
        raise IntegrityFailure(
            f"audit event {event.number} records opinion {number}, but those before it end at {audited}"
        )
    found = describe_opinion(connection, audited + 1)
    if not found or found["sha256"] != event.subject.get("sha256"):
        raise IntegrityFailure(f"opinion {number} is not what audit event {event.number} recorded: it was changed")
    return audited + 1


def verify_no_stray_opinions(connection: Connection, audited: int) -> None:
    """Does nothing if every opinion was pinned by an event.

    Raises:
        IntegrityFailure: naming the first that was not.
    """
    outside = (opinions.c.id > audited) | (opinions.c.id < 1)
    stray = connection.execute(select(func.min(opinions.c.id)).where(outside)).scalar()
    if stray is not None:
        raise IntegrityFailure(f"opinion {stray} was recorded without an audit event")


def _compare(connection: Connection, queue_ids: list[int]) -> list[Compared]:
    table, later = opinions.c, decisions.alias("later").c
    newest = select(func.max(table.id)).where(table.queue_id.in_(queue_ids))
    newest = newest.group_by(table.queue_id, table.item_id, table.account_id)
    since = select(func.max(later.id)).where(later.item_id == table.item_id).scalar_subquery()
    query = (
        select(
            table.item_id,
            table.queue_id,
            table.account_id,
            decisions.c.code.label("first"),
            table.code.label("second"),
            table.note,
            table.at,
            (func.coalesce(since, 0) > func.coalesce(table.decision_id, 0)).label("is_settled"),
        )
        .join(decisions, decisions.c.id == table.decision_id, isouter=True)
        .where(table.id.in_(newest))
        .order_by(table.item_id, table.id)
    )
    return [
        Compared(
            row.item_id, row.queue_id, row.account_id, row.first, row.second, row.note, row.at, bool(row.is_settled)
        )
        for row in connection.execute(query)
    ]
