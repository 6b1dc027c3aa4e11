"""``/known``: known sets and their entries, for those who curate them. Shows no material, and nothing of any case."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.audit import Act
from varde.core.errors import NotFound, WrongUse
from varde.core.known import EntryState, KnownAct, SetRole
from varde.store import find_known, floods, known_entries, known_history, known_sets
from varde.store.find_known import EntryWords
from varde.store.known_entries import StoredEntry
from varde.store.known_sets import KnownSet
from varde.web.access import GuardedRoute
from varde.web.errors import explain, refuse
from varde.web.known_import import begin_import
from varde.web.pages.page import show
from varde.web.people import CSRF_HEADER, allow, find_person, find_visitor
from varde.web.row_ids import HIGHEST_ROW, AfterRow, is_row
from varde.web.services import Services, get_services
from varde.workflows.approve import demand
from varde.workflows.withdraw_known import Target, change_known

router = APIRouter(tags=["Known sets"], route_class=GuardedRoute)

_PAGE: Final = 100
_EVENTS: Final = 30
_MOST_CHARACTERS: Final = 1_000
_HEX: Final = (32, 40, 64)
_ACTS: Final = (KnownAct.WITHDRAWN, KnownAct.DISPUTED, KnownAct.REINSTATED)


@router.get("/known", dependencies=[allow(Permission.CURATE)], response_class=HTMLResponse)
def show_sets(request: Request) -> HTMLResponse:
    """Show all known sets."""
    services = get_services(request)
    with services.site.database.read() as connection:
        sets = known_sets.list_sets(connection)
        held = floods.count_held(connection)
    jobs = services.jobs.list(find_visitor(request).account.account_id, "known")
    facts: dict[str, Any] = {"sets": sets, "held": held, "jobs": jobs, "roles": list(SetRole)}
    facts |= {"is_waiting": any(not job.is_over for job in jobs)}
    facts |= {"most_mib": services.site.settings.web.max_body_mib}
    return show(request, "known.html", **facts)


@router.post("/known", dependencies=[allow(Permission.CURATE)], status_code=202)
async def import_set(request: Request) -> dict[str, str]:
    """Import a known set from a file, in the background.

    The body is multipart/form-data with one file, and what a person says about it as fields; the session's token comes
    in the header.
    """
    if CSRF_HEADER not in request.headers:
        raise refuse(400, "Importing a file needs the page's script.")
    services = get_services(request)
    account_id = find_visitor(request).account.account_id
    return {"job": await begin_import(request, services, find_person(request), account_id)}


@router.get("/known/{set_id}", dependencies=[allow(Permission.CURATE)], response_class=HTMLResponse)
def show_set(
    request: Request,
    set_id: int,
    q: Annotated[str, Query(max_length=500)] = "",
    withdrawn: bool = False,
    after: AfterRow = 0,
) -> HTMLResponse:
    """Show a known set: what happened to it, and its entries."""
    return _show_set(request, set_id, q, with_withdrawn=withdrawn, after=after)


@router.post("/known/{set_id}/state", dependencies=[allow(Permission.CURATE)], response_class=HTMLResponse)
def change_state(
    request: Request,
    set_id: int,
    act: Annotated[KnownAct, Form()],
    reason: Annotated[str, Form(max_length=_MOST_CHARACTERS)],
    entry: Annotated[int, Form(ge=0, le=HIGHEST_ROW)] = 0,
) -> Response:
    """Withdraw, dispute or reinstate an entry by row number, or the whole set."""
    services, actor = get_services(request), find_person(request)
    if act not in _ACTS:
        raise refuse(400, "That is no act of a person.")
    known_set = _get_set(services, set_id)
    _check_entry(services, known_set, entry)
    words = EntryWords(rows=(entry,)) if entry else EntryWords()
    target = Target(known_set.name, known_set.version, words, whole_set=not entry)
    try:
        if act is KnownAct.WITHDRAWN and reason.strip():
            subject = {"set": known_set.name, "version": known_set.version, "entry": entry or None}
            demand(services.site, actor, act=Act.KNOWN_WITHDRAWN, case=None, subject=subject, reason=reason.strip())
        change_known(services.site, actor, act, target, reason)
    except WrongUse as error:
        status = 403 if error.code != "wrong_use" else 400
        return _show_set(request, set_id, "", problem=explain(error), status=status)
    return RedirectResponse(f"/known/{set_id}", 303)


@router.post("/known/{set_id}/release", dependencies=[allow(Permission.CURATE)], response_class=HTMLResponse)
def begin_release(request: Request, set_id: int, entry: Annotated[int, Form(ge=1, le=HIGHEST_ROW)]) -> Response:
    """Begin to lift the quarantine of an entry that matches too much, and to compare it with everything again."""
    services, actor = get_services(request), find_person(request)
    known_set = _get_set(services, set_id)
    stored = _check_entry(services, known_set, entry)

    def release(job_id: str) -> str:
        from varde.workflows.hunt import release_entry

        release_entry(services.site, actor, known_set.name, known_set.version, stored.name if stored else str(entry))
        return "Released. What it matches further is in the cases it is in."

    name = stored.name if stored else str(entry)
    title = f"Releasing entry {name} of {known_set.name} {known_set.version}"
    services.jobs.start("known", title, release, account_id=find_visitor(request).account.account_id)
    return RedirectResponse("/known", 303)


def _get_set(services: Services, set_id: int) -> KnownSet:
    if not is_row(set_id):
        raise refuse(404, "There is no such known set.")
    with services.site.database.read() as connection:
        try:
            return known_sets.get_set_by_id(connection, set_id)
        except NotFound as error:
            raise refuse(404, "There is no such known set.") from error


def _check_entry(services: Services, known_set: KnownSet, entry: int) -> StoredEntry | None:
    """Returns the entry of a row number, None where none was named; one of another set is refused."""
    if not entry:
        return None
    with services.site.database.read() as connection:
        found = known_entries.load_entries(connection, [entry])
    if not found or found[0].set_id != known_set.set_id:
        raise refuse(404, "There is no such entry in this set.")
    return found[0]


def _show_set(
    request: Request,
    set_id: int,
    q: str,
    *,
    with_withdrawn: bool = False,
    after: int = 0,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    services = get_services(request)
    known_set = _get_set(services, set_id)
    asked = q.strip()
    with services.site.database.read() as connection:
        if asked:
            entries = _find(connection, known_set, asked)
        else:
            listed = known_entries.list_entries(connection, set_id, with_withdrawn=with_withdrawn, after=after)
            entries = list(islice(listed, _PAGE + 1))
        events = known_history.page_events(connection, set_id, limit=_EVENTS)
        revisions = known_history.page_revisions(connection, set_id, limit=_EVENTS)
        held = {flood.entry_id: flood for flood in floods.list_floods(connection, set_id) if flood.lasts}
    facts: dict[str, Any] = {"known_set": known_set, "entries": entries[:_PAGE], "events": events, "held": held}
    facts |= {"revisions": revisions, "q": q, "problem": problem, "withdrawn": with_withdrawn, "acts": _ACTS}
    facts |= {"last": entries[_PAGE - 1].entry_id if len(entries) > _PAGE and not asked else 0, "is_first": not after}
    return show(request, "known_set.html", status=status, EntryState=EntryState, **facts)


def _find(connection: Any, known_set: KnownSet, asked: str) -> list[StoredEntry]:
    """Returns the entries that a person means by a digest, a hash, an identifier or a row number."""
    if not asked.isprintable():
        return []
    is_hex = len(asked) in _HEX and all(letter in "0123456789abcdefABCDEF" for letter in asked)
    for words in (EntryWords(hashes=(asked,)) if is_hex else None, EntryWords(names=(asked,))):
        if words is not None:
            try:
                return find_known.find_entries(connection, known_set, words)[:_PAGE]
            except NotFound:
                continue
    return []
