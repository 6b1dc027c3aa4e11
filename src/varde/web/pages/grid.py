"""``/cases/{case_id}/grid``: the grid in which a case is looked at; its tiles come from `varde.web.pages.tiles`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from varde.core.account import Permission
from varde.store import schemes
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow_in_case, find_case
from varde.web.services import get_services

router = APIRouter(tags=["Review"], route_class=GuardedRoute)


@router.get("/cases/{case_id}/grid", dependencies=[allow_in_case(Permission.REVIEW)], response_class=HTMLResponse)
def show_grid(request: Request) -> HTMLResponse:
    """Show the grid of a case; what is in it is asked for by the page."""
    case = find_case(request)
    with get_services(request).site.database.read() as connection:
        _, scheme = schemes.get_scheme(connection, case.scheme)
    return show(request, "grid.html", case=case, codes=scheme.codes)
