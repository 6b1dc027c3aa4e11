"""Behaviour of `varde.store.suppression`, and of every reader: what a negative set explains is no finding, and kept."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, select, update
from stored import AT, PDQ, add_files, examine, make_case, make_content, make_digests, make_set

from varde.core.case import Case
from varde.core.finding import Match, OperatingPoint
from varde.core.known import EntryState, KnownEntry, SetRole
from varde.core.signal import Method
from varde.store import findings, item_lists, summary, tables
from varde.store.database import Database
from varde.store.item_lists import ItemFilter
from varde.store.records import ItemRecord, get_record
from varde.store.suppression import suppress

POINT = OperatingPoint(PDQ, 31, 50)
FEATURES = OperatingPoint(Method("local-features", "1"), 100, 0)


@dataclass
class Seen:
    """An item with one content, and the sets it may be matched with."""

    case: Case
    item_id: int
    content_id: int
    sets: dict[str, int]

    def match(self, connection: Connection, name: str, distance: int, point: OperatingPoint = POINT) -> None:
        match = Match(self.content_id, self.entry_of(connection, name), point, distance)
        findings.record_matches(connection, [match], AT)

    def match_exactly(self, connection: Connection, name: str) -> None:
        entry_id = self.entry_of(connection, name)
        contents = range(self.content_id, self.content_id + 1)
        assert findings.match_digests(connection, contents, range(entry_id, entry_id + 1), AT) == 1

    def entry_of(self, connection: Connection, name: str) -> int:
        table = tables.known_entries.c
        return int(connection.execute(select(table.id).where(table.set_id == self.sets[name])).scalar_one())

    def record(self, connection: Connection) -> ItemRecord:
        suppress(connection, range(self.content_id, self.content_id + 1))
        return get_record(connection, self.item_id)


@pytest.fixture
def seen(database: Database) -> Seen:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        item_id = add_files(connection, exhibit, b"here.jpg")["here.jpg"]
        examine(connection, exhibit, "here.jpg", make_content(b"here"))
        same = KnownEntry(1, md5=make_digests(b"here").md5, source_id="e")
        roles = {"alert": SetRole.ALERT, "own": SetRole.OWN, "known": SetRole.KNOWN, "negative": SetRole.NEGATIVE}
        sets = {name: make_set(connection, same, name=name, role=role) for name, role in roles.items()}
        content_id = get_record(connection, item_id).content_id
    assert content_id is not None
    return Seen(case, item_id, content_id, sets)


@pytest.mark.parametrize(("alert", "negative", "is_suppressed"), [(9, 8, True), (9, 9, True), (9, 10, False)])
def test_a_negative_match_as_close_suppresses_and_is_named(
    database: Database, seen: Seen, alert: int, negative: int, is_suppressed: bool
) -> None:
    with database.write() as connection:
        seen.match(connection, "alert", alert)
        seen.match(connection, "negative", negative)
        record = seen.record(connection)
        listed = list(item_lists.list_ids(connection, seen.case.case_id, ItemFilter(matched=True)))
        figures = summary.summarise_case(connection, seen.case.case_id)
        by_set = summary.count_matched_by_set(connection, seen.case.case_id, seen.sets["alert"])
    assert {match.set_name for match in record.matches} == ({"negative"} if is_suppressed else {"alert", "negative"})
    assert [match.status for match in record.set_aside] == (
        [f"suppressed: entry e of negative 1 (distance {negative}) explains it"] if is_suppressed else []
    )
    assert listed == ([] if is_suppressed else [seen.item_id])
    assert (figures.matched, figures.set_aside) == ((0, 1) if is_suppressed else (1, 0))
    assert by_set == (0 if is_suppressed else 1)


def test_an_exact_negative_match_suppresses_whatever_the_method(database: Database, seen: Seen) -> None:
    with database.write() as connection:
        seen.match(connection, "alert", 0)
        seen.match(connection, "own", 70, FEATURES)
        seen.match_exactly(connection, "negative")
        record = seen.record(connection)
    assert {match.set_name for match in record.set_aside} == {"alert", "own"}


def test_a_negative_match_by_another_method_suppresses_nothing(database: Database, seen: Seen) -> None:
    with database.write() as connection:
        seen.match(connection, "alert", 30, FEATURES)
        seen.match(connection, "negative", 2)
        assert seen.record(connection).set_aside == ()


def test_a_match_by_digest_is_never_suppressed_and_the_conflict_is_said(database: Database, seen: Seen) -> None:
    with database.write() as connection:
        seen.match_exactly(connection, "alert")
        seen.match_exactly(connection, "negative")
        record = seen.record(connection)
    (match,) = [match for match in record.matches if match.role is SetRole.ALERT]
    assert record.set_aside == ()
    assert match.status == "in conflict: entry e of negative 1 (distance 0) calls the same content harmless"


def test_sets_that_say_nothing_are_not_suppressed(database: Database, seen: Seen) -> None:
    with database.write() as connection:
        seen.match(connection, "known", 9)
        seen.match(connection, "negative", 1)
        assert seen.record(connection).set_aside == ()


@pytest.mark.parametrize("state", [EntryState.WITHDRAWN, EntryState.DISPUTED])
@pytest.mark.parametrize("table", [tables.known_entries, tables.known_sets])
def test_a_negative_entry_that_is_doubted_suppresses_no_longer(
    database: Database, seen: Seen, state: EntryState, table: tables.Table
) -> None:
    with database.write() as connection:
        seen.match(connection, "alert", 9)
        seen.match(connection, "negative", 1)
        assert len(seen.record(connection).set_aside) == 1
        set_id = seen.sets["negative"]
        where = table.c.id == set_id if table is tables.known_sets else table.c.set_id == set_id
        connection.execute(update(table).where(where).values(state=state.value))
        assert suppress(connection) == 1
        assert suppress(connection) == 0
        assert "alert" in [match.set_name for match in get_record(connection, seen.item_id).matches]


@pytest.mark.parametrize("table", [tables.known_entries, tables.known_sets])
def test_a_match_with_what_was_withdrawn_is_set_aside_and_one_with_what_is_disputed_says_so(
    database: Database, seen: Seen, table: tables.Table
) -> None:
    with database.write() as connection:
        seen.match(connection, "alert", 9)
        where = table.c.id == seen.sets["alert"] if table is tables.known_sets else table.c.set_id == seen.sets["alert"]
        connection.execute(update(table).where(where).values(state="disputed"))
        (match,) = seen.record(connection).matches
        assert match.status == "the entry is disputed"
        connection.execute(update(table).where(where).values(state="withdrawn"))
        record = seen.record(connection)
        figures = summary.summarise_case(connection, seen.case.case_id)
    assert record.matches == ()
    assert [match.status for match in record.set_aside] == ["the entry was withdrawn: this is no match any more"]
    assert (figures.matched, figures.set_aside) == (0, 1)
