"""``/cases/{case_id}/camera-comparisons/{comparison_id}``: one file and one camera, for a person to decide about."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from varde.camera.calibration_plots import plot_curve
from varde.camera.strength import compute_strength
from varde.core.account import Permission
from varde.core.camera import LinkVerdict, SourceScore
from varde.core.camera_comparison import CameraComparison, FilePlace
from varde.core.case import Case
from varde.core.errors import ApprovalNeeded, NotFound, WrongUse
from varde.reports.camera_facts import tell_stated
from varde.reports.camera_surface import draw_surface
from varde.reports.camera_words import KIND_NAMES, LIMITS, VERDICT_NAMES
from varde.store import camera_leads, camera_links, cameras
from varde.web.access import GuardedRoute
from varde.web.camera_words import describe_comparison
from varde.web.errors import explain, refuse
from varde.web.face_readers import Reader, find_reader
from varde.web.pages.page import show
from varde.web.people import NOT_HERE, allow_in_case, find_case, find_person
from varde.web.row_ids import HIGHEST_ROW
from varde.web.services import Services, get_services
from varde.workflows.calibrate_camera import find_calibration
from varde.workflows.check_note import MOST_CHARACTERS
from varde.workflows.decide_camera_link import decide_link, read_comparison
from varde.workflows.report_calibration import find_table

router = APIRouter(tags=["Cameras"], route_class=GuardedRoute)

_PATH: Final = "/cases/{case_id}/camera-comparisons/{comparison_id}"
_MOST_PLACES: Final = 200

ComparisonPath = Annotated[int, Path(ge=1, le=HIGHEST_ROW)]


@router.get(_PATH, dependencies=[allow_in_case(Permission.COMPARE_CAMERAS)], response_class=HTMLResponse)
def show_comparison(request: Request, comparison_id: ComparisonPath) -> HTMLResponse:
    """Show what comparing a file with a camera gave, how, and what people decided."""
    return _show(request, comparison_id)


@router.post(_PATH + "/decisions", dependencies=[allow_in_case(Permission.LINK_CAMERAS)], response_class=HTMLResponse)
def decide(
    request: Request,
    comparison_id: ComparisonPath,
    verdict: Annotated[LinkVerdict, Form()],
    note: Annotated[str, Form(max_length=MOST_CHARACTERS)],
) -> Response:
    """Decide whether a file was taken with a camera. Audited; a second person approves where the site says so."""
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    made, here = _find(services, case, reader, comparison_id)
    if here is None or here.case_id != case.case_id:  # a decision is of the case whose page it is made on
        raise refuse(404, NOT_HERE)
    try:
        decide_link(
            services.site,
            find_person(request),
            here.case,
            here.item_id,
            made.camera,
            verdict,
            note=note,
            comparison_id=comparison_id,
            case_ids=reader.case_ids,
        )
    except ApprovalNeeded as error:
        return _show(request, comparison_id, explain(error), note, status=202)
    except WrongUse as error:
        return _show(request, comparison_id, explain(error), note, status=400)
    return RedirectResponse(f"/cases/{case.case_id}/camera-comparisons/{comparison_id}", 303)


def _show(
    request: Request, comparison_id: int, problem: str = "", note: str = "", *, status: int = 200
) -> HTMLResponse:
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    made, here = _find(services, case, reader, comparison_id)
    links = []
    if made.content_id is not None:
        with services.site.database.read() as connection:
            links = camera_links.list_links(
                connection, case_ids=reader.case_ids, camera_id=made.camera_id, content_id=made.content_id
            )
    facts: dict[str, Any] = {
        "made": made,
        "shown": describe_comparison(made),
        "spot": here,
        "links": links,
        "curve": _draw_curve(services, made),
        "surface": Markup(draw_surface(made.surface)) if made.surface else None,  # noqa: S704 - ours
        "limits": LIMITS,
        "problem": problem,
        "note": note,
        "most_note": MOST_CHARACTERS,
        "kind_names": KIND_NAMES,
        "verdict_names": VERDICT_NAMES,
        "tell_stated": tell_stated,
    }
    return show(request, "camera_comparison.html", status=status, case=case, **facts)


def _find(
    services: Services, case: Case, reader: Reader, comparison_id: int
) -> tuple[CameraComparison, FilePlace | None]:
    """Returns a comparison that is about a case, and an item of it that has the file, or of another case one sees."""
    made = read_comparison(services.site, comparison_id, person=reader.person, case_ids=reader.case_ids)
    with services.site.database.read() as connection:
        of_camera = cameras.get_camera_by_id(connection, made.camera_id, reader.case_ids).case_id
        places: list[FilePlace] = []
        if made.content_id is not None:
            places = camera_leads.list_file_places(
                connection, made.content_id, case_ids=reader.case_ids, most=_MOST_PLACES
            )
    if case.case_id not in (made.case_id, of_camera) and not any(one.case_id == case.case_id for one in places):
        raise NotFound("there is no such comparison in this case")
    first = places[0] if places else None
    return made, next((one for one in places if one.case_id == case.case_id), first)


def _draw_curve(services: Services, made: CameraComparison) -> Markup | None:
    """Returns what scores are worth with this one marked; None where that was not measured for such a comparison."""
    if not made.is_assessable or not isinstance(made.outcome, SourceScore):
        return None
    table = find_table(find_calibration(services.site).calibration, made.outcome)
    return Markup(plot_curve(table, compute_strength(made.outcome))) if table is not None else None  # noqa: S704 - ours
