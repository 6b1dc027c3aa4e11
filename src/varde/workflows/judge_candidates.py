"""What people say of candidates: append-only, so that a later judgement stands instead of an earlier one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.face import Verdict
from varde.core.face_search import FaceSearch, Judgement
from varde.store import audit, face_searches
from varde.store.face_searches import StoredSearch
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.read_searches import check_readable, load_search, read_search

MOST_CHARACTERS: Final = 2_000
"""Of a note."""

_MOST_SECONDS = 24 * 3600


def judge(
    site: Site,
    actor: Actor,
    search_id: int,
    rank: int,
    verdict: Verdict,
    *,
    note: str = "",
    seconds: int = 0,
    case_ids: Collection[int] | None,
) -> Judgement:
    """Returns what a person said of a candidate, now kept for good and audited. It identifies nobody.

    Args:
        site, actor: where and who.
        search_id, rank: which candidate.
        verdict: same, different or undecided.
        note: why; shown to whoever reads the search.
        seconds: how long the person looked; 0 where nobody measured.
        case_ids: cases that the person has access to; None for all.

    Raises:
        NotFound: if there is no such candidate that the person may see.
        Refused: if the search is closed.
        WrongUse: if the verdict is about a whole list, or the note too long.
    """
    if verdict is Verdict.NONE_OF_THESE:
        raise WrongUse("that is said of a whole list, not of a candidate")
    with site.database.write() as connection:
        _check_open(connection, actor, search_id, case_ids)
        found = load_search(connection, search_id, person=actor.person, case_ids=case_ids)
        if rank not in {one.candidate.rank for one in found.candidates}:
            raise NotFound(f"search {search_id} has no candidate {rank}")
        return _record(connection, actor, search_id, rank, verdict, note, seconds)


def say_none_of_these(
    site: Site,
    actor: Actor,
    search_id: int,
    *,
    note: str = "",
    seconds: int = 0,
    case_ids: Collection[int] | None,
) -> Judgement:
    """Returns that a person found nobody of a list to be the one searched for, now kept for good and audited.

    Raises:
        NotFound: if there is no such search that the person may see.
        Refused: if it is closed.
    """
    with site.database.write() as connection:
        _check_open(connection, actor, search_id, case_ids)
        return _record(connection, actor, search_id, None, Verdict.NONE_OF_THESE, note, seconds)


def close_search(site: Site, actor: Actor, search_id: int, *, case_ids: Collection[int] | None) -> FaceSearch:
    """Returns a search that can be judged no more; which candidates were fillers may be told from now on. Audited.

    Raises:
        NotFound: if there is no such search that the person may see.
        Refused: if it is closed already.
    """
    at = actor.clock()
    with site.database.write() as connection:
        _check_open(connection, actor, search_id, case_ids)
        face_searches.close_search(connection, search_id, at)
        subject: dict[str, str | int | None] = {"search": search_id, "rank": None, "verdict": "closed"}
        audit.append_event(connection, at=at, person=actor.person, act=Act.CANDIDATE_JUDGED, subject=subject)
    return read_search(site, search_id, person=actor.person, case_ids=case_ids)


def _check_open(connection: Connection, actor: Actor, search_id: int, case_ids: Collection[int] | None) -> StoredSearch:
    stored = check_readable(connection, search_id, person=actor.person, case_ids=case_ids)
    if stored.closed_at is not None:
        raise Refused(f"search {search_id} is closed", advice="Search again: the new list can be judged.")
    return stored


def _record(
    connection: Connection,
    actor: Actor,
    search_id: int,
    rank: int | None,
    verdict: Verdict,
    note: str,
    seconds: int,
) -> Judgement:
    note = " ".join(note.split())
    if len(note) > MOST_CHARACTERS or not note.isprintable():
        raise WrongUse(f"a note has {MOST_CHARACTERS:,} characters at most, no control characters among them")
    at = actor.clock()
    kept = face_searches.record_judgement(
        connection,
        search_id,
        rank=rank,
        verdict=verdict,
        note=note,
        seconds=min(max(seconds, 0), _MOST_SECONDS),
        person=actor.person,
        at=at,
    )
    subject: dict[str, str | int | None] = {
        "search": search_id,
        "rank": rank,
        "verdict": verdict.value,
        "seconds": kept.seconds,
    }
    audit.append_event(connection, at=at, person=actor.person, act=Act.CANDIDATE_JUDGED, subject=subject)
    return kept
