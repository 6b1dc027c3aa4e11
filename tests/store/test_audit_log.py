"""Behaviour of `varde.store.audit`: whatever is changed, the first broken link is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from stored import AT, PERSON, add_examined, make_case

from site_copies import CopyFilled
from varde.core.audit import Act
from varde.core.errors import IntegrityFailure
from varde.core.scheme import Grade
from varde.store import audit, decisions
from varde.store.audit import AuditHead, verify_chain, write_pinned
from varde.store.database import Database
from varde.store.site import Site

Tamper = Callable[[Connection], object]
ITEMS = 6


def fill(site: Site) -> None:
    with site.database.write() as connection:
        case, (exhibit,) = make_case(connection)
        ids = list(add_examined(connection, exhibit, *(b"%d.jpg" % number for number in range(ITEMS))).values())
        for item_id in ids:
            decide(connection, [item_id], "1")
        decide(connection, ids[:2], "2", source="other.json")
        decide(connection, ids[2:4], "3", source="other.json")
        for number in range(2):
            subject = {"case": case.name, "report": f"r{number}", "größe": None}
            audit.append_event(connection, at=AT, person=PERSON, act=Act.REPORT_WRITTEN, subject=subject)


@pytest.fixture
def log(copy_filled: CopyFilled) -> Database:
    """A log of eleven events: the site, six single grades, two imports of two, two reports."""
    return copy_filled(fill)[0].database


def decide(connection: Connection, item_ids: list[int], code: str | None, source: str = "") -> None:
    grade = Grade("vics-us", "2.0", code) if code else None
    decided = [(item_id, grade, "a note") for item_id in item_ids]
    decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=AT, source=source)


def verify(database: Database, expected: AuditHead | None = None) -> AuditHead:
    with database.read() as connection:
        return verify_chain(connection, expected)


def without_triggers(connection: Connection, *statements: str) -> None:
    """Does what somebody with the rights of the database's owner can do."""
    for table in ("decisions", "audit_events"):
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for act in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{act}"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements:
        connection.execute(text(statement))


def test_an_untouched_log_is_whole(log: Database) -> None:
    with log.read() as connection:
        head = audit.get_head(connection)
    assert verify(log) == head
    assert head.number == 11


def test_an_empty_log_is_whole(database: Database) -> None:
    with database.write() as connection:
        without_triggers(connection, "DELETE FROM audit_events")
    assert verify(database) == AuditHead(0, bytes(32))


