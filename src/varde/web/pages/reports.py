"""``/cases/{case_id}/reports``: reports of a case, written in the background and given out as they were written."""

from __future__ import annotations

import mimetypes
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.case import Case
from varde.core.errors import IntegrityFailure
from varde.reports.registry import load_writers
from varde.store.report_log import list_reports
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.pages.page import show
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.services import Services, get_services
from varde.workflows import keep_report
from varde.workflows.actor import Actor
from varde.workflows.keep_report import ReportWish

router = APIRouter(tags=["Reports"], route_class=GuardedRoute)

_MOST: Final = 50
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REPORT_ID = re.compile(r"[0-9TZ]{1,32}-[0-9]{1,18}")


@router.get("/cases/{case_id}/reports", dependencies=[allow_in_case(Permission.LEAD)], response_class=HTMLResponse)
def show_reports(request: Request) -> HTMLResponse:
    """Show the reports that were written of a case, and those being written."""
    return _show(request, asks_reveal=False, kinds=())


@router.post("/cases/{case_id}/reports", dependencies=[allow_in_case(Permission.LEAD)], response_class=HTMLResponse)
def begin_report(
    request: Request,
    kinds: Annotated[list[str] | None, Form()] = None,
    pictures: Annotated[bool, Form()] = False,
    reveal: Annotated[bool, Form()] = False,
    sure: Annotated[bool, Form()] = False,
) -> Response:
    """Begin to write a report; one that shows pictures as they are is asked for twice."""
    services, case = get_services(request), find_case(request)
    chosen = tuple(kind for kind in _list_kinds(services) if kind in (kinds or ()))
    if not chosen:
        raise refuse(400, "Choose at least one kind of report.")
    if pictures and reveal and not sure:
        return _show(request, asks_reveal=True, kinds=chosen)
    account_id = find_visitor(request).account.account_id
    keep_report.check_reader(services.site, account_id, case)
    wish = ReportWish(chosen, reveal=reveal and pictures, pictures=pictures)
    _start(services, find_person(request), account_id, case, wish)
    return RedirectResponse(f"/cases/{case.case_id}/reports", 303)


@router.get(
    "/cases/{case_id}/reports/{report_id}/{name}",
    dependencies=[allow_in_case(Permission.LEAD)],
    response_class=FileResponse,
    responses={409: {"description": "The file is not what was written: somebody changed it."}},
)
def send_report(request: Request, report_id: str, name: str) -> FileResponse:
    """Send a file of a report, after comparing it with what was written."""
    services, case = get_services(request), find_case(request)
    if not _REPORT_ID.fullmatch(report_id) or not _FILE_NAME.fullmatch(name):
        raise refuse(404, "There is no such report of this case.")
    keep_report.check_reader(services.site, find_visitor(request).account.account_id, case)
    try:
        path = keep_report.find_file(services.site, case, report_id, name)
    except IntegrityFailure as error:
        raise refuse(409, f"{error}. It is not given out; write the report again.") from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(
        path, media_type=media_type, filename=f"{report_id}-{path.name}", headers={"Cache-Control": "no-store"}
    )


def _start(services: Services, actor: Actor, account_id: int, case: Case, wish: ReportWish) -> None:
    def write(job_id: str) -> str:
        keep_report.check_reader(services.site, account_id, case)  # again: the job may have waited for long
        return f"Report {keep_report.keep_report(services.site, actor, case, wish, job_id)} was written."

    def watch(job_id: str) -> str:
        return f"{keep_report.measure_unfinished(services.site, case, job_id) / 1e6:,.1f} MB written"

    title = f"{', '.join(kind.upper() for kind in wish.kinds)} report"
    if wish.reveal:
        title += ", pictures as they are"
    services.jobs.start("report", title, write, account_id=account_id, case_id=case.case_id, watch=watch)


def _show(request: Request, *, asks_reveal: bool, kinds: tuple[str, ...]) -> HTMLResponse:
    services, case = get_services(request), find_case(request)
    with services.site.database.read() as connection:
        reports = list_reports(connection, case.name, limit=_MOST)
    kept = {report.report_id for report in reports if keep_report.is_kept(services.site, case, report.report_id)}
    jobs = services.jobs.list(find_visitor(request).account.account_id, "report", case.case_id)
    facts: dict[str, Any] = {"reports": reports, "kept": kept, "jobs": jobs}
    facts |= {"is_waiting": any(not job.is_over for job in jobs)}
    all_kinds = _list_kinds(services)
    return show(request, "reports.html", case=case, all_kinds=all_kinds, kinds=kinds, asks_reveal=asks_reveal, **facts)


def _list_kinds(services: Services) -> list[str]:
    """Returns the names of the report writers of the site."""
    return sorted(load_writers(services.site.settings.plugins.reports))
