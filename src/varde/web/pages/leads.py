"""``/cases/{case_id}/leads``: faces close to a victim's, found by comparing new with old, for a person to answer."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from varde.core.account import Permission
from varde.core.errors import NotFound
from varde.core.face import Verdict
from varde.core.face_search import FaceLead, FacePlace, FaceSight
from varde.store import place_features
from varde.store import victims as stored_victims
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.face_exposure import SeenFaces, record_faces
from varde.web.face_pictures import ANSWERS, Level, send_face
from varde.web.face_readers import Reader, find_reader
from varde.web.face_words import BAND_WORDS, VERDICT_WORDS, say_support
from varde.web.pages.exposure import Day
from varde.web.pages.page import show
from varde.web.people import NOT_HERE, allow_in_case, find_case, find_person
from varde.web.row_ids import HIGHEST_ROW
from varde.web.services import Services, get_services
from varde.workflows import read_searches
from varde.workflows.answer_leads import answer_lead, list_leads

router = APIRouter(tags=["Faces"], route_class=GuardedRoute)

_PATH: Final = "/cases/{case_id}/leads"
_MOST_PLACES: Final = 12
_PAGE: Final = 200
_MOST_PAGES: Final = 5
_ANSWERS: Final = (Verdict.SAME, Verdict.DIFFERENT, Verdict.UNDECIDED)

LeadPath = Annotated[int, Path(ge=1, le=HIGHEST_ROW)]


class LeadAnswer(BaseModel):
    """What a person says of a lead."""

    model_config = ConfigDict(extra="forbid")

    verdict: Annotated[Verdict, Field(description="same, different or undecided.")]
    seconds: Annotated[int, Field(ge=0, le=86_400, description="How long the two were on the screen; not kept.")] = 0


class LeadOnward(BaseModel):
    """Where a person goes next."""

    next: str = Field(description="Path of the list, or of the lead where an identification may follow.")


@router.get(_PATH, dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def show_leads(request: Request) -> HTMLResponse:
    """Show the leads of a case: those to its victims, and those to faces of its exhibits."""
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    found, are_all = _list(services, case.case_id, reader)
    with services.site.database.read() as connection:
        with_features = len(place_features.list_contents(connection, case.case_id))
        without = place_features.count_without(connection, case.case_id)
    facts: dict[str, Any] = {
        "place_counts": {"with_features": with_features, "without": without},
        "more_than": None if are_all else len(found),
        "place_items": _list_places(found, case.case_id),
        "waiting": [_describe(one) for one in found if one.verdict is None],
        "answered": [_describe(one) for one in found if one.verdict is not None],
        "band_words": BAND_WORDS,
        "verdict_words": VERDICT_WORDS,
    }
    return show(request, "leads.html", case=case, **facts)


@router.get(_PATH + "/{lead_id}", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def show_lead(request: Request, lead_id: LeadPath) -> HTMLResponse:
    """Show a victim's face and the one that is close to it beside each other."""
    services, case = get_services(request), find_case(request)
    reader = await services.reading.run(find_reader, request)
    lead = await services.reading.run(_find, services, case.case_id, reader, lead_id)
    if lead.victim is None or lead.sight is None:
        raise refuse(404, NOT_HERE)
    compared = await services.searching.run(_describe_comparison, services, case.case_id, reader, lead)
    facts: dict[str, Any] = {"lead": lead, "card": _describe(lead), "verdict_words": VERDICT_WORDS}
    return show(request, "lead.html", case=case, compared=compared, Verdict=Verdict, most_note=2_000, **facts)


