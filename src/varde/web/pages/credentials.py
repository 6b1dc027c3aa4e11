"""``/password`` and ``/second-factor``: what a person knows and has to log in."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from varde.core.errors import Refused, WrongUse
from varde.store.settings import SecondFactor
from varde.web.access import GuardedRoute
from varde.web.errors import explain
from varde.web.login_delays import Wait
from varde.web.pages.page import show
from varde.web.people import PASSWORD_PAGE, SECOND_FACTOR_PAGE, allow, find_person, find_visitor
from varde.web.services import get_services
from varde.workflows import own_account
from varde.workflows.passwords import LEAST_CHARACTERS
from varde.workflows.second_factor import is_secret, make_address, make_secret

router = APIRouter(tags=["People"], route_class=GuardedRoute)

_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    429: {"description": "Too many attempts.", "content": {"text/html": {}}}
}
_BOTH_ALIKE = "The two new passwords differ."


@router.get(PASSWORD_PAGE, dependencies=[allow(None, with_old_password=True)])
def show_password(request: Request) -> Response:
    """Show the page on which a password is changed."""
    return _show_password(request)


@router.post(PASSWORD_PAGE, dependencies=[allow(None, with_old_password=True)], responses=_ANSWERS)
async def change_password(
    request: Request,
    old: Annotated[str, Form(max_length=1000)],
    new: Annotated[str, Form(max_length=1000)],
    again: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Change a person's password; everywhere else they are logged out."""
    if new != again:
        return _show_password(request, _BOTH_ALIKE, 400)
    services, session_id = get_services(request), find_visitor(request).session_id
    attempt = services.logins.delays.begin_code(f"password of {find_person(request).person}")
    if isinstance(attempt, Wait):
        return _show_password(request, _tell_to_wait(attempt), 429)
    try:
        await services.logins.lane.run(
            own_account.change_password, services.site, find_person(request), old=old, new=new, session_id=session_id
        )
    except Refused as error:
        return _show_password(request, explain(error), 403)
    except WrongUse as error:
        services.logins.delays.succeed(attempt)
        return _show_password(request, explain(error), 400)
    services.logins.delays.succeed(attempt)
    return RedirectResponse("/account?done=password", 303)


@router.get(SECOND_FACTOR_PAGE, dependencies=[allow(None, with_old_password=True)])
def show_second_factor(request: Request) -> Response:
    """Show the page on which a second factor is set up or taken away."""
    return _show_second_factor(request, make_secret())


@router.post(SECOND_FACTOR_PAGE, dependencies=[allow(None, with_old_password=True)], responses=_ANSWERS)
async def change_second_factor(
    request: Request,
    password: Annotated[str, Form(max_length=1000)],
    secret: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Set a second factor up, where a secret is given, or take it away."""
    services, person = get_services(request), find_person(request)
    session_id = find_visitor(request).session_id
    attempt = services.logins.delays.begin_code(f"password of {person.person}")
    if isinstance(attempt, Wait):
        return _show_second_factor(request, secret, _tell_to_wait(attempt), 429)
    try:
        if secret:
            await services.logins.lane.run(
                own_account.add_second_factor,
                services.site,
                person,
                password=password,
                secret=secret,
                code=code,
                session_id=session_id,
            )
        else:
            await services.logins.lane.run(
                own_account.remove_second_factor, services.site, person, password=password, session_id=session_id
            )
    except WrongUse as error:
        status = 403 if isinstance(error, Refused) else 400
        return _show_second_factor(request, secret, explain(error), status)
    services.logins.delays.succeed(attempt)
    return RedirectResponse("/account?done=second-factor", 303)


def _show_password(request: Request, problem: str = "", status: int = 200) -> Response:
    account = find_visitor(request).account
    facts = {"account": account, "least": LEAST_CHARACTERS, "problem": problem}
    return show(request, "password.html", status=status, **facts)


def _show_second_factor(request: Request, secret: str, problem: str = "", status: int = 200) -> Response:
    site, account = get_services(request).site, find_visitor(request).account
    chosen = secret if is_secret(secret) else make_secret()
    return show(
        request,
        "second_factor.html",
        status=status,
        account=account,
        secret=chosen,
        groups=[chosen[start : start + 4] for start in range(0, len(chosen), 4)],
        address=make_address(chosen, account=account.name, site=site.name()),
        is_required=site.settings.access.second_factor is SecondFactor.REQUIRED,
        problem=problem,
    )


def _tell_to_wait(wait: Wait) -> str:
    return f"Too many attempts. Wait {wait.seconds} s, then try again."
