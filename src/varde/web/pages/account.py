"""``/account``: a person's own data, choices, sessions and requests for approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from varde.core.account import PERMISSIONS
from varde.core.preferences import LIMITS, Theme, write_preferences
from varde.core.review import GridOrder
from varde.store import approvals, case_access, sessions
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow, find_person, find_visitor
from varde.web.services import get_services
from varde.workflows import manage_accounts, own_account

router = APIRouter(tags=["People"], route_class=GuardedRoute)

_SHOWN_FOR = timedelta(days=30)
_DONE: Final = {
    "name": "Your name was changed.",
    "choices": "Your choices were kept. They hold from the next page on.",
    "review": "That was kept. It holds from now on.",
    "password": "Your password was changed. Everywhere else you are logged out.",
    "second-factor": "Your second factor was changed. Everywhere else you are logged out.",
}


class PreferenceChanges(BaseModel):
    """What a person chose anew; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    theme: Literal["auto", "dark", "light"] | None = None
    start_level: int | None = None
    tile_px: int | None = None
    auto_advance: bool | None = None
    order: Literal["relevance", "folder", "place"] | None = None
    break_after_min: int | None = None
    daily_items: int | None = None
    daily_minutes: int | None = None


class ChosenPreferences(BaseModel):
    """All of a person's preferences."""

    theme: str
    start_level: int
    tile_px: int
    auto_advance: bool
    order: str
    break_after_min: int
    daily_items: int
    daily_minutes: int


@router.get("/account", dependencies=[allow(None)])
def show_account(request: Request, done: str = "") -> HTMLResponse:
    """Show a person's own account."""
    services, account = get_services(request), find_visitor(request).account
    at = services.clock()
    with services.site.database.read() as connection:
        facts: dict[str, Any] = {
            "cases": case_access.list_open_cases(connection, account.account_id),
            "sessions": sessions.list_sessions(connection, account.account_id, at),
            "asked": approvals.list_asked(connection, account.account_id, at - _SHOWN_FOR),
        }
    return show(
        request,
        "account.html",
        account=account,
        permitted=PERMISSIONS,
        themes=Theme,
        orders=GridOrder,
        limits=LIMITS,
        done=_DONE.get(done, ""),
        at=at,
        **facts,
    )


@router.post("/account/preferences", dependencies=[allow(None)])
def change_preferences(request: Request, changes: PreferenceChanges) -> ChosenPreferences:
    """Change some of a person's preferences, and answer with all of them."""
    site, person = get_services(request).site, find_person(request)
    chosen = own_account.choose_preferences(site, person, changes.model_dump(exclude_none=True))
    return ChosenPreferences.model_validate(write_preferences(chosen))


@router.post("/account/choices", dependencies=[allow(None)])
def change_choices(
    request: Request,
    theme: Annotated[str, Form()],
    start_level: Annotated[int, Form()],
    tile_px: Annotated[int, Form()],
    order: Annotated[str, Form()],
    break_after_min: Annotated[int, Form()],
    daily_items: Annotated[int, Form()],
    daily_minutes: Annotated[int, Form()],
    auto_advance: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Change all of a person's preferences, from the form of the page."""
    changes = {
        "theme": theme,
        "start_level": start_level,
        "tile_px": tile_px,
        "auto_advance": auto_advance,
        "order": order,
        "break_after_min": break_after_min,
        "daily_items": daily_items,
        "daily_minutes": daily_minutes,
    }
    own_account.choose_preferences(get_services(request).site, find_person(request), changes)
    return _return("choices")


@router.post("/account/name", dependencies=[allow(None)])
def change_name(request: Request, full_name: Annotated[str, Form(max_length=200)] = "") -> RedirectResponse:
    """Change the name that others know a person by."""
    person = find_person(request)
    manage_accounts.change_full_name(get_services(request).site, person, person.person, full_name)
    return _return("name")


@router.post("/account/review", dependencies=[allow(None)])
def change_review(request: Request, out: Annotated[bool, Form()] = False) -> RedirectResponse:
    """Opt out of review, or in again; no reason is asked for."""
    own_account.opt_out(get_services(request).site, find_person(request), out=out)
    return _return("review")


def _return(done: str) -> RedirectResponse:
    return RedirectResponse(f"/account?done={done}", 303)