@router.post(_PATH + "/{lead_id}", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def answer(request: Request, lead_id: LeadPath, given: LeadAnswer) -> LeadOnward:
    """Record what the caller says of a lead. Audited."""
    if given.verdict not in _ANSWERS:
        raise refuse(400, "Of a lead say same, different or undecided.")
    return await get_services(request).writing.run(_answer, request, lead_id, given)


@router.get(
    _PATH + "/{lead_id}/enrolled/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_enrolled(request: Request, lead_id: LeadPath, level: Level) -> Response:
    """Send the victim's best enrolled face of a lead, showing as much as the level says."""
    services, case = get_services(request), find_case(request)
    reader = await services.reading.run(find_reader, request)
    crop = await services.reading.run(_read_enrolled, services, case.case_id, reader, lead_id)
    return await send_face(services.renderer, crop, level)


@router.post(_PATH + "/exposure", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def record_exposure(request: Request, views: SeenFaces) -> Day:
    """Add faces of leads to the caller's own ledger: a found face by its row; enrolled ones are of no item."""
    return await get_services(request).writing.run(_record_exposure, request, views)


def _list(services: Services, case_id: int, reader: Reader) -> tuple[list[FaceLead], bool]:
    """Returns the newest leads about a case, to a victim of it or to a face of an item, and whether these are all."""
    found: list[FaceLead] = []
    before: int | None = None
    for _ in range(_MOST_PAGES):
        page = list_leads(services.site, case_ids=reader.case_ids, waiting_only=False, before=before, limit=_PAGE)
        found += [one for one in page if _is_about(one, case_id)]
        if len(page) < _PAGE:
            return found[:_PAGE], len(found) <= _PAGE
        if len(found) >= _PAGE:
            break
        before = page[-1].lead_id
    return found[:_PAGE], False


def _is_about(lead: FaceLead, case_id: int) -> bool:
    is_victims = lead.victim is not None and lead.victim.case_id == case_id
    places = lead.sight.places if lead.sight is not None else ()
    return is_victims or any(place.case_id == case_id for place in places)


def _list_places(leads: list[FaceLead], case_id: int) -> list[FacePlace]:
    """Returns items of a case with a face that waits as a lead, or was said to be the same person's: worth a look."""
    places = {
        place.item_id: place
        for lead in leads
        if lead.sight is not None and lead.verdict in (None, Verdict.SAME)
        for place in lead.sight.places
        if place.case_id == case_id
    }
    return list(places.values())[:_MOST_PLACES]


def _find(services: Services, case_id: int, reader: Reader, lead_id: int) -> FaceLead:
    before = min(lead_id + 1, HIGHEST_ROW)
    for one in list_leads(services.site, case_ids=reader.case_ids, waiting_only=False, before=before, limit=1):
        if one.lead_id == lead_id and _is_about(one, case_id):
            return one
    raise refuse(404, NOT_HERE)


def _describe(lead: FaceLead) -> dict[str, Any]:
    return {
        "lead": lead,
        "score": "" if lead.score is None else f"{lead.score:.3f}",
        "support": "" if lead.log10_lr is None else say_support(lead.log10_lr),
        "ratio": "" if lead.log10_lr is None else f"{lead.log10_lr:+.1f}",
        "can_compare": lead.victim is not None and lead.sight is not None,
    }


def _describe_comparison(services: Services, case_id: int, reader: Reader, lead: FaceLead) -> dict[str, Any]:
    path = f"/cases/{case_id}/leads/{lead.lead_id}"
    face_id = lead.sight.face_id if lead.sight is not None else 0
    enrolled = services.faces.find_landmarks(_read_enrolled(services, case_id, reader, lead.lead_id))
    crop = read_searches.read_face_crop(services.site, face_id, case_ids=reader.case_ids)
    return {
        "place": f"/cases/{case_id}/leads",
        "probes": [{"path": f"{path}/enrolled", "landmarks": enrolled}],
        "candidate": {
            "path": f"/faces/{face_id}/crop",
            "landmarks": services.faces.find_landmarks(crop),
            "sight": face_id,
        },
        "rival": None,
        "judge": path if lead.verdict is None else "",
    }


def _read_enrolled(services: Services, case_id: int, reader: Reader, lead_id: int) -> bytes:
    lead = _find(services, case_id, reader, lead_id)
    crop = None
    if lead.victim is not None:
        with services.site.database.read() as connection:
            enrolled = stored_victims.list_enrolments(connection, lead.victim.victim_id)
            best = max(enrolled, key=lambda one: one.quality, default=None)
            crop = stored_victims.read_enrolment_crop(connection, best.enrolment_id) if best else None
    if crop is None:
        raise refuse(404, "The face that this lead points from was deleted.")
    return crop


def _answer(request: Request, lead_id: int, given: LeadAnswer) -> LeadOnward:
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    _find(services, case.case_id, reader, lead_id)
    answer_lead(services.site, find_person(request), lead_id, given.verdict, case_ids=reader.case_ids)
    path = f"/cases/{case.case_id}/leads"
    return LeadOnward(next=f"{path}/{lead_id}" if given.verdict is Verdict.SAME else path)


def _record_exposure(request: Request, views: SeenFaces) -> Day:
    services, reader = get_services(request), find_reader(request)

    def find(number: int) -> FaceSight | None:
        if number <= 0:
            return None
        try:
            return read_searches.read_face(services.site, number, case_ids=reader.case_ids)
        except NotFound:
            return None

    return record_faces(request, views.seen, find)
