"""``/``: the cases a person has access to."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from varde.store import case_access
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow, find_visitor
from varde.web.services import get_services

router = APIRouter(tags=["People"], route_class=GuardedRoute)


@router.get("/", dependencies=[allow(None)])
def show_home(request: Request) -> HTMLResponse:
    """Show the first page."""
    with get_services(request).site.database.read() as connection:
        cases = case_access.list_open_cases(connection, find_visitor(request).account.account_id)
    return show(request, "home.html", cases=cases)
