"""``/cases/{case_id}/victims``: who is looked for in a case, by which faces, and what people decided of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.errors import ApprovalNeeded, NotFound, WrongUse
from varde.core.face import Verdict
from varde.core.face_search import FaceSight
from varde.store import victims as stored_victims
from varde.web.access import GuardedRoute
from varde.web.errors import explain, refuse
from varde.web.face_exposure import SeenFaces, record_faces
from varde.web.face_pictures import ANSWERS, Level, send_face
from varde.web.face_readers import find_reader
from varde.web.face_words import VERDICT_WORDS
from varde.web.pages.exposure import Day
from varde.web.pages.page import show
from varde.web.people import NOT_HERE, allow_in_case, find_case, find_person, find_visitor
from varde.web.row_ids import HIGHEST_ROW, RowPath
from varde.web.services import Services, get_services
from varde.workflows import enrol_victim as enrolling
from varde.workflows import identify as identifying
from varde.workflows.answer_leads import list_leads
from varde.workflows.read_searches import read_face

router = APIRouter(tags=["Faces"], route_class=GuardedRoute)

MOST_CHARACTERS: Final = 500
MOST_NOTE: Final = 2_000
_LIST: Final = "/cases/{case_id}/victims"
_ONE: Final = "/victims/{victim_id}"

Words = Annotated[str, Form(max_length=MOST_CHARACTERS)]
Note = Annotated[str, Form(max_length=MOST_NOTE)]
Enrolled = Annotated[int, Path(ge=1, le=HIGHEST_ROW)]
Row = Annotated[int, Form(ge=1, le=HIGHEST_ROW)]


@router.get(_LIST, dependencies=[allow_in_case(Permission.SEARCH_FACES)], response_class=HTMLResponse)
def show_victims(request: Request) -> HTMLResponse:
    """Show who is looked for in a case."""
    return _show_list(request)


@router.post(_LIST, dependencies=[allow_in_case(Permission.SEARCH_FACES)], response_class=HTMLResponse)
def add_victim(
    request: Request,
    alias: Annotated[str, Form(max_length=100)],
    purpose: Words,
    authorisation: Words,
    retain_until: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Begin to look for a person, known by an alias. Audited."""
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    words = {"alias": alias, "purpose": purpose, "authorisation": authorisation, "retain_until": retain_until}
    try:
        victim = enrolling.add_victim(
            services.site,
            find_person(request),
            case.name,
            alias.strip(),
            authorisation=authorisation.strip(),
            purpose=purpose.strip(),
            retain_until=_read_day(retain_until),
            case_ids=reader.case_ids,
        )
    except WrongUse as error:
        return _show_list(request, words, explain(error), status=400)
    return RedirectResponse(f"/victims/{victim.victim_id}", 303)


@router.get(_ONE, dependencies=[allow_in_case(Permission.SEARCH_FACES)], response_class=HTMLResponse)
def show_victim(request: Request, victim_id: RowPath, done: str = "") -> HTMLResponse:
    """Show by which faces a person is looked for, what was found, and what people decided."""
    services, reader, site = get_services(request), find_reader(request), get_services(request).site
    victim, enrolments = enrolling.read_victim(site, victim_id, case_ids=reader.case_ids)
    decided = identifying.list_identifications(site, victim_id=victim_id, case_ids=reader.case_ids)
    newest = {one.face_id: one for one in decided}
    facts: dict[str, Any] = {
        "victim": victim,
        "enrolments": enrolments,
        "identified": [(one, _find_sight(services, one.face_id, reader.case_ids)) for one in newest.values()],
        "links": [one for one in identifying.list_links(site, case_ids=reader.case_ids) if one.victim_id == victim_id],
        "leads": list_leads(site, case_ids=reader.case_ids, victim_id=victim_id),
        "may_identify": find_visitor(request).may(Permission.IDENTIFY),
        "done": _DONE.get(done, ""),
        "verdict_words": VERDICT_WORDS,
        "Verdict": Verdict,
        "most_note": MOST_NOTE,
    }
    return show(request, "victim.html", case=find_case(request), **facts)


