"""Withdraws, disputes or reinstates known entries and sets, and tells who acted on their matches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import Refused, WrongUse
from varde.core.known import EntryState, KnownAct
from varde.store import audit, known_entries, known_history, known_sets
from varde.store.database import PATIENCE_S
from varde.store.find_known import EntryWords, find_entries
from varde.store.known_deltas import TAKEN_BACK
from varde.store.known_entries import StoredEntry
from varde.store.known_history import KnownEvent
from varde.store.known_sets import KnownSet
from varde.store.recalls import Recall, list_recalls
from varde.store.site import Site
from varde.store.standing import contents_of_set
from varde.store.suppression import suppress, suppress_by_entries
from varde.workflows.actor import Actor

_AUDITED = {
    KnownAct.WITHDRAWN: Act.KNOWN_WITHDRAWN,
    KnownAct.DISPUTED: Act.KNOWN_DISPUTED,
    KnownAct.REINSTATED: Act.KNOWN_REINSTATED,
}
_VERBS = {KnownAct.WITHDRAWN: "withdraw", KnownAct.DISPUTED: "dispute", KnownAct.REINSTATED: "reinstate"}
_MOST_CHARACTERS = 1_000
_NO_WORDS = EntryWords()


@dataclass(frozen=True, slots=True)
class Target:
    """Which known entries, or which set, an act is about.

    Attributes:
        set_name: "" looks in all sets, which only hashes may ask for.
        set_version: None where the set has only one.
        words: which entries.
        whole_set: the set itself, with every entry that it has or will have.
    """

    set_name: str = ""
    set_version: str | None = None
    words: EntryWords = _NO_WORDS
    whole_set: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """One entry, or one set, whose state was changed.

    Attributes:
        entry: what the entry is called, "" for the whole set.
        was, now: its own state before and after.
    """

    set_name: str
    set_version: str
    entry: str
    was: EntryState
    now: EntryState


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What an act changed, and who is to be told.

    Attributes:
        changed: what is in another state now.
        unchanged: how many were in that state already.
        suppressions: matches that are suppressed now and were not, or the other way round.
        recalls: cases in which somebody acted on a match with what was withdrawn or disputed.
    """

    changed: tuple[Changed, ...]
    unchanged: int
    suppressions: int
    recalls: tuple[Recall, ...]


def change_known(site: Site, actor: Actor, act: KnownAct, target: Target, reason: str) -> ChangeResult:
    """Records that entries or a set are withdrawn, disputed or reinstated: all of them, or none.

    Matches stay in the database; whether they count is decided when they are read. Nothing is compared again.

    Args:
        site, actor: where and who.
        act: ``WITHDRAWN``, ``DISPUTED`` or ``REINSTATED``.
        target: what it is about.
        reason: in the person's words, for everybody who acted on a match.

    Raises:
        WrongUse: if there is no reason, or the target says nothing or too much.
        NotFound: if there is no such set or entry.
        Refused: if a superseded entry was to be reinstated: the newer description counts.
    """
    if act not in _AUDITED:
        raise WrongUse(f"{act.value} is no act of a person")
    _check(act, target, reason)
    with site.database.write(patience_s=PATIENCE_S) as connection:
        named = known_sets.get_set(connection, target.set_name, target.set_version) if target.set_name else None
        change = _Change(connection, actor, act, reason.strip())
        if named and target.whole_set:
            change.change_set(named)
        else:
            change.change_entries(find_entries(connection, named, target.words))
        recalls = list_recalls(connection, event_ids=change.event_ids) if change.event_ids else []
    return ChangeResult(tuple(change.changed), change.unchanged, change.suppressions, tuple(recalls))


