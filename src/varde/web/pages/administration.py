"""``/administration``: accounts, what they may do, and letting their owners in again."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import PERMISSIONS, Account, Permission, Role
from varde.core.errors import NotFound, WrongUse
from varde.store import accounts
from varde.web.access import GuardedRoute
from varde.web.errors import explain
from varde.web.pages.page import show
from varde.web.people import allow, find_person
from varde.web.row_ids import is_row
from varde.web.services import get_services
from varde.workflows import manage_accounts

router = APIRouter(tags=["Administration"], route_class=GuardedRoute)

_ADMINISTER = allow(Permission.ADMINISTER)
_DONE: Final = {
    "name": "The name was changed.",
    "roles": "The roles were changed. They hold from the next request on.",
    "disabled": "The account lets nobody in any more, and its sessions were ended.",
    "enabled": "The account lets its owner in again.",
    "second-factor": "The second factor was taken away, and the account's sessions were ended.",
    "sessions": "The account's sessions were ended.",
}


@router.get("/administration", dependencies=[_ADMINISTER])
def list_accounts(request: Request) -> HTMLResponse:
    """Show all accounts, and a form to add one."""
    return _show_list(request)


@router.post("/administration/accounts", dependencies=[_ADMINISTER])
async def add_account(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    full_name: Annotated[str, Form(max_length=200)] = "",
    roles: Annotated[list[Role] | None, Form()] = None,
) -> Response:
    """Add an account, and show its one-time password this once."""
    services = get_services(request)
    given: dict[str, object] = {"name": name, "full_name": full_name, "roles": roles or []}
    try:
        made = await services.logins.lane.run(
            manage_accounts.add_account,
            services.site,
            find_person(request),
            name=name,
            full_name=full_name,
            roles=roles or [],
        )
    except WrongUse as error:
        return await services.reading.run(_show_list, request, problem=explain(error), given=given, status=400)
    return show(request, "new_password.html", account=made.account, password=made.password, is_new=True)


@router.get("/administration/accounts/{account_id}", dependencies=[_ADMINISTER])
def show_account(request: Request, account_id: int, done: str = "") -> HTMLResponse:
    """Show an account, and what can be changed of it."""
    account = _get(request, account_id)
    return show(
        request,
        "administration_account.html",
        account=account,
        roles=Role,
        permitted=PERMISSIONS,
        done=_DONE.get(done, ""),
    )


@router.post("/administration/accounts/{account_id}/roles", dependencies=[_ADMINISTER])
def change_roles(
    request: Request, account_id: int, roles: Annotated[list[Role] | None, Form()] = None
) -> RedirectResponse:
    """Replace an account's roles."""
    account = _get(request, account_id)
    manage_accounts.change_roles(get_services(request).site, find_person(request), account.name, roles or [])
    return _return(account_id, "roles")


@router.post("/administration/accounts/{account_id}/name", dependencies=[_ADMINISTER])
def change_name(
    request: Request, account_id: int, full_name: Annotated[str, Form(max_length=200)] = ""
) -> RedirectResponse:
    """Replace the name that others know an account's owner by."""
    account = _get(request, account_id)
    manage_accounts.change_full_name(get_services(request).site, find_person(request), account.name, full_name)
    return _return(account_id, "name")


@router.post("/administration/accounts/{account_id}/disable", dependencies=[_ADMINISTER])
def disable(request: Request, account_id: int) -> RedirectResponse:
    """Let nobody in with an account any more, and end its sessions."""
    account = _get(request, account_id)
    manage_accounts.disable_account(get_services(request).site, find_person(request), account.name)
    return _return(account_id, "disabled")


@router.post("/administration/accounts/{account_id}/enable", dependencies=[_ADMINISTER])
def enable(request: Request, account_id: int) -> RedirectResponse:
    """Let an account's owner in again."""
    account = _get(request, account_id)
    manage_accounts.enable_account(get_services(request).site, find_person(request), account.name)
    return _return(account_id, "enabled")


@router.post("/administration/accounts/{account_id}/password", dependencies=[_ADMINISTER])
async def reset_password(request: Request, account_id: int) -> Response:
    """Give an account a one-time password, and show it this once; the account's sessions are ended."""
    services = get_services(request)
    account = await services.reading.run(_get, request, account_id)
    made = await services.logins.lane.run(
        manage_accounts.reset_password, services.site, find_person(request), account.name
    )
    return show(request, "new_password.html", account=made.account, password=made.password, is_new=False)


@router.post("/administration/accounts/{account_id}/second-factor", dependencies=[_ADMINISTER])
def remove_second_factor(request: Request, account_id: int) -> RedirectResponse:
    """Take away the second factor of somebody who lost it; the account's sessions are ended."""
    account = _get(request, account_id)
    manage_accounts.remove_second_factor(get_services(request).site, find_person(request), account.name)
    return _return(account_id, "second-factor")


@router.post("/administration/accounts/{account_id}/sessions", dependencies=[_ADMINISTER])
def end_sessions(request: Request, account_id: int) -> RedirectResponse:
    """Log an account's owner out everywhere."""
    account = _get(request, account_id)
    manage_accounts.end_sessions(get_services(request).site, find_person(request), account.name)
    return _return(account_id, "sessions")


def _show_list(
    request: Request, problem: str = "", given: dict[str, object] | None = None, status: int = 200
) -> HTMLResponse:
    with get_services(request).site.database.read() as connection:
        found = accounts.list_accounts(connection)
    chosen = given or {"name": "", "full_name": "", "roles": []}
    facts = {"accounts": found, "roles": Role, "problem": problem, "given": chosen}
    return show(request, "administration.html", status=status, **facts)


def _get(request: Request, account_id: int) -> Account:
    with get_services(request).site.database.read() as connection:
        account = accounts.find_account(connection, account_id) if is_row(account_id) else None
    if account is None:
        raise NotFound("there is no such account")
    return account


def _return(account_id: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/administration/accounts/{account_id}?done={done}", 303)