@router.post(_ONE + "/faces", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def enrol(request: Request, victim_id: RowPath, face_id: Row) -> RedirectResponse:
    """Look for a person by one more face of an item. Audited."""
    services, reader = get_services(request), find_reader(request)
    enrolling.enrol_face(services.site, find_person(request), victim_id, face_id, case_ids=reader.case_ids)
    return RedirectResponse(f"/victims/{victim_id}?done=enrolled", 303)


@router.post(_ONE + "/enrolments/{enrolment_id}/delete", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def delete_enrolment(request: Request, victim_id: RowPath, enrolment_id: Enrolled) -> RedirectResponse:
    """Delete a face that a person is looked for by; nothing of it stays. Audited."""
    services, reader = get_services(request), find_reader(request)
    _check_enrolment(services, victim_id, enrolment_id, reader.case_ids)
    enrolling.delete_enrolment(services.site, find_person(request), enrolment_id, case_ids=reader.case_ids)
    return RedirectResponse(f"/victims/{victim_id}?done=deleted", 303)


@router.post(_ONE + "/close", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def close(request: Request, victim_id: RowPath) -> RedirectResponse:
    """Look for a person no longer. Audited."""
    services, reader = get_services(request), find_reader(request)
    enrolling.close_victim(services.site, find_person(request), victim_id, case_ids=reader.case_ids)
    return RedirectResponse(f"/victims/{victim_id}?done=closed", 303)


@router.post(_ONE + "/identifications", dependencies=[allow_in_case(Permission.IDENTIFY)])
def decide(
    request: Request,
    victim_id: RowPath,
    face_id: Row,
    verdict: Annotated[Literal["same", "different"], Form()],
    note: Note,
    search_id: Annotated[int, Form(ge=0, le=HIGHEST_ROW)] = 0,
) -> RedirectResponse:
    """Decide that a face is a person's, or take that back. Audited; a second person approves where the site says so."""
    services, reader = get_services(request), find_reader(request)
    try:
        identifying.identify(
            services.site,
            find_person(request),
            victim_id,
            face_id,
            verdict=Verdict(verdict),
            note=note.strip(),
            search_id=search_id or None,
            case_ids=reader.case_ids,
        )
    except ApprovalNeeded:
        return RedirectResponse(f"/victims/{victim_id}?done=asked", 303)
    return RedirectResponse(f"/victims/{victim_id}?done=identified", 303)


@router.post(_ONE + "/links", dependencies=[allow_in_case(Permission.IDENTIFY)])
def link(
    request: Request,
    victim_id: RowPath,
    other: Annotated[str, Form(max_length=200)],
    decision: Annotated[Literal["linked", "not linked"], Form()],
    note: Note,
) -> RedirectResponse:
    """Decide that another case belongs to a person's case, or not. Audited; see `decide`."""
    services, reader, case = get_services(request), find_reader(request), find_case(request)
    try:
        identifying.link_cases(
            services.site,
            find_person(request),
            case.name,
            other,
            is_linked=decision == "linked",
            victim_id=victim_id,
            note=note.strip(),
            case_ids=reader.case_ids,
        )
    except ApprovalNeeded:
        return RedirectResponse(f"/victims/{victim_id}?done=asked", 303)
    except NotFound:
        return RedirectResponse(f"/victims/{victim_id}?done=no_case", 303)
    return RedirectResponse(f"/victims/{victim_id}?done=linked", 303)


@router.get(
    _ONE + "/enrolments/{enrolment_id}/crop/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_enrolment(request: Request, victim_id: RowPath, enrolment_id: Enrolled, level: Level) -> Response:
    """Send a face that a person is looked for by, showing as much as the level says."""
    services = get_services(request)
    crop = await services.reading.run(_read_enrolment, services, victim_id, enrolment_id)
    return await send_face(services.renderer, crop, level)


@router.post(_ONE + "/exposure", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def record_exposure(request: Request, victim_id: RowPath, views: SeenFaces) -> Day:
    """Add faces of a victim's page to the caller's own ledger: found faces by row, enrolments by minus their row."""
    return await get_services(request).writing.run(_record_exposure, request, victim_id, views)


_DONE: Final = {
    "enrolled": "The face was enrolled. New and old exhibits are compared with it; what is close shows under Leads.",
    "deleted": "The enrolment was deleted; nothing of it stays.",
    "closed": "Nobody is looked for by these faces any more.",
    "identified": "Your decision was recorded.",
    "linked": "Your decision about the other case was recorded.",
    "asked": "This site leaves that to nobody alone: another person has to approve this and was asked to. Your account "
    "page says when; do it again then. An approval serves once.",
    "no_case": "Nothing was recorded: there is no case of that name that you have access to.",
}


def _show_list(
    request: Request, words: dict[str, str] | None = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    services, case = get_services(request), find_case(request)
    found = enrolling.list_victims(services.site, case_ids=frozenset({case.case_id}), with_closed=True)
    empty = {"alias": "", "purpose": "", "authorisation": case.authorisation.reference, "retain_until": ""}
    facts: dict[str, Any] = {"victims": found, "words": words or empty, "problem": problem}
    return show(request, "victims.html", status=status, case=case, most_characters=MOST_CHARACTERS, **facts)


def _read_day(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time.min, UTC)
    except ValueError as error:
        raise WrongUse("this is no date", advice="Write it as 2027-05-31, or leave it empty.") from error


def _find_sight(services: Services, face_id: int, case_ids: frozenset[int]) -> FaceSight | None:
    """Returns a face as the reader may see it; None where it is in no case they have access to."""
    try:
        return read_face(services.site, face_id, case_ids=case_ids)
    except NotFound:
        return None


def _check_enrolment(services: Services, victim_id: int, enrolment_id: int, case_ids: frozenset[int]) -> None:
    _, enrolments = enrolling.read_victim(services.site, victim_id, case_ids=case_ids)
    if enrolment_id not in {one.enrolment_id for one in enrolments}:
        raise refuse(404, NOT_HERE)


def _read_enrolment(services: Services, victim_id: int, enrolment_id: int) -> bytes:
    with services.site.database.read() as connection:
        own = {one.enrolment_id for one in stored_victims.list_enrolments(connection, victim_id)}
        crop = stored_victims.read_enrolment_crop(connection, enrolment_id) if enrolment_id in own else None
    if crop is None:
        raise refuse(404, NOT_HERE)
    return crop


def _record_exposure(request: Request, victim_id: int, views: SeenFaces) -> Day:
    services, reader = get_services(request), find_reader(request)
    _, enrolments = enrolling.read_victim(services.site, victim_id, case_ids=reader.case_ids)
    sources = {-one.enrolment_id: one.source_face_id for one in enrolments}

    def find(number: int) -> FaceSight | None:
        face_id = number if number > 0 else sources.get(number)
        return None if face_id is None else _find_sight(services, face_id, reader.case_ids)

    return record_faces(request, views.seen, find)
