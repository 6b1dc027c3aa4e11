"""What was known at a time: a pure function of the revisions that brought entries and the events that came after."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from varde.core.known import EntryState
from varde.store.known_history import KnownEvent, Revision, list_events, list_revisions


@dataclass(frozen=True, slots=True)
class KnownAt:
    """The known entries and their states at a time.

    Attributes:
        at: the time; what happened at this very time has happened.
        ranges: of each set, the (first, last) row numbers of entries that had come, ascending.
        sets: states of whole sets that were not simply active.
        entries: states of entries that were not simply active, whatever their set's.
    """

    at: datetime
    ranges: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    sets: dict[int, EntryState] = field(default_factory=dict)
    entries: dict[int, dict[int, EntryState]] = field(default_factory=dict)

    def find_state(self, set_id: int, entry_id: int) -> EntryState | None:
        """Returns what an entry was, whichever of its own and its set's state is worse; None before it came."""
        ranges = self.ranges.get(set_id, [])
        place = bisect_right(ranges, (entry_id, 1 << 63)) - 1
        if place < 0 or entry_id > ranges[place][1]:
            return None
        states = {self.get_set_state(set_id), self.entries.get(set_id, {}).get(entry_id, EntryState.ACTIVE)}
        worst = (state for state in (EntryState.WITHDRAWN, EntryState.DISPUTED) if state in states)
        return next(worst, EntryState.ACTIVE)

    def get_set_state(self, set_id: int) -> EntryState:
        """Returns what a whole set was."""
        return self.sets.get(set_id, EntryState.ACTIVE)

    def count(self, set_id: int, state: EntryState | None = None) -> int:
        """Returns how many entries of a set had come, or how many of them were of their own in a state."""
        total = sum(last - first + 1 for first, last in self.ranges.get(set_id, []))
        if state is None:
            return total
        own = list(self.entries.get(set_id, {}).values())
        return total - len(own) if state is EntryState.ACTIVE else own.count(state)


def replay(revisions: Iterable[Revision], events: Iterable[KnownEvent], at: datetime) -> KnownAt:
    """Returns what was known at a time.

    Args:
        revisions, events: in the order they were recorded; later ones than the time are left out.
        at: aware time.
    """
    known = KnownAt(at)
    ranges: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for revision in revisions:
        if revision.at <= at and revision.first_entry_id is not None and revision.last_entry_id is not None:
            ranges[revision.set_id].append((revision.first_entry_id, revision.last_entry_id))
    for set_id, found in ranges.items():
        known.ranges[set_id] = sorted(found)
    for event in events:
        if event.at <= at and event.entry_id is None:
            _set(known.sets, event.set_id, event.state)
        elif event.at <= at and event.entry_id is not None:
            _set(known.entries.setdefault(event.set_id, {}), event.entry_id, event.state)
    return known


def read_known_at(connection: Connection, at: datetime) -> KnownAt:
    """Returns what this site knew at a time."""
    return replay(list_revisions(connection), list_events(connection), at)


def _set(states: dict[int, EntryState], key: int, state: EntryState) -> None:
    if state is EntryState.ACTIVE:
        states.pop(key, None)
    else:
        states[key] = state
