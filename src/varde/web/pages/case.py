"""``/cases/{case_id}``: what is in a case, how far it has come, and what was not examined; and opening cases."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.core.issue import IssueCode
from varde.reports import wording
from varde.store import assignments, case_access, folders, runs, schemes, summary, tallies
from varde.store.recall_words import write_recall
from varde.store.site import Site
from varde.store.tallies import Counted
from varde.web import charts
from varde.web.access import GuardedRoute
from varde.web.errors import explain
from varde.web.issue_advice import ISSUE_ADVICE
from varde.web.pages.page import show
from varde.web.people import allow, allow_in_case, find_case, find_person, find_visitor
from varde.web.row_ids import AfterRow
from varde.web.services import get_services
from varde.workflows.count_case import CaseFigures
from varde.workflows.open_case import open_case
from varde.workflows.stored_case import NOT_EXAMINED

router = APIRouter(tags=["Cases"], route_class=GuardedRoute)

_FOLDERS: Final = 12
_RUNS: Final = 5
_PAGE: Final = 100


@router.get("/cases/new", dependencies=[allow(Permission.LEAD)], response_class=HTMLResponse)
def show_new_case(request: Request) -> HTMLResponse:
    """Show the page on which a case is opened."""
    return _show_new_case(request, {"name": "", "authorisation": "", "scheme": schemes.DEFAULT}, "")


@router.post("/cases", dependencies=[allow(Permission.LEAD)], response_class=HTMLResponse)
def do_open_case(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    authorisation: Annotated[str, Form(max_length=500)],
    scheme: Annotated[str, Form(max_length=200)],
) -> Response:
    """Open a case; whoever opens it has access to it."""
    words = {"name": name, "authorisation": authorisation, "scheme": scheme}
    try:
        case = open_case(get_services(request).site, find_person(request), find_visitor(request).account, **words)
    except WrongUse as error:
        return _show_new_case(request, words, explain(error), status=400)
    return RedirectResponse(f"/cases/{case.case_id}", 303)


@router.get("/cases/{case_id}", dependencies=[allow_in_case(Permission.VIEW)], response_class=HTMLResponse)
def show_case(request: Request) -> HTMLResponse:
    """Show a case as a whole."""
    services, case, account = get_services(request), find_case(request), find_visitor(request).account
    figures = services.figures.find(case, find_person(request))
    with services.site.database.read() as connection:
        facts: dict[str, Any] = {
            "people": case_access.list_people(connection, case.case_id),
            "folders": folders.list_folders(connection, case.case_id, limit=_FOLDERS),
            "runs": runs.list_runs(connection, case.case_id)[: -_RUNS - 1 : -1],
            "progress": _read_progress(services.site, case, figures),
            "is_blind": assignments.has_opinions_to_give(connection, account.account_id, case.case_id),
        }
    if facts["is_blind"]:
        facts["progress"] |= {"codes": [("decided", facts["progress"]["decided"])]}
    if figures is not None:
        facts |= _describe(figures)
    words: dict[str, Any] = {"wording": wording, "advice": ISSUE_ADVICE, "charts": charts, "not_examined": NOT_EXAMINED}
    return show(request, "case.html", case=case, figures=figures, **facts, **words)


@router.get("/cases/{case_id}/issues", dependencies=[allow_in_case(Permission.VIEW)], response_class=HTMLResponse)
def show_issues(
    request: Request,
    code: IssueCode | Literal[""] = "",
    after: AfterRow = 0,
) -> HTMLResponse:
    """Show what of a case was not, or not fully, examined, one place a line."""
    services, case = get_services(request), find_case(request)
    with services.site.database.read() as connection:
        rows = summary.page_issues(connection, case.case_id, code=code or None, after=after, limit=_PAGE + 1)
    last = rows[_PAGE - 1][0] if len(rows) > _PAGE else 0
    issues = [placed for _, placed in rows[:_PAGE]]
    facts: dict[str, Any] = {"issues": issues, "last": last, "code": code, "codes": list(IssueCode)}
    facts |= {"is_first": not after}
    return show(request, "issues.html", case=case, wording=wording, advice=ISSUE_ADVICE, **facts)


def _show_new_case(request: Request, words: dict[str, str], problem: str, status: int = 200) -> HTMLResponse:
    with get_services(request).site.database.read() as connection:
        found = schemes.list_schemes(connection)
    return show(request, "case_new.html", status=status, words=words, problem=problem, schemes=found)


def _read_progress(site: Site, case: Case, figures: CaseFigures | None) -> dict[str, Any]:
    """Returns how many items there are and how many were decided, by code: as kept, or else as counted."""
    with site.database.read() as connection:
        kept = tallies.read_tallies(connection, case.case_id)
    if kept:
        codes = {key: items for (what, key), items in kept.items() if what is Counted.CODE and key and items}
        items, decided = kept.get((Counted.ITEMS, ""), 0), kept.get((Counted.DECIDED, ""), 0)
        return {"items": items, "decided": decided, "codes": sorted(codes.items()), "is_counted": True}
    if figures is None:
        return {"items": 0, "decided": 0, "codes": [], "is_counted": False}
    counted = [(grade.code, items) for grade, items in figures.summary.decided]
    decided = sum(items for _, items in counted)
    return {"items": figures.summary.items, "decided": decided, "codes": counted, "is_counted": True}


def _describe(figures: CaseFigures) -> dict[str, Any]:
    return {
        "recalls": [(recall, write_recall(recall)) for recall in figures.recalls],
        "months": {
            "File times, by month": charts.fill_months(figures.file_months),
            "Capture times, by month": charts.fill_months(figures.capture_months),
        },
    }
