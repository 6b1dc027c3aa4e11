"""The audit log: appended in the same transaction as the act, verified by re-computing the whole chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import msgspec
from sqlalchemy import Connection, Insert, Text, bindparam, func, insert, select, type_coerce

from varde.core.audit import GENESIS, Act, AuditEvent, compute_event_hash
from varde.core.errors import IntegrityFailure
from varde.store.database import stream
from varde.store.opinions import verify_no_stray_opinions, verify_opinion
from varde.store.tables import audit_events, contents, decisions, exhibits, items, schemes
from varde.store.types import AnyRow, AnySelect, write_utc

_ALL = -(1 << 62)
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The last event of the log: what a checkpoint signs and a report quotes.

    Attributes:
        number: 0 for an empty log.
        event_hash: 32 bytes; zeros for an empty log.
    """

    number: int
    event_hash: bytes


def append_event(
    connection: Connection, *, at: datetime, person: str, act: Act, subject: dict[str, str | int | None]
) -> AuditHead:
    """Appends one event to the chain inside the caller's write transaction and returns the new head."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE audit_events IN EXCLUSIVE MODE")
    head = get_head(connection)
    event = AuditEvent(head.number + 1, write_utc(at), person, act.value, subject)
    event_hash = compute_event_hash(head.event_hash, event)
    values = {"number": event.number, "at": event.at, "person": person, "act": event.act}
    connection.execute(_insert_event(), values | {"subject": subject, "hash": event_hash})
    return AuditHead(event.number, event_hash)


def get_head(connection: Connection) -> AuditHead:
    """Returns the last event's number and hash."""
    row = connection.execute(_select_head()).first()
    return AuditHead(row.number, row.hash) if row else AuditHead(0, GENESIS)


def find_hash(connection: Connection, number: int) -> bytes | None:
    """Returns the hash of an event, None where there is none of that number; of event 0, before the first, zeros."""
    if not number:
        return GENESIS
    return connection.execute(select(audit_events.c.hash).where(audit_events.c.number == number)).scalar()


def list_events(connection: Connection, *, after: int = 0) -> Iterator[AuditEvent]:
    """Yields the events after a number, in order.

    Raises:
        IntegrityFailure: if one cannot even be read.
    """
    for row in _stream(connection, after):
        yield _read_event(row)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; everything given must hold.

    Attributes:
        person: who did it; "" for anybody.
        act: what was done; None for anything.
        case: name of the case it was about; "" for any and none.
        since, until: from the beginning of the one to before the other, ISO 8601 in UTC; "" for any time.
    """

    person: str = ""
    act: Act | None = None
    case: str = ""
    since: str = ""
    until: str = ""


def page_events(connection: Connection, wanted: EventFilter, *, before: int | None, limit: int) -> list[AuditEvent]:
    """Returns the newest events before a number, the newest first.

    Raises:
        IntegrityFailure: if one cannot even be read.
    """
    table = audit_events.c
    facts = type_coerce(table.subject, Text).label("facts")
    query = select(table.number, table.at, table.person, table.act, facts).order_by(table.number.desc()).limit(limit)
    if before is not None:
        query = query.where(table.number < before)
    if wanted.person:
        query = query.where(table.person == wanted.person)
    if wanted.act is not None:
        query = query.where(table.act == wanted.act.value)
    if wanted.case:
        named = json.dumps(wanted.case, ensure_ascii=False)
        query = query.where(type_coerce(table.subject, Text).contains(f'"case":{named}', autoescape=True))
    if wanted.since:
        query = query.where(table.at >= wanted.since)
    if wanted.until:
        query = query.where(table.at < wanted.until)
    return [_read_event(row) for row in connection.execute(query)]


def verify_chain(connection: Connection, expected: AuditHead | None = None) -> AuditHead:
    """Returns the head after re-computing every link and comparing decisions and opinions with what recorded them.

    Args:
        connection: a read transaction.
        expected: an event from a signed checkpoint that must be found unchanged in the chain.

    Raises:
        IntegrityFailure: naming the first broken link.
    """
    head, audited, opinions = AuditHead(0, GENESIS), 0, 0
    for row in _stream(connection, _ALL):
        event = _read_event(row)
        if event.number != head.number + 1:
            raise IntegrityFailure(f"audit event {head.number + 1} is missing; number {event.number} is in its place")
        if compute_event_hash(head.event_hash, event) != row.hash:
            raise IntegrityFailure(f"audit event {event.number} ({event.act}) does not fit the chain: it was changed")
        head = AuditHead(event.number, row.hash)
        if expected and expected.number == head.number and expected.event_hash != head.event_hash:
            raise IntegrityFailure(f"audit event {head.number} is not the one the checkpoint was signed for")
        audited = _verify_decisions(connection, event, audited)
        opinions = verify_opinion(connection, event, opinions)
    if expected and expected.number > head.number:
        raise IntegrityFailure(
            f"the checkpoint was signed for audit event {expected.number}, but the log ends at {head.number}"
        )
    _verify_no_unaudited_decisions(connection, audited)
    verify_no_stray_opinions(connection, opinions)
    return head


def decisions_subject(connection: Connection, first: int, last: int) -> dict[str, str | int | None]:
    """Returns the part of an event's subject that pins the decisions with these row numbers."""
    count, digest = _digest_decisions(connection, first, last)
    return {"first_decision": first, "last_decision": last, "decisions": count, "decisions_sha256": digest}


