"""``/login`` and ``/logout``: letting people in and out."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.web.access import GuardedRoute, Open
from varde.web.pages.assets import read_asset
from varde.web.pages.page import PAGE_POLICY, show
from varde.web.people import allow, find_cookie_name, find_person, find_visitor
from varde.web.services import get_services
from varde.workflows.actor import Actor
from varde.workflows.log_in import log_in, log_out

router = APIRouter(tags=["People"], route_class=GuardedRoute)


@router.get("/login", dependencies=[Depends(Open())])
def show_login(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002 - the name in the address
    """Show the login page."""
    return _show(request, next, "")


@router.post("/login", dependencies=[Depends(Open())])
async def do_log_in(
    request: Request,
    name: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """Let a person in, and go on to the page they wanted."""
    services = get_services(request)
    session = await services.admitting.run(log_in, services.site, Actor(name, services.clock), password=password)
    if session is None:
        return _show(request, next, "Name or password is wrong.", status=401)
    response = RedirectResponse(_own_path(next), 303)
    response.set_cookie(
        find_cookie_name(request),
        session.secret,
        max_age=session.lasts_s,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/logout", dependencies=[allow(None, with_old_password=True)])
async def do_log_out(request: Request) -> Response:
    """End the session; the browser forgets what it kept of the pages."""
    services = get_services(request)
    session_id = find_visitor(request).session_id
    await services.admitting.run(log_out, services.site, find_person(request), session_id)
    response = RedirectResponse("/login", 303, headers={"Clear-Site-Data": '"cache", "storage"'})
    response.delete_cookie(find_cookie_name(request), secure=request.url.scheme == "https", httponly=True)
    return response


def _show(request: Request, next_path: str, problem: str, status: int = 200) -> HTMLResponse:
    """Returns the login page; its style is inside it, since strangers are given no other file."""
    style = read_asset("style.css")
    page = show(request, "login.html", status=status, next=_own_path(next_path), problem=problem, style=style)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page.headers["Content-Security-Policy"] = PAGE_POLICY.replace("style-src 'self'", f"style-src 'sha256-{digest}'")
    return page


def _own_path(path: str) -> str:
    """Returns a path of this server to go to, the first page where the one given is none."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
