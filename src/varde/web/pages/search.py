"""``/search``: the items of one case, or of all a person has access to, by words or by a picture."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from varde.core.account import Permission
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.store import case_access
from varde.store.search import TimePlace
from varde.web.access import GuardedRoute
from varde.web.errors import explain, refuse
from varde.web.hits import FoundItem, ShownHit, show_hits
from varde.web.pages.page import show
from varde.web.people import CSRF_HEADER, NOT_HERE, Visitor, allow, find_person, find_visitor
from varde.web.picture_search import find_by_picture, receive_picture
from varde.web.services import Services, get_services
from varde.workflows.search_items import (
    MOST_CHARACTERS,
    Asked,
    Field,
    Place,
    begin_wide_search,
    read_query,
    search_items,
)

router = APIRouter(tags=["Search"], route_class=GuardedRoute)

ALL_CASES: Final = "all"
_PAGE = 60
Query500 = Annotated[str, Query(max_length=MOST_CHARACTERS * 40)]


@router.get("/search", dependencies=[allow(Permission.VIEW)])
def show_search(
    request: Request,
    q: Query500 = "",
    field: Field = Field.ANYTHING,
    case: Annotated[str, Query(max_length=20)] = "",
    grant: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show the search page and, where something is searched for, what was found."""
    services, visitor = get_services(request), find_visitor(request)
    cases = _list_cases(services, visitor)
    chosen = _choose(visitor, cases, case)
    facts: dict[str, Any] = {"q": q[:MOST_CHARACTERS], "field": field, "fields": list(Field), "cases": cases}
    facts |= {"chosen": case or (str(chosen[0].case_id) if chosen else ""), "problem": "", "asked": None, "hits": []}
    facts |= {"next_path": "", "asks_purpose": False, "all_cases": ALL_CASES, "is_first": not after}
    facts |= {"may_search_all": visitor.may(Permission.SEARCH_CASES), "most_characters": MOST_CHARACTERS}
    if not q.strip():
        return show(request, "search.html", **facts)
    try:
        asked = read_query(q, field)
    except WrongUse as error:
        return show(request, "search.html", status=400, **facts | {"problem": explain(error)})
    if case == ALL_CASES and not _is_granted(visitor, grant, asked):
        return show(request, "search.html", **facts | {"asked": asked, "asks_purpose": True})
    hits, end = _search(services, chosen, asked, _read_place(after))
    words = {"q": asked.text, "field": field.value, "case": facts["chosen"], "grant": grant}
    next_path = f"/search?{urlencode(words | {'after': _write_place(end)})}" if end else ""
    return show(request, "search.html", **facts | {"asked": asked, "hits": hits, "next_path": next_path})


@router.post("/search", dependencies=[allow(Permission.SEARCH_CASES)])
def begin_search(
    request: Request,
    q: Annotated[str, Form(max_length=MOST_CHARACTERS)],
    purpose: Annotated[str, Form(max_length=MOST_CHARACTERS)],
    authorisation: Annotated[str, Form(max_length=MOST_CHARACTERS)],
    field: Annotated[Field, Form()] = Field.ANYTHING,
) -> Response:
    """Record why all cases are searched, then go on to what is found."""
    services, visitor = get_services(request), find_visitor(request)
    asked = read_query(q, field)
    event, _ = begin_wide_search(
        services.site,
        find_person(request),
        visitor.account,
        kind=asked.field.value,
        purpose=purpose,
        authorisation=authorisation,
    )
    words = {"q": asked.text, "field": field.value, "case": ALL_CASES, "grant": _make_grant(visitor, event, asked)}
    return RedirectResponse(f"/search?{urlencode(words)}", 303)


@router.post(
    "/search/picture",
    dependencies=[allow(Permission.VIEW)],
    response_class=HTMLResponse,
    responses={422: {"description": "The file is empty, or could not be read."}},
)
async def search_by_picture(request: Request) -> HTMLResponse:
    """Compare a picture or video with the contents of one case, or of all; it is kept nowhere.

    The body is multipart/form-data with one file, and ``case``, ``purpose`` and ``authorisation`` as fields; the
    session's token comes in the header. The answer is a piece of a page.
    """
    services, visitor = get_services(request), find_visitor(request)
    if CSRF_HEADER not in request.headers:
        raise refuse(400, "Searching by a picture needs the page's script.")
    picture = await receive_picture(request, services)
    case = picture.texts.get("case", "")[:20]
    cases = await services.reading.run(_list_cases, services, visitor)
    chosen = _choose(visitor, cases, case)
    if case == ALL_CASES:
        words = {name: picture.texts.get(name, "") for name in ("purpose", "authorisation")}
        person = find_person(request)
        await run_in_threadpool(begin_wide_search, services.site, person, visitor.account, kind="picture", **words)
    result = await services.searching.run(find_by_picture, services, picture, chosen)
    return show(request, "picture_hits.html", result=result, cases_searched=chosen)


def _list_cases(services: Services, visitor: Visitor) -> list[Case]:
    with services.site.database.read() as connection:
        return case_access.list_open_cases(connection, visitor.account.account_id)


def _choose(visitor: Visitor, cases: list[Case], case: str) -> list[Case]:
    """Returns the cases that are searched, of those the person has access to: the first where none was said."""
    if case == ALL_CASES:
        if not visitor.may(Permission.SEARCH_CASES):
            raise refuse(403, "Your roles do not permit to search over several cases at once.")
        return cases
    if not case:
        return cases[:1]
    chosen = [one for one in cases if str(one.case_id) == case]
    if not chosen:
        raise refuse(404, NOT_HERE)
    return chosen


def _search(
    services: Services, cases: list[Case], asked: Asked, after: Place | None
) -> tuple[list[ShownHit], Place | None]:
    by_id = {case.case_id: case for case in cases}
    with services.site.database.read() as connection:
        hits, end = search_items(connection, list(by_id), asked, after, _PAGE)
        found = [FoundItem(one.case_id, one.hit.item_id, one.hit.reasons) for one in hits]
        return show_hits(connection, found, by_id, services.make_picture_key), end


def _make_grant(visitor: Visitor, event: int, asked: Asked) -> str:
    """Returns what shows that this session's search over all cases for exactly this was recorded."""
    words = f"{event}\n{asked.field.value}\n{asked.text}"
    return f"{event}.{hmac.new(visitor.csrf.encode(), words.encode(), hashlib.sha256).hexdigest()}"


def _is_granted(visitor: Visitor, grant: str, asked: Asked) -> bool:
    event = grant.partition(".")[0]
    is_number = event.isascii() and event.isdigit() and len(event) < 19
    return is_number and hmac.compare_digest(_make_grant(visitor, int(event), asked).encode(), grant.encode())


def _write_place(place: Place) -> str:
    return f"{place.case_id}_{place.time.item_id}_{place.time.what}_{place.time.at}"


def _read_place(text: str) -> Place | None:
    """Returns where the page before ended; what was not written by `_write_place` begins anew."""
    parts = text.split("_", 3)
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts[:3]):
        return None
    at = parts[3] if parts[3].isascii() and parts[3].isprintable() and len(parts[3]) <= 30 else ""
    return Place(int(parts[0]), TimePlace(at, int(parts[1]), int(parts[2])))
