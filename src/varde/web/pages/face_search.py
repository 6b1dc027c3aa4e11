"""``/face-searches/{search_id}``: a candidate list, the comparison of one candidate, and what a person says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from varde.core.account import Permission
from varde.core.face import Verdict
from varde.core.face_search import FaceSearch, FaceSight, ListedCandidate
from varde.store import identifications
from varde.store.victims import list_victims
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.face_exposure import SeenFaces, record_faces
from varde.web.face_pictures import ANSWERS, Level, send_face
from varde.web.face_readers import Reader, find_reader
from varde.web.face_words import AGE_WORDS, BAND_WORDS, EMPTY_WORDS, VERDICT_WORDS, write_figures
from varde.web.pages.exposure import Day
from varde.web.pages.page import show
from varde.web.people import NOT_HERE, allow_in_case, find_case, find_person
from varde.web.row_ids import RowPath
from varde.web.services import Services, get_services
from varde.workflows import judge_candidates, read_searches

router = APIRouter(tags=["Faces"], route_class=GuardedRoute)

MOST_NOTE: Final = 2_000
_PATH: Final = "/face-searches/{search_id}"
_MOST_S: Final = 86_400
_VERDICTS: Final = {"same": Verdict.SAME, "different": Verdict.DIFFERENT, "undecided": Verdict.UNDECIDED}

Rank = Annotated[int, Path(ge=1, le=10_000)]
Position = Annotated[int, Path(ge=0, le=1_000)]
Note = Annotated[str, Form(max_length=MOST_NOTE)]


class GivenJudgement(BaseModel):
    """What a person says of a candidate."""

    model_config = ConfigDict(extra="forbid")

    verdict: Annotated[Verdict, Field(description="same, different or undecided.")]
    note: Annotated[str, Field(max_length=MOST_NOTE)] = ""
    seconds: Annotated[int, Field(ge=0, le=_MOST_S, description="How long the two were on the screen.")] = 0


class Onward(BaseModel):
    """Where a person goes next."""

    next: str = Field(description="Path of the next candidate that nobody judged, or of the list.")


@router.get(_PATH, dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def show_search(request: Request, search_id: RowPath) -> HTMLResponse:
    """Show the candidates of a search: leads, none of which may be the person."""
    services, reader = get_services(request), find_reader(request)
    found = _read(services, search_id, reader)
    facts: dict[str, Any] = {
        "search": found,
        "has_threshold": math.isfinite(found.threshold),
        "age_words": AGE_WORDS,
        "cards": [_describe(one) for one in found.candidates],
        "open_ranks": [one.candidate.rank for one in found.candidates if one.judgement is None],
        "empty_words": EMPTY_WORDS,
        "band_words": BAND_WORDS,
        "verdict_words": VERDICT_WORDS,
        "Verdict": Verdict,
        "most_note": MOST_NOTE,
    }
    return show(request, "face_search.html", case=find_case(request), **facts)


@router.get(_PATH + "/candidates/{rank}", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def show_candidate(request: Request, search_id: RowPath, rank: Rank) -> HTMLResponse:
    """Show a probe and a candidate beside each other."""
    services = get_services(request)
    reader = await services.reading.run(find_reader, request)
    found = await services.reading.run(_read, services, search_id, reader)
    listed = _find_candidate(found, rank)
    compared = await services.searching.run(_describe_comparison, services, reader, found, listed)
    facts = await services.reading.run(_describe_page, services, reader, found, listed)
    return show(request, "face_compare.html", case=find_case(request), compared=compared, **facts)


@router.get(
    _PATH + "/candidates/{rank}/crop/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_candidate_crop(request: Request, search_id: RowPath, rank: Rank, level: Level) -> Response:
    """Send the face of a candidate, showing as much as the level says."""
    return await _send(request, read_searches.read_candidate_crop, search_id, rank, level)


@router.get(
    _PATH + "/candidates/{rank}/rival/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_rival_crop(request: Request, search_id: RowPath, rank: Rank, level: Level) -> Response:
    """Send the face of the nearest other person, showing as much as the level says."""
    return await _send(request, read_searches.read_rival_crop, search_id, rank, level)


@router.get(
    _PATH + "/probes/{position}/crop/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_probe_crop(request: Request, search_id: RowPath, position: Position, level: Level) -> Response:
    """Send the face of a probe, showing as much as the level says."""
    return await _send(request, read_searches.read_probe_crop, search_id, position, level)


@router.post(_PATH + "/candidates/{rank}/judgement", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def judge(request: Request, search_id: RowPath, rank: Rank, given: GivenJudgement) -> Onward:
    """Record what the caller says of a candidate; it stays a lead until somebody identifies. Audited."""
    services = get_services(request)
    if given.verdict not in _VERDICTS.values():
        raise refuse(400, "Of one candidate say same, different or undecided.")
    return await services.writing.run(_judge, request, search_id, rank, given)


@router.post(_PATH + "/none", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def say_none(request: Request, search_id: RowPath, note: Note = "") -> RedirectResponse:
    """Record that none of the candidates is the person. Audited."""
    services, reader = get_services(request), find_reader(request)
    judge_candidates.say_none_of_these(
        services.site, find_person(request), search_id, note=note.strip(), seconds=0, case_ids=reader.case_ids
    )
    return RedirectResponse(f"/face-searches/{search_id}", 303)


@router.post(_PATH + "/close", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def close(request: Request, search_id: RowPath) -> RedirectResponse:
    """Close a search: nothing more is said of its candidates, and which were fillers is told."""
    services, reader = get_services(request), find_reader(request)
    judge_candidates.close_search(services.site, find_person(request), search_id, case_ids=reader.case_ids)
    return RedirectResponse(f"/face-searches/{search_id}", 303)


@router.post(_PATH + "/exposure", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def record_exposure(request: Request, search_id: RowPath, views: SeenFaces) -> Day:
    """Add faces of a search to the caller's own ledger: candidates by rank, rivals by minus that, 0 the probe."""
    return await get_services(request).writing.run(_record_exposure, request, search_id, views)


