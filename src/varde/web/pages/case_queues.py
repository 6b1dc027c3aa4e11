"""``/cases/{case_id}/queues``: for those who lead a case: its queues, what is escalated, where people disagree."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from varde.core.account import Permission
from varde.core.errors import WrongUse
from varde.core.media import MediaKind
from varde.core.review import AssignmentState, GridOrder, QueuePurpose
from varde.review.agreement import Kappa, Share
from varde.store import assignments, folders, outcomes, schemes
from varde.web.access import GuardedRoute
from varde.web.errors import explain
from varde.web.pages.page import show
from varde.web.pages.queues import MOST_COUNTED
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.services import get_services
from varde.workflows import make_queue, review_queues, write_outcome
from varde.workflows.make_queue import MOST_OPINIONS, FirstWork, SecondWork

router = APIRouter(tags=["Queues"], route_class=GuardedRoute)

_FOLDERS: Final = 50
_SENT: Final = "sent"
_KINDS: Final = (MediaKind.PICTURE, MediaKind.VIDEO, MediaKind.ARCHIVE, MediaKind.OTHER)
_RowId = Annotated[int, Form(ge=1, le=(1 << 53) - 1)]
_Note = Annotated[str, Form(max_length=2_000)]


@router.get("/cases/{case_id}/queues", dependencies=[allow_in_case(Permission.LEAD)], response_class=HTMLResponse)
def show_case_queues(request: Request, sent: str = "") -> HTMLResponse:
    """Show how the queues of a case go."""
    return _show(request, told=_tell_sent(sent))


@router.post("/cases/{case_id}/queues/first", dependencies=[allow_in_case(Permission.LEAD)])
def add_first(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    order: Annotated[GridOrder, Form()] = GridOrder.RELEVANCE,
    kind: Annotated[list[MediaKind], Form()] = [],  # noqa: B006 - FastAPI copies it
    folder: Annotated[str, Form(pattern=r"^[0-9]{0,9}$")] = "",
    only_matched: Annotated[bool, Form()] = False,
) -> Response:
    """Make a queue for first decisions."""
    rank = int(folder) if folder else None
    work = FirstWork(order, tuple(dict.fromkeys(kind)), rank, only_matched)
    return _make(request, name, work)


@router.post("/cases/{case_id}/queues/second", dependencies=[allow_in_case(Permission.LEAD)])
def add_second(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    percent: Annotated[float, Form(ge=0, le=100, allow_inf_nan=False)] = 10.0,
    code: Annotated[list[str], Form(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
    opinions: Annotated[int, Form(ge=1, le=MOST_OPINIONS)] = 1,
) -> Response:
    """Make a queue for second opinions."""
    return _make(request, name, SecondWork(percent, tuple(dict.fromkeys(code)), opinions))


@router.post("/queues/{queue_id}/close", dependencies=[allow_in_case(Permission.LEAD)])
def close(request: Request, queue_id: int) -> RedirectResponse:
    """Close a queue; what people hold of it goes back."""
    case = find_case(request)
    make_queue.close_queue(get_services(request).site, find_person(request), case=case, queue_id=queue_id)
    return _return(request)


@router.post("/cases/{case_id}/settle", dependencies=[allow_in_case(Permission.LEAD)])
def settle(
    request: Request, item_id: _RowId, code: Annotated[str, Form(max_length=100)] = "", note: _Note = ""
) -> Response:
    """Decide on an item that was escalated, or on which people disagree."""
    site, account = get_services(request).site, find_visitor(request).account
    try:
        review_queues.settle(
            site, find_person(request), account, case=find_case(request), item_id=item_id, code=code, note=note
        )
    except WrongUse as error:
        return _show(request, problem=explain(error), status=400)
    return _return(request)


@router.post("/cases/{case_id}/outcomes", dependencies=[allow_in_case(Permission.LEAD)])
def write_card(request: Request, text: Annotated[str, Form(max_length=5_000)] = "") -> Response:
    """Write an outcome card for those who worked on the case."""
    services, case = get_services(request), find_case(request)
    try:
        people = write_outcome.write_outcome(services.site, find_person(request), case=case, text=text)
    except WrongUse as error:
        return _show(request, problem=explain(error), card=text, status=400)
    return _return(request, f"?{_SENT}={people}")


def _make(request: Request, name: str, work: FirstWork | SecondWork) -> Response:
    services, case = get_services(request), find_case(request)
    services.stackings.ensure(case)
    try:
        make_queue.make_queue(services.site, find_person(request), case=case, name=name.strip(), work=work)
    except WrongUse as error:
        return _show(request, problem=explain(error), status=400)
    return _return(request)


def _show(request: Request, *, problem: str = "", told: str = "", card: str = "", status: int = 200) -> HTMLResponse:
    services, case, account = get_services(request), find_case(request), find_visitor(request).account
    found = review_queues.read_case_queues(services.site, account, case, most_counted=MOST_COUNTED)
    listed = {one.item_id for one in found.escalated} | {one.item_id for one in found.disagreements}
    with services.site.database.read() as connection:
        facts: dict[str, Any] = {
            "codes": schemes.get_scheme(connection, case.scheme)[1].codes,
            "folders": folders.list_folders(connection, case.case_id, limit=_FOLDERS),
            "names": assignments.name_items(connection, listed),
            "cards": outcomes.list_of_case(connection, case.case_id),
        }
    words = {"State": AssignmentState, "QueuePurpose": QueuePurpose, "orders": GridOrder, "kinds": _KINDS}
    figures = {"Kappa": Kappa, "Share": Share, "most": MOST_COUNTED, "most_opinions": MOST_OPINIONS}
    page = {"case": case, "found": found, "problem": problem, "told": told, "card": card}
    return show(
        request,
        "case_queues.html",
        status=status,
        most_characters=write_outcome.MOST_CHARACTERS,
        **page,
        **words,
        **figures,
        **facts,
    )


def _tell_sent(sent: str) -> str:
    if not (sent.isascii() and sent.isdigit() and len(sent) < 7):
        return ""
    return f"The card was sent to {int(sent)} {'person' if int(sent) == 1 else 'people'}."


def _return(request: Request, query: str = "") -> RedirectResponse:
    return RedirectResponse(f"/cases/{find_case(request).case_id}/queues{query}", 303)
