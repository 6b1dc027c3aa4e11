"""``/items/{item_id}/camera-searches``: which enrolled cameras may have taken an item, asked from its page."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from varde.core.account import Permission
from varde.core.camera import SearchExtent
from varde.core.camera_comparison import ItemToCompare
from varde.core.camera_search import CameraSearch, CameraSearchOrder
from varde.reports.camera_words import EXTENT_NAMES, KIND_NAMES
from varde.web.access import GuardedRoute
from varde.web.camera_words import describe_comparison
from varde.web.face_readers import find_reader
from varde.web.pages.page import show
from varde.web.people import allow_in_case, find_case, find_person
from varde.web.row_ids import RowPath
from varde.web.services import get_services
from varde.workflows.search_cameras import search_cameras

router = APIRouter(tags=["Cameras"], route_class=GuardedRoute)

_MOST: Final = 10
_MOST_COST_S: Final = 300.0
"""Searches run one at a time, and nobody can stop one: longer ones are for the command line."""


@router.post(
    "/items/{item_id}/camera-searches",
    dependencies=[allow_in_case(Permission.COMPARE_CAMERAS)],
    response_class=HTMLResponse,
)
async def search(
    request: Request, item_id: RowPath, extent: Annotated[SearchExtent, Form()] = SearchExtent.TURNED
) -> HTMLResponse:
    """Compare an item with all enrolled cameras that the caller may see; every comparison is kept. Audited."""
    services, case = get_services(request), find_case(request)
    reader = await services.reading.run(find_reader, request)
    order = CameraSearchOrder(ItemToCompare(item_id), extent, case.name, reader.case_ids, _MOST, _MOST_COST_S)
    found: CameraSearch = await services.probing.run(search_cameras, services.site, find_person(request), order)
    facts: dict[str, Any] = {
        "found": found,
        "item_id": item_id,
        "candidates": [(one, describe_comparison(one.comparison)) for one in found.candidates],
        "extent_names": EXTENT_NAMES,
        "kind_names": KIND_NAMES,
        "most_cost_s": _MOST_COST_S,
    }
    return show(request, "camera_search.html", case=case, **facts)
