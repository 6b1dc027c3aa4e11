"""``/audit``: the audit log, for those who read and verify it. It names cases and items; it shows no material."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.audit import Act
from varde.core.errors import IntegrityFailure
from varde.store import audit
from varde.store.audit import EventFilter
from varde.web.access import GuardedRoute
from varde.web.act_words import ACT_WORDS, say_act
from varde.web.errors import refuse
from varde.web.pages.page import show
from varde.web.people import allow, find_person, find_visitor
from varde.web.row_ids import HIGHEST_ROW
from varde.web.services import Services, get_services
from varde.workflows import keep_audit

router = APIRouter(tags=["Audit"], route_class=GuardedRoute)

_PAGE: Final = 100
_MOST_FILES: Final = 20
_NAME = re.compile(r"checkpoint-[0-9TZ]{1,32}-[0-9a-f]{16}\.json")


@router.get("/audit", dependencies=[allow(Permission.AUDIT)], response_class=HTMLResponse)
def show_audit(
    request: Request,
    person: Annotated[str, Query(max_length=200)] = "",
    act: Act | Literal[""] = "",
    case: Annotated[str, Query(max_length=200)] = "",
    since: date | Literal[""] = "",
    until: date | Literal[""] = "",
    before: Annotated[int | None, Query(ge=1, le=HIGHEST_ROW)] = None,
) -> HTMLResponse:
    """Show the events of the log, the newest first."""
    services = get_services(request)
    wanted = EventFilter(_clean(person), act or None, _clean(case), _day(since), _day(until, end=True))
    with services.site.database.read() as connection:
        events = audit.page_events(connection, wanted, before=before, limit=_PAGE + 1)
        head = audit.get_head(connection)
    words = {"person": person, "act": act, "case": case, "since": since, "until": until}
    query = {name: str(value) for name, value in words.items() if value}
    more = urlencode(query | {"before": str(events[_PAGE - 1].number)}) if len(events) > _PAGE else ""
    jobs = services.jobs.list(find_visitor(request).account.account_id, "audit")
    facts: dict[str, Any] = {"events": events[:_PAGE], "head": head, "more": more, "words": words, "jobs": jobs}
    facts |= {"acts": ACT_WORDS, "say_act": say_act, "is_first": before is None, "is_filtered": bool(query)}
    facts |= {"checkpoints": _list_checkpoints(services), "is_waiting": any(not job.is_over for job in jobs)}
    return show(request, "audit.html", **facts)


@router.post("/audit/verify", dependencies=[allow(Permission.AUDIT)], response_class=RedirectResponse, status_code=303)
def begin_verification(request: Request) -> Response:
    """Begin to re-compute every link of the log."""
    services = get_services(request)

    def verify(job_id: str) -> str:
        with _distrusting(services):
            head = keep_audit.verify_audit(services.site, None).head
        return f"The log is intact: {head.number:,} events, head {head.event_hash.hex()}."

    services.jobs.start("audit", "Verifying the log", verify, account_id=find_visitor(request).account.account_id)
    return RedirectResponse("/audit", 303)


@router.post(
    "/audit/checkpoints", dependencies=[allow(Permission.AUDIT)], response_class=RedirectResponse, status_code=303
)
def begin_checkpoint(request: Request) -> Response:
    """Begin to verify the log and sign a checkpoint of it."""
    services, actor = get_services(request), find_person(request)

    def export(job_id: str) -> str:
        folder = _find_folder(services)
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"checkpoint-{actor.clock():%Y%m%dT%H%M%SZ}-{job_id}.json"
        with _distrusting(services):
            head = keep_audit.export_checkpoint(services.site, actor, folder / name)
        return f"Checkpoint of event {head.number:,} signed: download it below, and keep it elsewhere."

    services.jobs.start("audit", "Signing a checkpoint", export, account_id=find_visitor(request).account.account_id)
    return RedirectResponse("/audit", 303)


@router.get("/audit/checkpoints/{name}", dependencies=[allow(Permission.AUDIT)], response_class=FileResponse)
def send_checkpoint(request: Request, name: str) -> FileResponse:
    """Send a signed checkpoint."""
    path = _find_folder(get_services(request)) / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise refuse(404, "There is no such checkpoint.")
    return FileResponse(path, media_type="application/json", filename=name, headers={"Cache-Control": "no-store"})


@contextmanager
def _distrusting(services: Services) -> Iterator[None]:
    """Has the server say that it is not ready any more where the log turns out to be broken."""
    try:
        yield
    except IntegrityFailure as error:
        services.stop_trusting(error)
        raise


def _find_folder(services: Services) -> Path:
    return services.site.folder / "checkpoints"


def _list_checkpoints(services: Services) -> list[str]:
    folder = _find_folder(services)
    names = sorted((path.name for path in folder.glob("checkpoint-*.json")), reverse=True) if folder.is_dir() else []
    return [name for name in names if _NAME.fullmatch(name)][:_MOST_FILES]


def _clean(words: str) -> str:
    """Returns words that a database can be asked for; no event holds others."""
    return words if words.isprintable() else "\\"


def _day(day: date | Literal[""], *, end: bool = False) -> str:
    if not day:
        return ""
    if end and day == date.max:
        return ""
    return (day + timedelta(days=1) if end else day).isoformat()
