"""``/``: the cases a person has access to, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from varde.core.case import Case
from varde.store import case_access, runs
from varde.store.tallies import Figures, read_figures
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.people import allow, find_visitor
from varde.web.services import get_services

router = APIRouter(tags=["People"], route_class=GuardedRoute)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A case as it stands in the list.

    Attributes:
        figures: zeros before the case was opened for review for the first time.
        processed_at: UTC, when its newest run began; None where nothing was processed yet.
    """

    case: Case
    figures: Figures
    processed_at: datetime | None


@router.get("/", dependencies=[allow(None)], response_class=HTMLResponse)
def show_home(request: Request) -> HTMLResponse:
    """Show the first page."""
    with get_services(request).site.database.read() as connection:
        cases = case_access.list_open_cases(connection, find_visitor(request).account.account_id)
        listed = [_list(connection, case) for case in cases]
    return show(request, "home.html", cases=listed)


def _list(connection: Connection, case: Case) -> _Listed:
    done = runs.list_runs(connection, case.case_id)
    return _Listed(case, read_figures(connection, case.case_id), done[-1].started_at if done else None)
