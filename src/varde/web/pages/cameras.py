"""``/cases/{case_id}/cameras``: the cameras that a case's files are compared with, and the leads that wait."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from varde.core.account import Permission
from varde.core.camera_comparison import CameraLead
from varde.core.case import Case
from varde.reports.camera_facts import tell_facts
from varde.reports.camera_words import KIND_NAMES, STATE_NAMES, VERDICT_NAMES
from varde.reports.wording import REASON_SENTENCES
from varde.store import camera_comparisons, cameras
from varde.web.access import GuardedRoute
from varde.web.camera_words import describe_comparison
from varde.web.face_readers import Reader, find_reader
from varde.web.pages.page import show
from varde.web.people import allow_in_case, find_case
from varde.web.row_ids import HIGHEST_ROW, AfterRow
from varde.web.services import Services, get_services
from varde.workflows.decide_camera_link import list_links
from varde.workflows.read_camera_leads import list_leads
from varde.workflows.read_cameras import iterate_cameras, read_camera

router = APIRouter(tags=["Cameras"], route_class=GuardedRoute)

_PATH: Final = "/cases/{case_id}/cameras"
_MOST_CAMERAS: Final = 500
_MOST_LEADS: Final = 200
_MOST_COMPARISONS: Final = 100
_MOST_REFERENCES: Final = 200

CameraPath = Annotated[int, Path(ge=1, le=HIGHEST_ROW)]


@router.get(_PATH, dependencies=[allow_in_case(Permission.COMPARE_CAMERAS)], response_class=HTMLResponse)
def show_cameras(request: Request) -> HTMLResponse:
    """Show the cameras of a case and of the laboratory, and files that speak for one of them."""
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    found = list_leads(
        services.site, case_ids=reader.case_ids, case=case.name, waiting_only=False, limit=_MOST_LEADS + 1
    )
    shown, more = _list_cameras(services, case, reader)
    leads = [_describe_lead(one, case.case_id) for one in found[:_MOST_LEADS]]
    facts: dict[str, Any] = {
        "cameras": shown,
        "are_more": more,
        "waiting": [one for one in leads if one["lead"].decided is None],
        "decided": [one for one in leads if one["lead"].decided is not None],
        "are_more_leads": len(found) > _MOST_LEADS,
        "kind_names": KIND_NAMES,
        "verdict_names": VERDICT_NAMES,
    }
    return show(request, "cameras.html", case=case, **facts)


@router.get(
    _PATH + "/{camera_id}", dependencies=[allow_in_case(Permission.COMPARE_CAMERAS)], response_class=HTMLResponse
)
def show_camera(request: Request, camera_id: CameraPath, before: AfterRow = 0) -> HTMLResponse:
    """Show a camera: what its fingerprints were made from, and what was compared with them for the case."""
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    with services.site.database.read() as connection:
        name = cameras.get_camera_by_id(connection, camera_id, reader.case_ids).name
        made = camera_comparisons.list_comparisons(
            connection,
            case_ids=reader.case_ids,
            person=reader.person,
            camera_id=camera_id,
            case_id=case.case_id,
            before=before or None,
            limit=_MOST_COMPARISONS + 1,
        )
    camera = read_camera(services.site, name, case_ids=reader.case_ids)
    shown = [describe_comparison(one) for one in made[:_MOST_COMPARISONS]]
    facts: dict[str, Any] = {
        "shown": camera,
        "camera": camera.camera,
        "comparisons": shown,
        "before": shown[-1].made.comparison_id if len(made) > _MOST_COMPARISONS else None,
        "links": list_links(services.site, case_ids=reader.case_ids, case=case.name, camera=name),
        "most_references": _MOST_REFERENCES,
        "kind_names": KIND_NAMES,
        "state_names": STATE_NAMES,
        "verdict_names": VERDICT_NAMES,
        "reasons": REASON_SENTENCES,
        "tell_facts": tell_facts,
    }
    return show(request, "camera.html", case=case, **facts)


def _list_cameras(services: Services, case: Case, reader: Reader) -> tuple[list[Any], bool]:
    """Returns cameras of the case and of no case with their fingerprints in force, and whether there are more."""
    found = []
    for camera, stored in iterate_cameras(services.site, case_ids=reader.case_ids, with_withdrawn=True):
        if camera.case_id in (None, case.case_id):
            found.append((camera, stored))
        if len(found) > _MOST_CAMERAS:
            return found[:_MOST_CAMERAS], True
    return found, False


def _describe_lead(lead: CameraLead, case_id: int) -> dict[str, Any]:
    here = next((place for place in lead.places if place.case_id == case_id), None)
    return {
        "lead": lead,
        "here": here or (lead.places[0] if lead.places else None),
        "shown": describe_comparison(lead.comparison) if lead.comparison is not None else None,
    }
