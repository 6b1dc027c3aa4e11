"""``/queues``: a person's own work, and the page on which a queue is worked through."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.review import QueuePurpose
from varde.store import candidates, outcomes, queues, schemes
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.pages.page import show
from varde.web.people import allow, allow_in_case, find_case, find_visitor
from varde.web.row_ids import RowPath
from varde.web.services import get_services

router = APIRouter(tags=["Queues"], route_class=GuardedRoute)

MOST_COUNTED: Final = 1_000
"""How far what is left in a queue is counted; beyond it stands a plus."""


@router.get("/queues", dependencies=[allow(Permission.REVIEW)], response_class=HTMLResponse)
def show_work(request: Request) -> HTMLResponse:
    """Show the queues the visitor can work in, and the outcome cards they have not read."""
    account = find_visitor(request).account
    with get_services(request).site.database.read() as connection:
        work = queues.list_work(connection, account.account_id)
        facts: dict[str, Any] = {
            "work": work,
            "left": {one.queue.queue_id: candidates.count_left(connection, one.queue, MOST_COUNTED) for one in work},
            "cards": outcomes.list_unread(connection, account.account_id),
        }
    return show(request, "queues.html", account=account, most=MOST_COUNTED, QueuePurpose=QueuePurpose, **facts)


@router.post("/outcomes/{outcome_id}/read", dependencies=[allow(Permission.REVIEW)])
def mark_read(request: Request, outcome_id: RowPath) -> RedirectResponse:
    """Put an outcome card aside that was written for the visitor."""
    services, account = get_services(request), find_visitor(request).account
    with services.site.database.write() as connection:
        if not outcomes.record_read(connection, outcome_id, account.account_id, services.clock()):
            raise refuse(404, "There is no such card for you.")
    return RedirectResponse("/queues", 303)


@router.get("/queues/{queue_id}", dependencies=[allow_in_case(Permission.REVIEW)], response_class=HTMLResponse)
def show_queue(request: Request, queue_id: int) -> HTMLResponse:
    """Show the page on which a queue is worked through; its items are asked for by the page."""
    case = find_case(request)
    with get_services(request).site.database.read() as connection:
        queue = queues.get_queue(connection, queue_id)
        scheme = schemes.get_scheme(connection, case.scheme)[1]
    is_blind = queue.purpose is QueuePurpose.SECOND
    return show(request, "queue.html", case=case, queue=queue, codes=scheme.codes, is_blind=is_blind)