@pytest.mark.parametrize("table", ["decisions", "audit_events"])
@pytest.mark.parametrize("act", ["UPDATE {} SET person = 'B'", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_or_delete(log: Database, table: str, act: str) -> None:
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), log.write() as connection:
        connection.execute(text(act.format(table)))
    verify(log)


@pytest.mark.parametrize("table", ["decisions", "audit_events"])
def test_the_database_itself_refuses_to_replace_or_empty(log: Database, table: str) -> None:
    statement = f"TRUNCATE {table} CASCADE"
    if log.engine.dialect.name == "sqlite":
        key = "id" if table == "decisions" else "number"
        statement = f"UPDATE OR REPLACE {table} SET {key} = {key} + 1"
    with pytest.raises(DBAPIError, match="append-only"), log.write() as connection:
        connection.execute(text(statement))
    verify(log)


COPY_DECISION = (
    "INSERT INTO decisions SELECT {}, item_id, scheme_id, code, person, at, note, source FROM decisions WHERE id = 1"
)
CHANGES = {
    "person": ("UPDATE audit_events SET person = 'B' WHERE number = 4", "event 4 .* was changed"),
    "time": ("UPDATE audit_events SET at = '2026-10-01T12:30:00.000001Z' WHERE number = 4", "event 4 .* was changed"),
    "act": ("UPDATE audit_events SET act = 'case_created' WHERE number = 4", "event 4 .* was changed"),
    "subject": ("UPDATE audit_events SET subject = '{}' WHERE number = 10", "event 10 .* was changed"),
    "no JSON": (
        "UPDATE audit_events SET subject = '{' WHERE number = 10",
        "event 10 .* cannot be read: it was changed",
    ),
    "a list": ("UPDATE audit_events SET subject = '[]' WHERE number = 10", "event 10 .* was changed"),
    "hash": ("UPDATE audit_events SET hash = CAST('x' AS {bytes}) WHERE number = 4", "event 4 .* was changed"),
    "first": ("UPDATE audit_events SET person = 'B' WHERE number = 1", "event 1 .* was changed"),
    "several": ("UPDATE audit_events SET person = 'B' WHERE number IN (9, 3, 5)", "event 3 .* was changed"),
    "delete": ("DELETE FROM audit_events WHERE number = 5", "event 5 is missing; number 6 is in its place"),
    "delete first": ("DELETE FROM audit_events WHERE number = 1", "event 1 is missing; number 2 is in its place"),
    "insert": (
        "INSERT INTO audit_events SELECT 0, at, person, act, subject, CAST('y' AS {bytes}) FROM audit_events "
        "WHERE number = 1",
        "event 1 is missing; number 0 is in its place",
    ),
    "decision code": (
        "UPDATE decisions SET code = '5' WHERE id = 3",
        "decisions 3 to 3 .* event 4 .*: they, or the items",
    ),
    "decision note": (
        "UPDATE decisions SET note = '' WHERE id = 8",
        "decisions 7 to 8 .* event 8 .*: they, or the items",
    ),
    "decision person": ("UPDATE decisions SET person = 'B' WHERE id = 1", "decisions 1 to 1 .*: they, or the items"),
    "decision time": ("UPDATE decisions SET at = 'never' WHERE id = 1", "decisions 1 to 1 .*: they, or the items"),
    "decision item": ("UPDATE decisions SET item_id = 1 WHERE id = 6", "decisions 6 to 6 .*: they, or the items"),
    "decision source": ("UPDATE decisions SET source = '' WHERE id = 7", "decisions 7 to 8 .*: they, or the items"),
    "decision gone": ("DELETE FROM decisions WHERE id = 10", "decisions 9 to 10 .*: they, or the items"),
    "item with other content": (
        "UPDATE items SET content_id = (SELECT content_id FROM items WHERE id = 1) WHERE id = 2",
        r"decisions (\d) to \1 .*: they, or the items",
    ),
    "item without content": (
        "UPDATE items SET content_id = NULL WHERE id = 5",
        r"decisions (\d) to \1 .*: they, or the items",
    ),
    "item moved": (
        "UPDATE items SET locator = 'x.jpg' WHERE id = 3",
        r"decisions (\d) to \1 .*: they, or the items",
    ),
    "exhibit renumbered": (
        "UPDATE exhibits SET number = 7",
        "decisions 1 to 1 .*: they, or the items",
    ),
    "content with another digest": (
        "UPDATE contents SET sha256 = md5 WHERE id = 4",
        r"decisions (\d) to \1 .*: they, or the items",
    ),
    "scheme renamed": (
        "UPDATE schemes SET name = 'x' WHERE name = 'vics-us'",
        "decisions 1 to 1 .*: they, or the items",
    ),
    "stray decision": (
        COPY_DECISION.format(99),
        "decision 99 was recorded without an audit event",
    ),
    "hidden decision": (
        COPY_DECISION.format(-5),
        "decision -5 was recorded without an audit event",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named_at_the_first_broken_link(log: Database, name: str) -> None:
    statement, message = CHANGES[name]
    bytes_type = "BYTEA" if log.engine.dialect.name == "postgresql" else "BLOB"
    with log.write() as connection:
        without_triggers(connection, statement.format(bytes=bytes_type) if "{bytes}" in statement else statement)
    with pytest.raises(IntegrityFailure, match=message):
        verify(log)


def test_two_swapped_events_are_noticed(log: Database) -> None:
    with log.write() as connection:
        moves = ((3, -3), (4, 3), (-3, 4))
        without_triggers(connection, *(f"UPDATE audit_events SET number = {b} WHERE number = {a}" for a, b in moves))
    with pytest.raises(IntegrityFailure, match=r"audit event 3 .* was changed"):
        verify(log)


def test_a_cut_tail_is_noticed_with_a_checkpoint_only(log: Database) -> None:
    head = verify(log)
    with log.write() as connection:
        without_triggers(connection, "DELETE FROM audit_events WHERE number > 9")
    assert verify(log).number == 9
    with pytest.raises(IntegrityFailure, match="signed for audit event 11, but the log ends at 9"):
        verify(log, head)


def test_a_rewritten_chain_is_noticed_with_a_checkpoint(log: Database) -> None:
    with log.write() as connection:
        head = audit.get_head(connection)
        without_triggers(connection, "DELETE FROM audit_events WHERE number > 9")
        for _ in range(3):
            audit.append_event(connection, at=AT, person="B", act=Act.REPORT_WRITTEN, subject={})
    assert verify(log).number == 12
    with pytest.raises(IntegrityFailure, match="audit event 11 is not the one the checkpoint was signed for"):
        verify(log, head)


def test_a_checkpoint_stays_good_while_the_log_grows(log: Database) -> None:
    head = verify(log)
    with log.write() as connection:
        audit.append_event(connection, at=AT, person=PERSON, act=Act.CASE_CREATED, subject={})
    assert verify(log, head).number == head.number + 1


def test_a_wrong_hash_in_the_checkpoint_is_noticed(log: Database) -> None:
    with pytest.raises(IntegrityFailure, match="audit event 11 is not the one"):
        verify(log, replace(verify(log), event_hash=bytes(32)))


def test_an_event_that_skips_decisions_is_noticed(log: Database) -> None:
    """Decisions slipped in between two audited ranges cannot hide behind the later one."""
    with log.write() as connection:
        without_triggers(
            connection,
            COPY_DECISION.format(11),
        )
        decide(connection, [1], "4")
    with pytest.raises(IntegrityFailure, match="records decisions from 12 on, but those before it end at 10"):
        verify(log)


def test_events_are_listed_in_order_after_a_number(log: Database) -> None:
    with log.read() as connection:
        events = list(audit.list_events(connection, after=9))
    assert [event.number for event in events] == [10, 11]
    assert events[0].subject == {"case": "harbour", "report": "r0", "größe": None}
    assert events[0].at == "2026-10-01T12:30:00.000000Z"


def test_an_event_and_its_act_are_one_transaction(log: Database) -> None:
    head = verify(log)
    with pytest.raises(RuntimeError), log.write() as connection:
        decide(connection, [1], "5")
        raise RuntimeError
    assert verify(log) == head


def test_what_digests_of_decisions_are_made_of_is_json_as_python_writes_it() -> None:
    storable = [*range(1, 0xD800), *range(0xE000, 0x11000), 0x1F600, 0x10FFFF]
    values = (7, None, "".join(map(chr, storable)), "")
    assert write_pinned(values) == json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
