"""Who has access to which case: for administrators over all cases, for who leads a case on that case."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.audit import Act
from varde.core.errors import NotFound
from varde.store import accounts, case_access
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow, allow_in_case, find_case, find_person
from varde.web.row_ids import is_row
from varde.web.services import get_services
from varde.workflows.give_access import give_access, take_access

router = APIRouter(tags=["Administration"], route_class=GuardedRoute)

_ADMINISTER = allow(Permission.ADMINISTER)
_LEAD = allow_in_case(Permission.LEAD)
_MOST_CASES = 200
_DONE: Final = {
    "given": "Access was given. It holds from the next request on.",
    "taken": "Access was taken. It holds from the next request on.",
}

_Account = Annotated[str, Form(max_length=100)]
_Reason = Annotated[str, Form(max_length=1000)]


@router.get("/administration/access", dependencies=[_ADMINISTER])
def list_cases(request: Request, case: int = 0, beginning: str = "", done: str = "") -> HTMLResponse:
    """Show the cases with how many people have access, and of one of them who."""
    with get_services(request).site.database.read() as connection:
        cases = case_access.list_cases_to_administer(connection, beginning=beginning.strip()[:200], most=_MOST_CASES)
    name = _get_name(request, case) if case else ""
    facts: dict[str, Any] = {
        "cases": cases,
        "most": _MOST_CASES,
        "beginning": beginning,
        "chosen": case,
        "chosen_name": name,
    }
    return show(request, "administration_access.html", **facts, **_find_people(request, case, done))


@router.post("/administration/access/give", dependencies=[_ADMINISTER])
def give(request: Request, case: Annotated[int, Form()], account: _Account, reason: _Reason = "") -> RedirectResponse:
    """Give somebody access to a case."""
    name, site = _get_name(request, case), get_services(request).site
    give_access(site, find_person(request), case_name=name, account_name=account, reason=reason)
    return RedirectResponse(f"/administration/access?case={case}&done=given", 303)


@router.post("/administration/access/take", dependencies=[_ADMINISTER])
def take(request: Request, case: Annotated[int, Form()], account: _Account) -> RedirectResponse:
    """Take somebody's access to a case away."""
    name = _get_name(request, case)
    take_access(get_services(request).site, find_person(request), case_name=name, account_name=account)
    return RedirectResponse(f"/administration/access?case={case}&done=taken", 303)


@router.get("/cases/{case_id}/people", dependencies=[_LEAD])
def show_people(request: Request, done: str = "") -> HTMLResponse:
    """Show who has access to a case."""
    case = find_case(request)
    return show(request, "case_people.html", case=case, **_find_people(request, case.case_id, done))


@router.post("/cases/{case_id}/people/give", dependencies=[_LEAD])
def give_on_case(request: Request, account: _Account, reason: _Reason = "") -> RedirectResponse:
    """Give somebody access to the case."""
    case, site = find_case(request), get_services(request).site
    give_access(site, find_person(request), case_name=case.name, account_name=account, reason=reason)
    return RedirectResponse(f"/cases/{case.case_id}/people?done=given", 303)


@router.post("/cases/{case_id}/people/take", dependencies=[_LEAD])
def take_on_case(request: Request, account: _Account) -> RedirectResponse:
    """Take somebody's access to the case away."""
    case = find_case(request)
    take_access(get_services(request).site, find_person(request), case_name=case.name, account_name=account)
    return RedirectResponse(f"/cases/{case.case_id}/people?done=taken", 303)


def _find_people(request: Request, case_id: int, done: str) -> dict[str, Any]:
    site = get_services(request).site
    with site.database.read() as connection:
        people = case_access.list_people(connection, case_id) if is_row(case_id) else []
        names = {one.name for one in people}
        active = [one for one in accounts.list_accounts(connection) if one.disabled_at is None]
    return {
        "people": people,
        "others": [one for one in active if one.name not in names and Permission.VIEW in one.permissions],
        "needs_approval": Act.CASE_ACCESS_GIVEN in site.settings.access.four_eyes,
        "done": _DONE.get(done, ""),
    }


def _get_name(request: Request, case_id: int) -> str:
    with get_services(request).site.database.read() as connection:
        name = case_access.find_case_name(connection, case_id) if is_row(case_id) else None
    if name is None:
        raise NotFound("there is no such case")
    return name
