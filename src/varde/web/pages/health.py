"""``/administration/health``: whether this machine and this site can do their work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow
from varde.web.services import get_services

router = APIRouter(tags=["Administration"], route_class=GuardedRoute)

_PATH = "/administration/health"


@router.get(_PATH, dependencies=[allow(Permission.ADMINISTER)])
async def show_health(request: Request) -> HTMLResponse:
    """Show what the last look at machine and site found, and whether requests are served."""
    services = get_services(request)
    return show(request, "administration_health.html", last=services.health.last, fault=await services.find_fault())


@router.post(_PATH, dependencies=[allow(Permission.ADMINISTER)])
async def look(request: Request) -> RedirectResponse:
    """Look at machine and site now."""
    services = get_services(request)
    await services.health.look(services.site, services.clock())
    return RedirectResponse(_PATH, 303)