def _read(services: Services, search_id: int, reader: Reader) -> FaceSearch:
    return read_searches.read_search(services.site, search_id, person=reader.person, case_ids=reader.case_ids)


def _find_candidate(found: FaceSearch, rank: int) -> ListedCandidate:
    for one in found.candidates:
        if one.candidate.rank == rank:
            return one
    raise refuse(404, NOT_HERE)


def _find_next(found: FaceSearch, rank: int) -> int | None:
    """Returns the next rank that nobody judged, after a rank and then from the beginning."""
    waiting = [one.candidate.rank for one in found.candidates if one.judgement is None and one.candidate.rank != rank]
    return next((one for one in waiting if one > rank), waiting[0] if waiting else None)


def _judge(request: Request, search_id: int, rank: int, given: GivenJudgement) -> Onward:
    services, reader = get_services(request), find_reader(request)
    judge_candidates.judge(
        services.site,
        find_person(request),
        search_id,
        rank,
        given.verdict,
        note=given.note.strip(),
        seconds=given.seconds,
        case_ids=reader.case_ids,
    )
    path, after = f"/face-searches/{search_id}", _find_next(_read(services, search_id, reader), rank)
    if given.verdict is Verdict.SAME or after is None:
        return Onward(next=f"{path}/candidates/{rank}" if given.verdict is Verdict.SAME else path)
    return Onward(next=f"{path}/candidates/{after}")


def _describe(listed: ListedCandidate) -> dict[str, Any]:
    """Returns a candidate for a card: of one that nobody judged nothing that says where it is from."""
    is_judged = listed.judgement is not None
    return {
        "rank": listed.candidate.rank,
        "quality": listed.quality,
        "has_rival": listed.rival_face_id is not None,
        "judgement": listed.judgement,
        "sight": listed.sight if is_judged else None,
        "victim": listed.victim if is_judged else "",
        "victim_case": listed.victim_case if is_judged else "",
        **write_figures(listed),
    }


