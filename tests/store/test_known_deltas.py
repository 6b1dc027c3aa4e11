"""Behaviour of `varde.store.known_deltas`: what a source's changes do to its set, whatever their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from stored import AT, PERSON, make_digests, make_set

from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta
from varde.store import known_entries, known_history, known_sets
from varde.store.database import Database
from varde.store.known_deltas import Change, DeltaResult, record_delta
from varde.store.known_history import KnownEvent
from varde.store.site import Site


def entry(source_id: str, version: int = 1) -> KnownEntry:
    return KnownEntry(version, md5=make_digests(f"{source_id} {version}".encode()).md5, source_id=source_id)


def record(connection: Connection, set_id: int, delta: SetDelta, *, minute: int = 1) -> DeltaResult:
    change = Change(set_id, PERSON, AT + timedelta(minutes=minute), "exchange")
    return record_delta(connection, change, delta)


def states(connection: Connection, set_id: int) -> list[tuple[str, int, str]]:
    stored = known_entries.list_entries(connection, set_id, with_withdrawn=True)
    return [(one.entry.source_id, one.entry.line, one.state.value) for one in stored]


@pytest.fixture
def set_id(database: Database) -> int:
    with database.write() as connection:
        made = make_set(connection)
        record(connection, made, SetDelta(upserts=(entry("a"), entry("b"), entry("c")), checkpoint={"page": "1"}))
    return made


def test_an_entry_described_anew_takes_the_place_of_the_old_one(database: Database, set_id: int) -> None:
    with database.write() as connection:
        result = record(connection, set_id, SetDelta(upserts=(entry("b", 2), entry("d"))))
        assert result == DeltaResult(added=1, superseded=1)
        assert states(connection, set_id) == [
            ("a", 1, "active"),
            ("b", 1, "withdrawn"),
            ("c", 1, "active"),
            ("b", 2, "active"),
            ("d", 1, "active"),
        ]
        (event,) = known_history.list_events(connection, set_id)
        assert (event.entry_id, event.act, event.person) == (2, KnownAct.SUPERSEDED, PERSON)
        assert event.reason == "described anew by its source (exchange)"
        assert known_sets.get_set_by_id(connection, set_id).entries == 4


def test_what_is_the_same_stays_as_it_is_and_leaves_no_revision(database: Database, set_id: int) -> None:
    with database.write() as connection:
        again = SetDelta(upserts=(replace(entry("b"), line=77),), checkpoint={"page": "1"})
        assert record(connection, set_id, again) == DeltaResult(unchanged=1)
        assert len(list(known_history.list_revisions(connection, set_id))) == 1
        record(connection, set_id, replace(again, checkpoint={"page": "2"}))
        *_, last = known_history.list_revisions(connection, set_id)
        assert (last.added, last.removed, last.first_entry_id) == (0, 0, None)
        assert known_history.read_checkpoint(connection, set_id) == {"page": "2"}


def test_what_is_taken_back_or_disputed_is_kept_with_its_reason(database: Database, set_id: int) -> None:
    delta = SetDelta(removals=("a", "unheard-of"), disputes=("b", "a"))
    with database.write() as connection:
        assert record(connection, set_id, delta) == DeltaResult(removed=1, disputed=1)
        assert record(connection, set_id, delta) == DeltaResult()
        assert [state for _, _, state in states(connection, set_id)] == ["withdrawn", "disputed", "active"]
        reasons = [event.reason for event in known_history.list_events(connection, set_id)]
        assert reasons == [
            "taken back by its source (exchange)",
            "in dispute among its source's members (exchange)",
        ]
        assert known_sets.get_set_by_id(connection, set_id).entries == 2


def test_what_its_source_took_back_comes_again_as_a_new_entry(database: Database, set_id: int) -> None:
    with database.write() as connection:
        record(connection, set_id, SetDelta(removals=("a",)))
        assert record(connection, set_id, SetDelta(upserts=(entry("a"),))) == DeltaResult(added=1)
        assert states(connection, set_id)[-1] == ("a", 1, "active")


def test_what_a_person_here_withdrew_stays_withdrawn_until_it_is_described_anew(
    database: Database, set_id: int
) -> None:
    with database.write() as connection:
        (stored,) = known_entries.find_by_source_id(connection, set_id, ["a"])["a"]
        event = KnownEvent(set_id, None, KnownAct.WITHDRAWN, AT, PERSON, "wrong file")
        known_entries.record_state(connection, [stored], event)
        assert record(connection, set_id, SetDelta(upserts=(entry("a"),))) == DeltaResult(kept_withdrawn=1)
        assert record(connection, set_id, SetDelta(upserts=(entry("a", 2),))) == DeltaResult(added=1)


def test_the_last_description_in_a_delta_counts_and_those_without_identifier_are_all_added(
    database: Database, set_id: int
) -> None:
    with database.write() as connection:
        upserts = (entry("x"), entry(""), entry("x", 2), entry(""))
        assert record(connection, set_id, SetDelta(upserts=upserts)).added == 3
        assert [line for name, line, _ in states(connection, set_id) if name == "x"] == [2]


def test_sets_do_not_touch_each_other(database: Database, set_id: int) -> None:
    with database.write() as connection:
        other = make_set(connection, name="other")
        record(connection, other, SetDelta(upserts=(entry("a", 5),)))
        record(connection, other, SetDelta(removals=("a", "b")))
        assert [state for *_, state in states(connection, set_id)] == ["active"] * 3
        assert states(connection, other) == [("a", 5, "withdrawn")]


_NAMES = st.sampled_from("abc")
_DELTAS = st.builds(
    SetDelta,
    upserts=st.lists(st.builds(entry, _NAMES, st.integers(1, 2)), max_size=3).map(tuple),
    removals=st.lists(_NAMES, max_size=2).map(tuple),
    disputes=st.lists(_NAMES, max_size=2).map(tuple),
)


@given(st.lists(_DELTAS, max_size=5))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_deltas_leave_what_a_plain_dictionary_would(sqlite_site: Site, deltas: list[SetDelta]) -> None:
    expected: dict[str, tuple[int, EntryState]] = {}
    with sqlite_site.database.engine.connect() as connection, connection.begin() as transaction:
        made = make_set(connection)
        for number, delta in enumerate(deltas):
            for one in {one.source_id: one for one in delta.upserts}.values():
                if expected.get(one.source_id, (0, None))[0] != one.line:
                    expected[one.source_id] = (one.line, EntryState.ACTIVE)
            for name in delta.removals:
                expected.pop(name, None)
            for name in delta.disputes:
                if name in expected:
                    expected[name] = (expected[name][0], EntryState.DISPUTED)
            record(connection, made, delta, minute=number)
        kept = known_entries.list_entries(connection, made)
        assert {one.entry.source_id: (one.entry.line, one.state) for one in kept} == expected
        assert known_sets.get_set_by_id(connection, made).entries == len(expected)
        transaction.rollback()
