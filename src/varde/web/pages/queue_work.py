"""Work in a queue as JSON: taking items, being done with them, returning them, taking a slip back.

Every act may be sent again if no answer came: it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from varde.core.account import Permission
from varde.core.review import AssignmentState, QueuePurpose
from varde.store import opinions, queues
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.pages.tiles import RowId
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.services import get_services
from varde.web.tiles import Tile, make_tiles
from varde.workflows import take_items, work_queue
from varde.workflows.take_items import MOST_TAKEN, Supply
from varde.workflows.work_queue import Finish, Finished

router = APIRouter(tags=["Queues"], route_class=GuardedRoute)

_MOST_NOTE: Final = 2_000
_NOT_GIVEN: Final = (
    "This item is not given to you any more: it went back to the queue because nothing was heard of you for long, "
    "it was decided elsewhere, or the queue was closed. Nothing was recorded."
)

Note = Annotated[str, Field(max_length=_MOST_NOTE, pattern=r"^[^\x00]*$")]

_NOT_HELD: Final[dict[int | str, dict[str, Any]]] = {409: {"description": "The caller does not hold the item."}}


class _Taking(BaseModel):
    """How many items to hold."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=MOST_TAKEN)] = 20


class _Work(BaseModel):
    """What one holds of a queue; the same again until it is done or returned."""

    tiles: list[Tile]
    supply: Supply = Field(description="Why it is no more: nothing is left now, the queue is closed, one opted out.")


class _Doing(BaseModel):
    """A decision, or a second opinion, on a stack that one holds."""

    model_config = ConfigDict(extra="forbid")

    item_id: RowId
    code: Annotated[str, Field(max_length=100)] = Field(description="On the case's scheme.")
    note: Note = ""


class _Done(BaseModel):
    """What was recorded; `first` and `last` name decisions for undoing, and are null for opinions and repetitions."""

    repeated: bool = Field(description="It had been recorded before, and was not recorded again.")
    first: int | None
    last: int | None
    tiles: list[Tile]


class _Returning(BaseModel):
    """An item that one does not decide on."""

    model_config = ConfigDict(extra="forbid")

    item_id: RowId | None = Field(None, description="Null hands everything back that one holds.")
    how: Literal["handed_back", "skipped", "escalated"] = "handed_back"
    note: Note = ""


class _Returned(BaseModel):
    """What came of it."""

    returned: int = Field(description="Items.")


class _UndoingItem(BaseModel):
    """What to take back: for decisions `first` and `last` of the answer, for opinions null."""

    model_config = ConfigDict(extra="forbid")

    item_id: RowId
    first: RowId | None = None
    last: RowId | None = None


class _GivenAgain(BaseModel):
    """The item is given to the person again, undecided as before."""

    tiles: list[Tile]


@router.post("/queues/{queue_id}/take", dependencies=[allow_in_case(Permission.REVIEW)])
async def take(request: Request, queue_id: int, taking: _Taking) -> _Work:
    """Give the caller items of the queue; those they hold already come first, in the same order."""
    services = get_services(request)
    site, actor, account = _find_worker(request)
    if not services.stackings.is_ready(case := find_case(request)):
        await run_in_threadpool(services.stackings.ensure, case)
    taken = await services.writing.run(
        take_items.take_items, site, actor, account, queue_id=queue_id, count=taking.count
    )
    tiles = await services.reading.run(_show, request, queue_id, taken.item_ids)
    return _Work(tiles=tiles, supply=taken.supply)


@router.post("/queues/{queue_id}/done", dependencies=[allow_in_case(Permission.REVIEW)], responses=_NOT_HELD)
async def finish(request: Request, queue_id: int, doing: _Doing) -> _Done:
    """Record a decision or a second opinion on an item the caller holds; 409 if they do not hold it any more."""
    services = get_services(request)
    done = await services.writing.run(
        work_queue.finish_item,
        *_find_worker(request),
        case=find_case(request),
        queue_id=queue_id,
        item_id=doing.item_id,
        code=doing.code,
        note=doing.note,
    )
    _check_given(done)
    first, last = (done.act.first, done.act.last) if done.act else (None, None)
    tiles = await services.reading.run(_show, request, queue_id, [doing.item_id], is_done=True)
    return _Done(repeated=done.how is Finish.BEFORE, first=first, last=last, tiles=tiles)


@router.post("/queues/{queue_id}/return", dependencies=[allow_in_case(Permission.REVIEW)], responses=_NOT_HELD)
async def give_back(request: Request, queue_id: int, returning: _Returning) -> _Returned:
    """Hand items back, skip one, or have a more experienced person decide; 409 if the caller does not hold it."""
    services, worker = get_services(request), _find_worker(request)
    if returning.item_id is None:
        if returning.how != "handed_back":
            raise refuse(400, "Only handing back works without naming an item.")
        return _Returned(returned=await services.writing.run(work_queue.return_all, *worker, queue_id=queue_id))
    done = await services.writing.run(
        work_queue.return_item,
        *worker,
        case=find_case(request),
        queue_id=queue_id,
        item_id=returning.item_id,
        how=AssignmentState(returning.how),
        note=returning.note,
    )
    _check_given(done)
    return _Returned(returned=1)


@router.post("/queues/{queue_id}/undo", dependencies=[allow_in_case(Permission.REVIEW)])
async def undo(request: Request, queue_id: int, undoing: _UndoingItem) -> _GivenAgain:
    """Give the caller an item again that they have just been done with; what they decided is taken back."""
    services = get_services(request)
    act = None if undoing.first is None or undoing.last is None else (undoing.first, undoing.last)
    await services.writing.run(
        work_queue.undo_item,
        *_find_worker(request),
        case=find_case(request),
        queue_id=queue_id,
        item_id=undoing.item_id,
        act=act,
    )
    return _GivenAgain(tiles=await services.reading.run(_show, request, queue_id, [undoing.item_id]))


def _find_worker(request: Request) -> tuple[Any, Any, Any]:
    return get_services(request).site, find_person(request), find_visitor(request).account


def _check_given(done: Finished) -> None:
    if done.how is Finish.NOT_GIVEN:
        raise refuse(409, _NOT_GIVEN)


def _show(request: Request, queue_id: int, item_ids: Sequence[int], *, is_done: bool = False) -> list[Tile]:
    """Returns the tiles of items the caller holds, or was just done with."""
    services, account_id = get_services(request), find_visitor(request).account.account_id
    with services.site.database.read() as connection:
        tiles = make_tiles(services, connection, account_id, item_ids)
        if queues.get_queue(connection, queue_id).purpose is QueuePurpose.FIRST:
            return tiles
        return [_hide(connection, tile, queue_id, account_id, is_done=is_done) for tile in tiles]


def _hide(connection: Connection, tile: Tile, queue_id: int, account_id: int, *, is_done: bool) -> Tile:
    """Returns a tile that says nothing of what others decided: only of one's own opinion, once it is given."""
    own = opinions.find_own(connection, queue_id, tile.item_id, account_id) if is_done else None
    undecided = 0 if is_done else tile.items
    return tile.model_copy(update={"code": own, "mixed": False, "undecided": undecided, "held_by_other": False})
