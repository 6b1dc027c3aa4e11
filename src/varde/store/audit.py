"""The audit log: appended in the same transaction as the act, verified by re-computing the whole chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from varde.core.audit import GENESIS, Act, AuditEvent, compute_event_hash
from varde.core.errors import IntegrityFailure
from varde.store.database import stream
from varde.store.tables import audit_events, decisions, schemes
from varde.store.types import AnyRow, write_utc


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
    connection.execute(
        insert(audit_events).values(
            number=event.number, at=event.at, person=person, act=event.act, subject=subject, hash=event_hash
        )
    )
    return AuditHead(event.number, event_hash)


def get_head(connection: Connection) -> AuditHead:
    """Returns the last event's number and hash."""
    row = connection.execute(
        select(audit_events.c.number, audit_events.c.hash).order_by(audit_events.c.number.desc()).limit(1)
    ).first()
    return AuditHead(row.number, row.hash) if row else AuditHead(0, GENESIS)


def list_events(connection: Connection, *, after: int = 0) -> Iterator[AuditEvent]:
    """Yields the events after a number, in order."""
    for row in _stream(connection, after):
        yield AuditEvent(row.number, row.at, row.person, row.act, row.subject)


def verify_chain(connection: Connection, expected: AuditHead | None = None) -> AuditHead:
    """Returns the head after re-computing every link and comparing every decision with the event that recorded it.

    Args:
        connection: a read transaction.
        expected: an event from a signed checkpoint that must be found unchanged in the chain.

    Raises:
        IntegrityFailure: naming the first broken link.
    """
    head = AuditHead(0, GENESIS)
    for row in _stream(connection, 0):
        event = AuditEvent(row.number, row.at, row.person, row.act, row.subject)
        if event.number != head.number + 1:
            raise IntegrityFailure(f"audit event {head.number + 1} is missing; the next one is number {event.number}")
        if compute_event_hash(head.event_hash, event) != row.hash:
            raise IntegrityFailure(f"audit event {event.number} ({event.act}) does not fit the chain: it was changed")
        head = AuditHead(event.number, row.hash)
        if expected and expected.number == head.number and expected.event_hash != head.event_hash:
            raise IntegrityFailure(f"audit event {head.number} is not the one the checkpoint was signed for")
        _verify_decisions(connection, event)
    if expected and expected.number > head.number:
        raise IntegrityFailure(
            f"the checkpoint was signed for audit event {expected.number}, but the log ends at {head.number}"
        )
    _verify_no_unaudited_decisions(connection)
    return head


def decisions_subject(connection: Connection, first: int, last: int) -> dict[str, str | int | None]:
    """Returns the part of an event's subject that pins the decisions with these row numbers."""
    count, digest = _digest_decisions(connection, first, last)
    return {"first_decision": first, "last_decision": last, "decisions": count, "decisions_sha256": digest}


def _digest_decisions(connection: Connection, first: int, last: int) -> tuple[int, str]:
    rows = connection.execute(
        select(decisions, schemes.c.name, schemes.c.version)
        .join(schemes, schemes.c.id == decisions.c.scheme_id, isouter=True)
        .where(decisions.c.id.between(first, last))
        .order_by(decisions.c.id)
    )
    digest, count = hashlib.sha256(), 0
    for row in rows:
        values = [
            row.id,
            row.item_id,
            row.name,
            row.version,
            row.code,
            row.person,
            write_utc(row.at),
            row.note,
            row.source,
        ]
        digest.update(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n")
        count += 1
    return count, digest.hexdigest()


def _verify_decisions(connection: Connection, event: AuditEvent) -> None:
    first, last = event.subject.get("first_decision"), event.subject.get("last_decision")
    if not isinstance(first, int) or not isinstance(last, int):
        return
    if decisions_subject(connection, first, last)["decisions_sha256"] != event.subject["decisions_sha256"]:
        raise IntegrityFailure(
            f"decisions {first} to {last} are not what audit event {event.number} recorded: they were changed"
        )


def _verify_no_unaudited_decisions(connection: Connection) -> None:
    audited = 0
    for row in _stream(connection, 0):
        last = row.subject.get("last_decision")
        audited = max(audited, last) if isinstance(last, int) else audited
    stray = connection.execute(select(decisions.c.id).where(decisions.c.id > audited).limit(1)).scalar()
    if stray is not None:
        raise IntegrityFailure(f"decision {stray} was recorded without an audit event")


def _stream(connection: Connection, after: int) -> Iterator[AnyRow]:
    query = select(audit_events).where(audit_events.c.number > after).order_by(audit_events.c.number)
    return stream(connection, query)
