"""Behaviour of `varde.store.known_at`: what was known at a time equals a naive replay, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from varde.core.known import EntryState, KnownAct
from varde.store.known_at import replay
from varde.store.known_history import KnownEvent, Revision

START = datetime(2026, 3, 1, tzinfo=UTC)
_ACTS = {
    "w": (KnownAct.WITHDRAWN, EntryState.WITHDRAWN),
    "s": (KnownAct.SUPERSEDED, EntryState.WITHDRAWN),
    "d": (KnownAct.DISPUTED, EntryState.DISPUTED),
    "r": (KnownAct.REINSTATED, EntryState.ACTIVE),
}
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 2), st.integers(0, 3)),
        st.tuples(st.sampled_from("wsdr"), st.integers(1, 2), st.integers(0, 6)),
    ),
    max_size=12,
)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def revision(set_id: int, number: int, first: int, count: int) -> Revision:
    ends = (first, first + count - 1) if count else (None, None)
    return Revision(set_id, day(number), "A", "x", *ends, added=count, removed=0, checkpoint={})


def event(set_id: int, number: int, entry_id: int | None, act: KnownAct) -> KnownEvent:
    return KnownEvent(set_id, entry_id, act, day(number), "A", "why")


@given(_STEPS, st.integers(-1, 12))
def test_it_equals_a_naive_replay(steps: list[tuple[str, int, int]], asked: int) -> None:
    revisions, events, highest = [], [], 0
    naive: dict[int, tuple[int, EntryState]] = {}
    naive_sets = {1: EntryState.ACTIVE, 2: EntryState.ACTIVE}
    for number, (what, set_id, value) in enumerate(steps):
        if what == "add":
            revisions.append(revision(set_id, number, highest + 1, value))
            new = range(highest + 1, highest + 1 + value)
            highest += value
            if number <= asked:
                naive |= dict.fromkeys(new, (set_id, EntryState.ACTIVE))
            continue
        act, state = _ACTS[what]
        if not value:
            events.append(event(set_id, number, None, act))
            if number <= asked:
                naive_sets[set_id] = state
        elif value <= highest:
            owner = next(
                r.set_id
                for r in revisions
                if r.first_entry_id and r.last_entry_id and r.first_entry_id <= value <= r.last_entry_id
            )
            events.append(event(owner, number, value, act))
            if number <= asked:
                naive[value] = (owner, state)
    known = replay(revisions, events, day(asked))
    for entry_id in range(highest + 2):
        for set_id in (1, 2):
            owner, own = naive.get(entry_id, (0, None))
            worst = max((own, naive_sets[set_id]), key=_severity) if owner == set_id and own else None
            assert known.find_state(set_id, entry_id) is worst
    for set_id in (1, 2):
        mine = [state for owner, state in naive.values() if owner == set_id]
        assert known.count(set_id) == len(mine)
        for state in EntryState:
            assert known.count(set_id, state) == mine.count(state)


def test_an_entry_of_another_set_between_two_revisions_is_not_taken_for_ours() -> None:
    revisions = [revision(1, 0, 1, 2), revision(2, 1, 3, 1), revision(1, 2, 4, 1)]
    known = replay(revisions, [], day(2))
    assert [known.find_state(1, entry_id) for entry_id in range(6)] == [
        None,
        EntryState.ACTIVE,
        EntryState.ACTIVE,
        None,
        EntryState.ACTIVE,
        None,
    ]


def test_what_happens_at_the_very_time_has_happened() -> None:
    events = [event(1, 1, 1, KnownAct.WITHDRAWN)]
    before = replay([revision(1, 0, 1, 1)], events, day(1) - timedelta(microseconds=1))
    then = replay([revision(1, 0, 1, 1)], events, day(1))
    assert (before.find_state(1, 1), then.find_state(1, 1)) == (EntryState.ACTIVE, EntryState.WITHDRAWN)


def _severity(state: EntryState) -> int:
    return [EntryState.ACTIVE, EntryState.DISPUTED, EntryState.WITHDRAWN].index(state)
