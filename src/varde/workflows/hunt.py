"""Brings the matches of all cases up to date with the known material, without reading any exhibit again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from varde.core.audit import Act
from varde.core.errors import NotFound
from varde.pipeline.match_hashes import match_entries
from varde.pipeline.matching import MatchCount, describe_matching, is_up_to_date, match_all
from varde.pipeline.stacking import stack_stale_cases
from varde.store import audit, comparisons, find_known, floods, known_sets, new_matches
from varde.store.database import PATIENCE_S
from varde.store.find_known import EntryWords
from varde.store.new_matches import NewMatch
from varde.store.recalls import Recall, list_recalls
from varde.store.site import Site
from varde.workflows.actor import Actor

_NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class HuntResult:
    """What a hunt found.

    Attributes:
        count: what was compared, and how much of it is new.
        matches: the new matches that a person has to look at, by case and entry.
        suppressed, withdrawn: new matches that are no findings: explained by a negative set, or of what was withdrawn.
        recalls: what was withdrawn or disputed after somebody acted on it, of all cases, whenever it was.
        was_up_to_date: whether there was nothing to compare.
    """

    count: MatchCount
    matches: tuple[NewMatch, ...]
    suppressed: int
    withdrawn: int
    recalls: tuple[Recall, ...]
    was_up_to_date: bool


def hunt(site: Site, actor: Actor) -> HuntResult:
    """Compares every content of every case with every known entry it has not been compared with.

    Raises:
        SiteBusy: if a run holds the site; it compares everything at its own end.
        VardeError: if the hunt cannot go on; what is recorded stays, and the same call goes on.
    """
    with site.processing_lock():
        up_to_date = is_up_to_date(site)
        with site.database.read() as connection:
            before = new_matches.highest_finding(connection)
            newest = comparisons.read_newest(connection)
        subject: dict[str, str | int | None] = {"contents": newest.content_id, "entries": newest.entry_id}
        if not up_to_date:
            _record(site, actor, Act.HUNT_STARTED, subject)
        count = match_all(site, actor.clock())
        if not up_to_date:
            _record(site, actor, Act.HUNT_FINISHED, {**subject, **count.describe()})
        stack_stale_cases(site)
    with site.database.read() as connection:
        found = tuple(new_matches.list_new_matches(connection, before))
        suppressed, withdrawn = new_matches.count_set_aside(connection, before)
        recalls = tuple(list_recalls(connection))
    return HuntResult(count, found, suppressed, withdrawn, recalls, up_to_date)


def release_entry(site: Site, actor: Actor, set_name: str, set_version: str | None, entry: str) -> tuple[NewMatch, ...]:
    """Lifts the quarantine of an entry that matched too much, compares it again and returns its matches that are new.

    After an interruption the entry is still in quarantine, and the same call goes on.

    Raises:
        NotFound: if there is no such entry, or it is not in quarantine.
        SiteBusy: if a run holds the site.
    """
    with site.processing_lock():
        with site.database.read() as connection:
            known_set = known_sets.get_set(connection, set_name, set_version)
            stored = find_known.find_entries(connection, known_set, EntryWords((entry,)))
            held = [flood for flood in floods.list_floods(connection, known_set.set_id) if flood.lasts]
            before = new_matches.highest_finding(connection)
        chosen = [flood for flood in held if flood.entry_id in {one.entry_id for one in stored}]
        if not chosen:
            raise NotFound(
                f"entry {entry} of {set_name} is not in quarantine", advice="`varde known show SET` says which are."
            )
        at = actor.clock()
        unlimited = replace(describe_matching(site), flood_limit=_NO_LIMIT)
        count = match_entries(site.database, unlimited, {flood.entry_id for flood in chosen}, at)
        with site.database.write(patience_s=PATIENCE_S) as connection:
            for flood in chosen:
                floods.release(connection, flood, person=actor.person, at=at)
                subject: dict[str, str | int | None] = {
                    "set": known_set.name,
                    "version": known_set.version,
                    "entry": flood.entry_id,
                    "matches": count.new,
                }
                audit.append_event(connection, at=at, person=actor.person, act=Act.KNOWN_RELEASED, subject=subject)
        stack_stale_cases(site)
    with site.database.read() as connection:
        return tuple(new_matches.list_new_matches(connection, before))


def _record(site: Site, actor: Actor, act: Act, subject: dict[str, str | int | None]) -> None:
    with site.database.write(patience_s=PATIENCE_S) as connection:
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=act, subject=subject)
