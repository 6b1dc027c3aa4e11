"""Reads face searches and faces for a person: only what items in cases they have access to show."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from varde.core.account import Permission
from varde.core.age import AgeBand
from varde.core.errors import NotFound
from varde.core.face import SearchScope, Verdict
from varde.core.face_search import (
    Elsewhere,
    EmptyList,
    EmptyReason,
    FaceSearch,
    FaceSight,
    Judgement,
    ListedCandidate,
    ScoreBand,
)
from varde.core.outcome import NotComparable, Reason
from varde.store import accounts, case_access, face_searches, face_sights, faces, victims
from varde.store.face_searches import StoredCandidate, StoredSearch
from varde.store.site import Site

NOT_YOURS: Final = "there is no such face search, or it is not yours to see"


def read_search(site: Site, search_id: int, *, person: str, case_ids: Collection[int] | None) -> FaceSearch:
    """Returns a search.

    Args:
        site: where.
        search_id: its row number.
        person: who reads: searches of everything are read by who made them.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.

    Raises:
        NotFound: if there is none of that number that the person may see.
    """
    with site.database.read() as connection:
        return load_search(connection, search_id, person=person, case_ids=case_ids)


def load_search(connection: Connection, search_id: int, *, person: str, case_ids: Collection[int] | None) -> FaceSearch:
    """Returns what `read_search` does, inside a transaction of the caller."""
    stored = check_readable(connection, search_id, person=person, case_ids=case_ids)
    return _fill(connection, stored, case_ids)


def list_searches(
    site: Site, *, person: str, case_ids: Collection[int] | None, before: int | None = None, limit: int = 50
) -> list[FaceSearch]:
    """Returns the searches that a person may see, newest first, without probes and candidates."""
    with site.database.read() as connection:
        found = face_searches.list_searches(connection, person=person, case_ids=case_ids, before=before, limit=limit)
        return [_outline(connection, one) for one in found]


def read_probe_crop(
    site: Site, search_id: int, position: int, *, person: str, case_ids: Collection[int] | None
) -> bytes:
    """Returns the face of a probe as an encoded picture.

    Raises:
        NotFound: if there is none, or not for this person.
    """
    with site.database.read() as connection:
        check_readable(connection, search_id, person=person, case_ids=case_ids)
        return _demand(face_searches.read_probe_crop(connection, search_id, position))


def read_candidate_crop(
    site: Site, search_id: int, rank: int, *, person: str, case_ids: Collection[int] | None
) -> bytes:
    """Returns the face of a candidate, be it a filler or not, as an encoded picture.

    Raises:
        NotFound: if there is none, or not for this person.
    """
    with site.database.read() as connection:
        one, visible = _find_candidate(connection, search_id, rank, person, case_ids)
        if one.filler_id is not None:
            return _demand(face_searches.read_filler_crop(connection, one.filler_id))
        if one.victim_face_id is not None:
            if not _may_see_victim(one, case_ids):
                raise NotFound("this search has no such candidate")
            return _demand(victims.read_enrolment_crop(connection, one.victim_face_id))
        return _load_crop(connection, one.face_id, visible)


def read_rival_crop(site: Site, search_id: int, rank: int, *, person: str, case_ids: Collection[int] | None) -> bytes:
    """Returns the face of a candidate's rival as an encoded picture.

    Raises:
        NotFound: if there is none, or not for this person.
    """
    with site.database.read() as connection:
        one, visible = _find_candidate(connection, search_id, rank, person, case_ids)
        return _load_crop(connection, one.rival_face_id, visible)


def read_face(site: Site, face_id: int, *, case_ids: Collection[int] | None) -> FaceSight:
    """Returns a face and where it is.

    Raises:
        NotFound: if there is none of that number in these cases.
    """
    with site.database.read() as connection:
        found = face_sights.read_sights(connection, [face_id], case_ids).get(face_id)
    if found is None:
        raise NotFound("there is no such face, or it is not yours to see")
    return found


def read_face_crop(site: Site, face_id: int, *, case_ids: Collection[int] | None) -> bytes:
    """Returns the best crop of a face as an encoded picture.

    Raises:
        NotFound: if there is none of that number in these cases.
    """
    with site.database.read() as connection:
        return _load_crop(connection, face_id, case_ids)


def list_item_faces(
    site: Site, item_id: int, *, case_ids: Collection[int] | None
) -> tuple[FaceSight, ...] | NotComparable:
    """Returns the faces of an item in the order they are numbered, or why there are none.

    Raises:
        NotFound: if there is no such item in these cases.
    """
    with site.database.read() as connection:
        item = face_sights.get_item_content(connection, item_id, case_ids)
        if item.content_id is None:
            return NotComparable(Reason.NOT_DECODED, "The bytes of this item could not be read.")
        examined = faces.read_faces(connection, [item.content_id]).get(item.content_id)
        if examined is None:
            return NotComparable(Reason.NOT_EXAMINED, "Nobody looked for faces in this item yet.")
        if examined.refused is not None:
            return NotComparable(examined.refused, "Faces were looked for in this item, and it could not be done.")
        if not examined.faces:
            return NotComparable(Reason.NO_FACE, f"No face was found in it; looked at: {examined.looked_at}.")
        return tuple(face_sights.list_content_faces(connection, item.content_id, case_ids))


def find_contacts(connection: Connection, case_id: int) -> tuple[str, ...]:
    """Returns whom to ask about a case: who leads it, else who has access to it, else who administers access."""
    people = [one for one in case_access.list_people(connection, case_id) if one.disabled_at is None]
    leads = [one.name for one in people if Permission.LEAD in one.permissions]
    if people:
        return tuple(leads or [one.name for one in people])
    everybody = [one for one in accounts.list_accounts(connection) if one.disabled_at is None]
    return tuple(one.name for one in everybody if Permission.ADMINISTER in one.permissions)


def check_readable(
    connection: Connection, search_id: int, *, person: str, case_ids: Collection[int] | None
) -> StoredSearch:
    """Returns a search if somebody may see it.

    Raises:
        NotFound: if not, or there is none.
    """
    if not 0 < search_id < 1 << 63:
        raise NotFound(NOT_YOURS)
    stored = face_searches.get_search(connection, search_id)
    if case_ids is None:
        return stored
    of_case = stored.order.scope is SearchScope.CASE and stored.order.case_id in case_ids
    own = stored.order.scope is SearchScope.EVERYWHERE and stored.person == person
    if not of_case and not own:
        raise NotFound(NOT_YOURS)
    return stored


def find_visible(stored: StoredSearch, case_ids: Collection[int] | None) -> Collection[int] | None:
    """Returns the cases whose items a search shows to somebody: the searched one, or those with access."""
    searched = stored.order.case_id
    return {searched} if stored.order.scope is SearchScope.CASE and searched is not None else case_ids


def _find_candidate(
    connection: Connection, search_id: int, rank: int, person: str, case_ids: Collection[int] | None
) -> tuple[StoredCandidate, Collection[int] | None]:
    stored = check_readable(connection, search_id, person=person, case_ids=case_ids)
    found = [one for one in face_searches.list_candidates(connection, search_id) if one.candidate.rank == rank]
    if not found:
        raise NotFound("this search has no such candidate")
    return found[0], find_visible(stored, case_ids)


def _load_crop(connection: Connection, face_id: int | None, case_ids: Collection[int] | None) -> bytes:
    if face_id is None or not 0 < face_id < 1 << 63:
        raise NotFound("there is no such face, or it is not yours to see")
    shown = faces.find_case_ids(connection, [face_id]).get(face_id, set())
    if not shown or (case_ids is not None and not shown & set(case_ids)):
        raise NotFound("there is no such face, or it is not yours to see")
    return _demand(faces.find_crop(connection, face_id))


def _demand(crop: bytes | None) -> bytes:
    if not crop:
        raise NotFound("there is no picture of this face", advice="It may have been deleted when its time was over.")
    return bytes(crop)


def _outline(connection: Connection, stored: StoredSearch) -> FaceSearch:
    order, settings = stored.order, stored.order.settings
    empty = settings["empty"]
    threshold = settings["threshold"]
    return FaceSearch(
        search_id=stored.search_id,
        scope=order.scope,
        rule=order.rule,
        case_id=order.case_id,
        case=stored.case,
        purpose=order.purpose,
        authorisation=order.authorisation,
        searched_at=stored.searched_at,
        person=stored.person,
        model=stored.model,
        calibration=settings["calibration"],
        threshold=-math.inf if threshold is None else threshold,
        far=settings["far"],
        prior=settings["prior"],
        age_band=AgeBand(settings["age_band"]) if settings["age_band"] else None,
        is_normalised=settings["is_normalised"],
        gallery_faces=order.gallery_faces,
        not_examined=settings["not_examined"],
        probes=(),
        candidates=(),
        elsewhere=tuple(
            Elsewhere(find_contacts(connection, case_id), count, ScoreBand(band))
            for case_id, count, band in settings["elsewhere"]
        ),
        withheld=0,
        empty=None if empty is None else EmptyList(EmptyReason(empty[0]), empty[1], empty[2]),
        notes=tuple(settings["notes"]),
        none_of_these=None,
        closed_at=stored.closed_at,
    )


def _may_see_victim(one: StoredCandidate, case_ids: Collection[int] | None) -> bool:
    return case_ids is None or one.victim_case_id in case_ids


def _fill(connection: Connection, stored: StoredSearch, case_ids: Collection[int] | None) -> FaceSearch:
    visible = find_visible(stored, case_ids)
    candidates = face_searches.list_candidates(connection, stored.search_id)
    ids = [one.face_id for one in candidates if one.face_id is not None]
    ids += [one.rival_face_id for one in candidates if one.rival_face_id is not None]
    sights = face_sights.read_sights(connection, list(dict.fromkeys(ids)), visible)
    said: dict[int | None, Judgement] = {}
    for judgement in face_searches.list_judgements(connection, stored.search_id):
        said[judgement.rank] = judgement
    seen = [one for one in candidates if one.victim_face_id is None or _may_see_victim(one, case_ids)]
    listed = [_list_one(one, stored.order.settings, sights, said.get(one.candidate.rank)) for one in seen]
    shown = [one for one in listed if one is not None]
    whole = said.get(None)
    return replace(
        _outline(connection, stored),
        probes=tuple(face_searches.list_probes(connection, stored.search_id)),
        candidates=tuple(shown),
        withheld=len(candidates) - len(shown),
        none_of_these=whole if whole and whole.verdict is Verdict.NONE_OF_THESE else None,
    )


def _list_one(
    one: StoredCandidate, settings: Mapping[str, Any], sights: Mapping[int, FaceSight], said: Judgement | None
) -> ListedCandidate | None:
    """Returns a candidate as a person sees it; None where it was deleted, or the person has no access any more."""
    sight = sights.get(one.face_id) if one.face_id is not None else None
    if sight is None and one.victim_face_id is None and one.filler_id is None:
        return None
    rank = str(one.candidate.rank)
    why = settings["not_calibrated"].get(rank)
    rival_seen = one.rival_face_id is None or one.rival_face_id in sights
    candidate = one.candidate if rival_seen else replace(one.candidate, rival=None)
    return ListedCandidate(
        candidate=candidate,
        sight=sight,
        quality=settings["qualities"].get(rank, 0),
        rival_face_id=one.rival_face_id if rival_seen else None,
        not_calibrated=None if why is None else NotComparable(Reason(why[0]), why[1]),
        victim_face_id=one.victim_face_id,
        victim=one.victim,
        is_filler=one.filler_id is not None,
        judgement=said,
        victim_case=one.victim_case,
    )
