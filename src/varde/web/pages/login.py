"""``/login`` and ``/logout``: letting people in and out."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from varde.core.errors import VardeError
from varde.web.access import GuardedRoute, Open
from varde.web.addresses import find_network
from varde.web.login_delays import Wait
from varde.web.pages.page import show_to_stranger
from varde.web.people import (
    allow,
    check_origin,
    find_cookie_name,
    find_person,
    find_secret,
    find_visitor,
    is_over_tls,
)
from varde.web.services import Services, get_services
from varde.workflows.actor import Actor
from varde.workflows.log_in import (
    CodeNeeded,
    LoginRefused,
    NewSession,
    confirm_log_in,
    end_old_session,
    log_in,
    log_out,
    log_out_everywhere,
    record_refusal,
)

router = APIRouter(tags=["People"], route_class=GuardedRoute)

_BROWSER_LASTS_S = 90 * 24 * 3600
_FORGET = {"Clear-Site-Data": '"cache", "storage"'}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    303: {"description": "Let in."},
    401: {"description": "Not let in.", "content": {"text/html": {}}},
    403: {"description": "Another site's page sent this."},
    429: {"description": "Too many attempts.", "content": {"text/html": {}}},
}
_WRONG = "Name or password is wrong."
_WRONG_CODE = "The code is wrong, or it was used already. Wait for the next one."
_TOO_LATE = "That took too long, or there were too many wrong codes. Begin again."


@router.get("/login", dependencies=[Depends(Open())])
def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Show the login page."""
    return _show(request, next)


@router.post("/login", dependencies=[Depends(Open())], responses=_ANSWERS)
async def do_log_in(
    request: Request,
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    pending: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """Let a person in by name and password, or after these by a one-time code, and go on to the page they wanted."""
    check_origin(request)
    if pending:
        return await _take_code(request, pending, code, next)
    return await _take_password(request, name.strip(), password, next)


async def _take_password(request: Request, name: str, password: str, next_path: str) -> Response:
    services = get_services(request)
    delays, actor = services.logins.delays, Actor(name, services.clock)
    attempt = delays.begin(name, find_network(request), _find_browser(request))
    if isinstance(attempt, Wait):
        return _refuse_for_now(request, next_path, attempt)
    try:
        found = await services.logins.lane.run(log_in, services.site, actor, password=password)
    except (HTTPException, VardeError):
        delays.give_back(attempt)
        raise
    if isinstance(found, LoginRefused):
        return _refuse(request, services, actor, next_path)
    delays.succeed(attempt)
    if isinstance(found, CodeNeeded):
        return _show(request, next_path, pending=services.logins.wait_for_code(found))
    return await _let_in(request, services, found, next_path)


async def _take_code(request: Request, pending: str, code: str, next_path: str) -> Response:
    services = get_services(request)
    needed = services.logins.find_pending(pending)
    if needed is None:
        return _show(request, next_path, _TOO_LATE, status=401)
    actor = Actor(needed.account.name, services.clock)
    attempt = services.logins.delays.begin_code(actor.person)
    if isinstance(attempt, Wait):
        return _refuse_for_now(request, next_path, attempt, pending=pending)
    found = await services.logins.lane.run(confirm_log_in, services.site, actor, needed, code=code)
    if isinstance(found, LoginRefused):
        return _refuse(request, services, actor, next_path, pending=pending)
    services.logins.delays.succeed(attempt)
    services.logins.end_pending(pending)
    return await _let_in(request, services, found, next_path)


@router.post("/logout", dependencies=[allow(None, with_old_password=True)])
def do_log_out(request: Request) -> Response:
    """End the session; the browser forgets what it kept of the pages."""
    log_out(get_services(request).site, find_person(request), find_visitor(request).session_id)
    return _say_goodbye(request)


@router.post("/logout/everywhere", dependencies=[allow(None, with_old_password=True)])
def do_log_out_everywhere(request: Request) -> Response:
    """End all of the person's sessions."""
    log_out_everywhere(get_services(request).site, find_person(request))
    return _say_goodbye(request)


async def _let_in(request: Request, services: Services, session: NewSession, next_path: str) -> Response:
    if old := find_secret(request):
        await services.logins.lane.run(end_old_session, services.site, old)
    response = RedirectResponse(_own_path(next_path), 303)
    secure = is_over_tls(request)
    browser = services.logins.delays.sign_browser(session.account.name)
    for name, value, lasts_s in (
        (find_cookie_name(request), session.secret, session.lasts_s),
        (_name_browser(request), browser, _BROWSER_LASTS_S),
    ):
        response.set_cookie(name, value, max_age=lasts_s, secure=secure, httponly=True, samesite="strict")
    return response


def _say_goodbye(request: Request) -> Response:
    response = RedirectResponse("/login", 303, headers=_FORGET)
    response.delete_cookie(find_cookie_name(request), secure=is_over_tls(request), httponly=True, samesite="strict")
    return response


def _refuse(request: Request, services: Services, actor: Actor, next_path: str, pending: str = "") -> Response:
    """Says that it was wrong; what is audited is written after the answer, which takes as long for every name."""
    page = _show(request, next_path, _WRONG_CODE if pending else _WRONG, 401, pending, actor.person)
    if services.logins.delays.is_to_be_audited(actor.person):
        page.background = BackgroundTask(services.logins.lane.run, record_refusal, services.site, actor)
    return page


def _refuse_for_now(request: Request, next_path: str, wait: Wait, pending: str = "") -> Response:
    seconds = "1 second" if wait.seconds == 1 else f"{wait.seconds} seconds"
    page = _show(request, next_path, f"Too many attempts. Wait {seconds}, then try again.", status=429, pending=pending)
    page.headers["Retry-After"] = str(wait.seconds)
    return page


def _show(
    request: Request, next_path: str, problem: str = "", status: int = 200, pending: str = "", name: str = ""
) -> Response:
    facts = {"next": _own_path(next_path), "problem": problem, "pending": pending, "name": name}
    return show_to_stranger(request, "login.html", status=status, **facts)


def _name_browser(request: Request) -> str:
    return f"{find_cookie_name(request)}-browser"


def _find_browser(request: Request) -> str:
    return request.cookies.get(_name_browser(request), "")


def _own_path(path: str) -> str:
    """Returns a path of this server to go to, the first page where the one given is none."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and path.isascii()
    return path if is_own else "/"
