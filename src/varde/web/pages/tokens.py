"""``/administration/tokens``: the programs that may use the interface."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.store import tokens
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow, find_person
from varde.web.services import get_services
from varde.workflows.manage_tokens import revoke_token

router = APIRouter(tags=["Administration"], route_class=GuardedRoute)

_PATH = "/administration/tokens"


@router.get(_PATH, dependencies=[allow(Permission.ADMINISTER)])
def list_tokens(request: Request) -> HTMLResponse:
    """Show all tokens, also those that let nobody in any more."""
    services = get_services(request)
    with services.site.database.read() as connection:
        found = tokens.list_tokens(connection)
    return show(request, "administration_tokens.html", tokens=found, at=services.clock())


@router.post(f"{_PATH}/revoke", dependencies=[allow(Permission.ADMINISTER)])
def revoke(request: Request, token: Annotated[str, Form(max_length=100)]) -> RedirectResponse:
    """Take a token back; from the next request on it lets nobody in."""
    revoke_token(get_services(request).site, find_person(request), token)
    return RedirectResponse(_PATH, 303)
