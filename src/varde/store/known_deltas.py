"""Changes of a known set as its source tells them: entries new, described anew, taken back or in dispute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta
from varde.store import known_history, known_sets
from varde.store.comparisons import read_newest
from varde.store.known_entries import StoredEntry, find_by_source_id, is_same, record_state
from varde.store.known_history import KnownEvent, Revision
from varde.store.suppression import suppress_by_entries

TAKEN_BACK = "taken back by its source"
"""How the reason of a removal begins: an entry that a person here withdrew stays withdrawn when its source sends it
again, one that the source itself took back does not."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeltaResult:
    """What a delta changed.

    Attributes:
        added: new entries, those that took the place of another not counted.
        superseded: entries of which a newer description took the place.
        removed: entries that the source took back.
        disputed: entries that are in dispute now and were not before.
        unchanged: entries that were here already with the same description.
        kept_withdrawn: entries that came again as they were and stay withdrawn, since a person here withdrew them.
    """

    added: int = 0
    superseded: int = 0
    removed: int = 0
    disputed: int = 0
    unchanged: int = 0
    kept_withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes which set, when, and what it came from."""

    set_id: int
    person: str
    at: datetime
    source: str

    def event(self, act: KnownAct, reason: str) -> KnownEvent:
        """Returns an event of this change; its entry is filled in when it is recorded."""
        return KnownEvent(self.set_id, None, act, self.at, self.person, f"{reason} ({self.source})")


def record_delta(connection: Connection, change: Change, delta: SetDelta) -> DeltaResult:
    """Records a delta and the revision that it is, in the caller's transaction, and returns what it changed.

    New descriptions come first, then removals, then disputes. Where a delta names an identifier more than once, its
    last description counts. A delta that changes nothing, its checkpoint included, leaves no revision.
    """
    upserts = _last_of_each(delta.upserts)
    plan = _plan(connection, change.set_id, upserts)
    record_state(connection, plan.superseded, change.event(KnownAct.SUPERSEDED, "described anew by its source"))
    before = read_newest(connection).entry_id
    added = known_sets.add_entries(connection, change.set_id, plan.new, lambda _count: None) if plan.new else 0
    removed = _find(connection, change.set_id, delta.removals, (EntryState.ACTIVE, EntryState.DISPUTED))
    record_state(connection, removed, change.event(KnownAct.WITHDRAWN, TAKEN_BACK))
    disputed = _find(connection, change.set_id, delta.disputes, (EntryState.ACTIVE,))
    record_state(connection, disputed, change.event(KnownAct.DISPUTED, "in dispute among its source's members"))
    changed = [stored.entry_id for stored in (*plan.superseded, *removed, *disputed)]
    suppress_by_entries(connection, changed)
    result = DeltaResult(
        added=added - plan.replaced,
        superseded=len(plan.superseded),
        removed=len(removed),
        disputed=len(disputed),
        unchanged=plan.unchanged,
        kept_withdrawn=plan.kept_withdrawn,
    )
    gone = result.superseded + result.removed
    is_new = delta.checkpoint and delta.checkpoint != known_history.read_checkpoint(connection, change.set_id)
    if added or gone or disputed or is_new:
        revision = Revision(
            set_id=change.set_id,
            at=change.at,
            person=change.person,
            source=change.source,
            first_entry_id=before + 1 if added else None,
            last_entry_id=before + added if added else None,
            added=added,
            removed=gone,
            checkpoint=delta.checkpoint,
        )
        known_history.record_revision(connection, revision)
    return result


@dataclass(slots=True)
class _Plan:
    new: list[KnownEntry] = field(default_factory=list)
    superseded: list[StoredEntry] = field(default_factory=list)
    replaced: int = 0
    unchanged: int = 0
    kept_withdrawn: int = 0


def _plan(connection: Connection, set_id: int, upserts: list[KnownEntry]) -> _Plan:
    plan = _Plan()
    for start in range(0, len(upserts), _AT_ONCE):
        some = upserts[start : start + _AT_ONCE]
        found = find_by_source_id(connection, set_id, (entry.source_id for entry in some))
        kept = _find_withdrawn_here(connection, set_id, [stored for all_ in found.values() for stored in all_])
        for entry in some:
            _plan_one(plan, entry, found.get(entry.source_id, []) if entry.source_id else [], kept)
    return plan


def _plan_one(plan: _Plan, entry: KnownEntry, known: list[StoredEntry], kept: set[int]) -> None:
    counting = [stored for stored in known if stored.state is not EntryState.WITHDRAWN]
    if any(is_same(stored.entry, entry) for stored in counting):
        plan.unchanged += 1
    elif any(stored.entry_id in kept and is_same(stored.entry, entry) for stored in known):
        plan.kept_withdrawn += 1
    else:
        plan.new.append(entry)
        plan.superseded += counting
        plan.replaced += bool(counting)


def _find_withdrawn_here(connection: Connection, set_id: int, stored: list[StoredEntry]) -> set[int]:
    """Returns which entries are withdrawn because a person here said so."""
    withdrawn = {one.entry_id for one in stored if one.state is EntryState.WITHDRAWN}
    last = known_history.read_last_events(connection, set_id, withdrawn)
    return {
        entry_id
        for entry_id, event in last.items()
        if event.act is KnownAct.WITHDRAWN and not event.reason.startswith(TAKEN_BACK)
    }


def _find(
    connection: Connection, set_id: int, source_ids: Iterable[str], states: tuple[EntryState, ...]
) -> list[StoredEntry]:
    found = find_by_source_id(connection, set_id, source_ids)
    return [stored for all_ in found.values() for stored in all_ if stored.state in states]


def _last_of_each(upserts: tuple[KnownEntry, ...]) -> list[KnownEntry]:
    """Returns the entries without those that a later one with the same identifier describes anew."""
    last: dict[object, KnownEntry] = {}
    for position, entry in enumerate(upserts):
        key = entry.source_id or position
        last.pop(key, None)
        last[key] = entry
    return list(last.values())
