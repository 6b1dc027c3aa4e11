"""``/approvals``: what others asked for and this person decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from varde.core.account import Permission
from varde.core.approval import Approval
from varde.store import victims
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.pages.page import show
from varde.web.people import Visitor, allow, find_person, find_visitor
from varde.web.services import get_services
from varde.workflows.approve import decide, list_decidable

router = APIRouter(tags=["Administration"], route_class=GuardedRoute)

_PATH = "/approvals"
_MOST_DIGITS = 18


@router.get(_PATH, dependencies=[allow(None)])
def list_approvals(request: Request, done: str = "") -> HTMLResponse:
    """Show what waits for this person's decision."""
    _check(find_visitor(request))
    with get_services(request).site.database.read() as connection:
        waiting = list_decidable(connection, find_visitor(request).account)
        aliases = _find_aliases(connection, waiting)
    said = {"approved": "It was approved. Whoever asked can do it now.", "refused": "It was refused."}.get(done, "")
    return show(request, "approvals.html", waiting=waiting, aliases=aliases, done=said)


@router.post(_PATH, dependencies=[allow(None)])
def decide_approval(
    request: Request,
    approval: Annotated[str, Form(max_length=_MOST_DIGITS, pattern=r"^[0-9]+$")],
    decision: Annotated[Literal["approved", "refused"], Form()],
) -> RedirectResponse:
    """Approve what somebody asked for, or refuse it."""
    _check(find_visitor(request))
    site, person = get_services(request).site, find_person(request)
    decide(site, person, int(approval), approve=decision == "approved")
    return RedirectResponse(f"{_PATH}?done={decision}", 303)


def _find_aliases(connection: Connection, waiting: Sequence[Approval]) -> dict[int, str]:
    """Returns what victims are called that approvals are about, by row; who decides has access to the victim's case."""
    found: dict[int, str] = {}
    for one in waiting:
        victim_id = one.subject.get("victim")
        if one.case_id is not None and isinstance(victim_id, int):
            listed = victims.list_victims(connection, {one.case_id}, with_closed=True)
            found |= {victim.victim_id: victim.alias for victim in listed if victim.victim_id == victim_id}
    return found


def _check(visitor: Visitor) -> None:
    if not (visitor.may(Permission.LEAD) or visitor.may(Permission.ADMINISTER)):
        raise refuse(403, "Your roles do not permit this.")