def _digest_decisions(connection: Connection, first: int, last: int) -> tuple[int, str]:
    """Returns number and digest of decisions, each with the bytes and the place it was made on."""
    digest, count = hashlib.sha256(), 0
    while rows := connection.execute(_select_pinned(), {"first": first, "last": last}).all():
        lines = [
            write_pinned((number, item_id, exhibit, locator, None if sha256 is None else sha256.hex(), *decided))
            for number, item_id, exhibit, locator, sha256, *decided in rows
        ]
        digest.update(b"".join(lines))
        count += len(lines)
        if len(rows) < _AT_ONCE:
            break
        first = rows[-1].id + 1
    return count, digest.hexdigest()


def write_pinned(values: tuple[object, ...]) -> bytes:
    """Returns a line of compact JSON. It is what digests are made of: it never changes."""
    return msgspec.json.encode(values) + b"\n"


@cache
def _select_pinned() -> AnySelect:
    """Returns the query for decisions with all that their digest is made of, in this order."""
    where = (decisions.c.id, decisions.c.item_id, exhibits.c.number, items.c.locator, contents.c.sha256)
    at = type_coerce(decisions.c.at, Text).label("at")
    made = (decisions.c.code, decisions.c.person, at, decisions.c.note, decisions.c.source)
    return (
        select(*where, schemes.c.name, schemes.c.version, *made)
        .join(items, items.c.id == decisions.c.item_id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
        .join(schemes, schemes.c.id == decisions.c.scheme_id, isouter=True)
        .where(decisions.c.id.between(bindparam("first"), bindparam("last")))
        .order_by(decisions.c.id)
        .limit(_AT_ONCE)
    )


@cache
def _select_head() -> AnySelect:
    return select(audit_events.c.number, audit_events.c.hash).order_by(audit_events.c.number.desc()).limit(1)


@cache
def _insert_event() -> Insert:
    return insert(audit_events)


def _verify_decisions(connection: Connection, event: AuditEvent, audited: int) -> int:
    """Returns the last decision that is pinned by this event or, as given, by those before."""
    first, last = event.subject.get("first_decision"), event.subject.get("last_decision")
    if not isinstance(first, int) or not isinstance(last, int):
        return audited
    if first != audited + 1:
        raise IntegrityFailure(
            f"audit event {event.number} records decisions from {first} on, but those before it end at {audited}"
        )
    if decisions_subject(connection, first, last)["decisions_sha256"] != event.subject.get("decisions_sha256"):
        raise IntegrityFailure(
            f"decisions {first} to {last} are not what audit event {event.number} recorded: "
            "they, or the items they were made on, were changed"
        )
    return last


def _verify_no_unaudited_decisions(connection: Connection, audited: int) -> None:
    outside = (decisions.c.id > audited) | (decisions.c.id < 1)
    stray = connection.execute(select(func.min(decisions.c.id)).where(outside)).scalar()
    if stray is not None:
        raise IntegrityFailure(f"decision {stray} was recorded without an audit event")


def _read_event(row: AnyRow) -> AuditEvent:
    try:
        subject = json.loads(row.facts)
    except ValueError as error:
        raise IntegrityFailure(f"audit event {row.number} ({row.act}) cannot be read: it was changed") from error
    return AuditEvent(row.number, row.at, row.person, row.act, subject)


def _stream(connection: Connection, after: int) -> Iterator[AnyRow]:
    """Yields events with their subject as the stored text, which may have been tampered with."""
    table = audit_events.c
    facts = type_coerce(table.subject, Text).label("facts")
    query = select(table.number, table.at, table.person, table.act, facts, table.hash)
    return stream(connection, query.where(table.number > after).order_by(table.number))