class _Change:
    """One act in one write transaction, and what came of it."""

    def __init__(self, connection: Connection, actor: Actor, act: KnownAct, reason: str) -> None:
        self._connection = connection
        self._event = KnownEvent(0, None, act, actor.clock(), actor.person, reason)
        self.changed: list[Changed] = []
        self.event_ids: list[int] = []
        self.unchanged = 0
        self.suppressions = 0

    def change_set(self, known_set: KnownSet) -> None:
        """Changes the state of a whole set."""
        event = replace(self._event, set_id=known_set.set_id)
        if known_set.state is event.state:
            self.unchanged += 1
            return
        self.event_ids.append(known_history.record_event(self._connection, event))
        known_sets.record_set_state(self._connection, known_set.set_id, event.state)
        self.suppressions += suppress(self._connection, contents_of_set(known_set.set_id))
        self._tell(known_set, None, known_set.state)

    def change_entries(self, entries: Sequence[StoredEntry]) -> None:
        """Changes the states of entries, of one set or of several."""
        by_set: defaultdict[int, list[StoredEntry]] = defaultdict(list)
        for stored in entries:
            by_set[stored.set_id].append(stored)
        for set_id, found in sorted(by_set.items()):
            self._change_entries_of(known_sets.get_set_by_id(self._connection, set_id), found)

    def _change_entries_of(self, known_set: KnownSet, entries: list[StoredEntry]) -> None:
        event = replace(self._event, set_id=known_set.set_id)
        others = [stored for stored in entries if stored.state is not event.state]
        _check_not_superseded(self._connection, event, others)
        self.unchanged += len(entries) - len(others)
        self.event_ids += known_entries.record_state(self._connection, others, event)
        self.suppressions += suppress_by_entries(self._connection, [stored.entry_id for stored in others])
        for stored in others:
            self._tell(known_set, stored, stored.state)

    def _tell(self, known_set: KnownSet, stored: StoredEntry | None, was: EntryState) -> None:
        event, name = self._event, stored.name if stored else ""
        self.changed.append(Changed(known_set.name, known_set.version, name, was, event.state))
        subject: dict[str, str | int | None] = {
            "set": known_set.name,
            "version": known_set.version,
            "entry": stored.entry_id if stored else None,
            "source_id": stored.entry.source_id if stored else None,
            "reason": event.reason,
        }
        audited = _AUDITED[event.act]
        audit.append_event(self._connection, at=event.at, person=event.person, act=audited, subject=subject)


def _check(act: KnownAct, target: Target, reason: str) -> None:
    if not reason.strip() or len(reason) > _MOST_CHARACTERS or not reason.isprintable():
        raise WrongUse(
            f"to {_VERBS[act]} known material needs a reason of 1 to {_MOST_CHARACTERS:,} printable characters",
            advice="Say it with --reason: everybody who acted on a match will read it.",
        )
    if reason.strip().startswith(TAKEN_BACK):
        raise WrongUse(
            f"{TAKEN_BACK!r} is how a removal by the source itself is recorded, which the source can take back",
            advice="Say in other words why you do it, so that it stays until a person takes it back.",
        )
    words = target.words
    if not target.set_name and (words.names or words.lines or target.whole_set or not words.hashes):
        raise WrongUse(
            "neither a known set nor a hash is named", advice="Name the set, or entries of all sets by --hash."
        )
    if target.whole_set == (words != _NO_WORDS):
        raise WrongUse(
            "name either entries of the set or the whole set",
            advice="Entries are named by identifier, --line or --hash; the set itself by --whole-set.",
        )


def _check_not_superseded(connection: Connection, event: KnownEvent, entries: list[StoredEntry]) -> None:
    withdrawn = [stored for stored in entries if stored.state is EntryState.WITHDRAWN]
    last = known_history.read_last_events(connection, event.set_id, [stored.entry_id for stored in withdrawn])
    for stored in withdrawn:
        if stored.entry_id in last and last[stored.entry_id].act is KnownAct.SUPERSEDED:
            raise Refused(
                f"entry {stored.name} (row {stored.entry_id}) was superseded: a newer description took its place",
                advice="Name the newer one, by its row number: `varde known history SET ENTRY` shows both.",
            )