def _describe_comparison(
    services: Services, reader: Reader, found: FaceSearch, listed: ListedCandidate
) -> dict[str, Any]:
    """Returns what the script of the page needs: paths and landmarks of the faces, and where to send the answer."""
    path, rank = f"/face-searches/{found.search_id}", listed.candidate.rank
    who: Mapping[str, Any] = {"person": reader.person, "case_ids": reader.case_ids}
    probes = [
        {
            "path": f"{path}/probes/{one.position}/crop",
            "landmarks": services.faces.find_landmarks(
                read_searches.read_probe_crop(services.site, found.search_id, one.position, **who)
            ),
        }
        for one in found.probes
        if one.used
    ]
    crop = read_searches.read_candidate_crop(services.site, found.search_id, rank, **who)
    own = f"{path}/candidates/{rank}"
    is_open = found.closed_at is None
    return {
        "place": path,
        "probes": probes,
        "candidate": {"path": f"{own}/crop", "landmarks": services.faces.find_landmarks(crop), "sight": rank},
        "rival": {"path": f"{own}/rival", "sight": -rank} if listed.rival_face_id is not None else None,
        "judge": f"{own}/judgement" if is_open else "",
    }


def _describe_page(services: Services, reader: Reader, found: FaceSearch, listed: ListedCandidate) -> dict[str, Any]:
    ranks = [one.candidate.rank for one in found.candidates]
    at = ranks.index(listed.candidate.rank)
    victims, known = [], []
    if listed.judgement is not None and listed.sight is not None and found.case_id is not None:
        with services.site.database.read() as connection:
            victims = list_victims(connection, {found.case_id}, with_closed=False)
            for victim in victims:
                wanted = {"victim_id": victim.victim_id, "face_id": listed.sight.face_id}
                said = identifications.list_identifications(connection, **wanted)
                known += [(victim, said[-1])] if said else []
    return {
        "search": found,
        "has_threshold": math.isfinite(found.threshold),
        "card": _describe(listed),
        "previous_rank": ranks[at - 1] if at else None,
        "next_rank": ranks[at + 1] if at + 1 < len(ranks) else None,
        "place_of": (at + 1, len(ranks)),
        "victims": victims,
        "known": known,
        "verdict_words": VERDICT_WORDS,
        "Verdict": Verdict,
        "most_note": MOST_NOTE,
    }


async def _send(request: Request, read: Callable[..., bytes], search_id: int, number: int, level: int) -> Response:
    services = get_services(request)
    reader = await services.reading.run(find_reader, request)
    crop = await services.reading.run(
        read, services.site, search_id, number, person=reader.person, case_ids=reader.case_ids
    )
    return await send_face(services.renderer, crop, level)


def _record_exposure(request: Request, search_id: int, views: SeenFaces) -> Day:
    services, reader = get_services(request), find_reader(request)
    found = _read(services, search_id, reader)
    by_rank = {one.candidate.rank: one for one in found.candidates}
    # What is not judged yet counts as the first one's item: the ledger would tell which candidates are fillers.
    first = next((one.sight for one in found.candidates if one.sight is not None), None)

    def find(number: int) -> FaceSight | None:
        listed = by_rank.get(abs(number))
        if number > 0:
            is_told = listed is not None and listed.judgement is not None and listed.sight is not None
            return listed.sight if listed is not None and is_told else first if listed is not None else None
        face_id = listed.rival_face_id if listed is not None else _find_probe_face(found)
        return None if face_id is None else read_searches.read_face(services.site, face_id, case_ids=reader.case_ids)

    return record_faces(request, views.seen, find)


def _find_probe_face(found: FaceSearch) -> int | None:
    return next((one.source_face_id for one in found.probes if one.source_face_id is not None), None)
