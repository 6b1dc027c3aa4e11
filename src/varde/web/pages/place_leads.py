"""``/items/{item_id}/place-leads``: what shows the same place or object as an item, found when somebody asks."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from varde.core.account import Permission
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.pages.pictures import PICTURE_POLICY
from varde.web.people import allow_in_case, find_case, find_person
from varde.web.place_leads import show_places
from varde.web.renderer import PNG
from varde.web.row_ids import HIGHEST_ROW, RowPath
from varde.web.services import get_services
from varde.workflows.find_places import draw_item_lead, draw_known_lead

router = APIRouter(tags=["Review"], route_class=GuardedRoute)

_PATH: Final = "/items/{item_id}/place-leads"
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {PNG: {}}, "description": "The drawing."},
    404: {"description": "There is no such item, no access to it, or nothing that the two share."},
}

Other = Annotated[int, Path(ge=1, le=HIGHEST_ROW)]


@router.get(_PATH, dependencies=[allow_in_case(Permission.VIEW)], response_class=HTMLResponse)
async def show_place_leads(request: Request, item_id: RowPath) -> HTMLResponse:
    """Show what shares a place or an object with an item, in its case and in the known sets, for its page."""
    services, case = get_services(request), find_case(request)
    found = await services.searching.run(show_places, services, case, item_id)
    return show(request, "item_place_leads.html", found=found, hits=found.hits, item_id=item_id)


@router.get(
    _PATH + "/items/{other_id}/drawing",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses=_ANSWERS,
)
async def show_item_lead(request: Request, item_id: RowPath, other_id: Other, soft: bool = True) -> Response:
    """Send a drawing of what two items of a case share. Audited."""
    services, case = get_services(request), find_case(request)
    drawing = await services.searching.run(
        draw_item_lead,
        services.site,
        find_person(request),
        case_id=case.case_id,
        item_id=item_id,
        other_id=other_id,
        soft=soft,
    )
    return _send(drawing)


@router.get(
    _PATH + "/entries/{entry_id}/drawing",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses=_ANSWERS,
)
async def show_known_lead(request: Request, item_id: RowPath, entry_id: RowPath, soft: bool = True) -> Response:
    """Send a drawing of what an item shares with a known picture. Audited."""
    services, actor = get_services(request), find_person(request)
    drawing = await services.searching.run(
        draw_known_lead, services.site, actor, item_id=item_id, entry_id=entry_id, soft=soft
    )
    return _send(drawing)


def _send(drawing: bytes) -> Response:
    return Response(drawing, media_type=PNG, headers={"Content-Security-Policy": PICTURE_POLICY})
