"""The tiles of a case as JSON: pages of stacks, the members of a stack, folders; deciding on stacks and undoing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from varde.core.account import Permission
from varde.core.media import MediaKind
from varde.core.review import GridOrder
from varde.store import folders, grid, stacks
from varde.store.grid import GridQuery, Position
from varde.store.tallies import read_figures
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.services import get_services
from varde.web.tiles import Tile, make_member_tiles, make_tiles
from varde.workflows import review_stacks

router = APIRouter(tags=["Review"], route_class=GuardedRoute)

_MOST_TILES: Final = 200
_CURSOR: Final = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{1,15})")
_MOST_ID: Final = (1 << 53) - 1
_MOST_NOTE: Final = 4_000
_STORABLE: Final = r"^[^\x00]*$"

RowId = Annotated[int, Field(ge=1, le=_MOST_ID)]
Limit = Annotated[int, Query(ge=1, le=_MOST_TILES)]


class _Figures(BaseModel):
    """Of the whole case, whatever the filters."""

    items: int
    stacks: int
    decided_items: int
    matched_items: int


class _TilePage(BaseModel):
    """Some tiles in their order."""

    tiles: list[Tile]
    next: str | None = Field(description="To be sent as `after` for what follows; null where nothing does.")
    figures: _Figures


class _Members(BaseModel):
    """Some members of a stack."""

    tiles: list[Tile]
    next: str | None = Field(description="To be sent as `after` for what follows; null where nothing does.")


class _Folder(BaseModel):
    """A folder, or a place in an archive, with what lies directly in it."""

    rank: int = Field(description="1 for the one to look at first; names it in requests.")
    exhibit: int
    locator: str
    items: int
    matched: int = Field(description="Items with a match that a person has to look at.")


class _Deciding(BaseModel):
    """A grade for items or stacks."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[RowId], Field(min_length=1, max_length=stacks.MOST_LEADERS)]
    code: Annotated[str, Field(max_length=100)] | None = Field(description="On the case's scheme; null withdraws.")
    whole_stacks: bool = True
    note: Annotated[str, Field(max_length=_MOST_NOTE, pattern=_STORABLE)] = ""
    repeated: bool = Field(False, description="The same was sent before and no answer came; it is recorded once.")


class _Decided(BaseModel):
    """What was recorded; `first` and `last` name it for undoing."""

    first: int
    last: int
    decided: int
    tiles: list[Tile]


class _Undoing(BaseModel):
    """Which decisions to take back: `first` and `last` of an answer."""

    model_config = ConfigDict(extra="forbid")

    first: RowId
    last: RowId
    repeated: bool = Field(False, description="Taking back twice is the same as once, whether it says so or not.")


class _UndoneAnswer(BaseModel):
    """What came of it."""

    restored: int
    kept: int = Field(description="Items that were decided again since; they stay as they are.")
    tiles: list[Tile]


@router.get("/cases/{case_id}/tiles", dependencies=[allow_in_case(Permission.VIEW)])
def list_tiles(
    request: Request,
    case_id: int,
    order: GridOrder = GridOrder.RELEVANCE,
    kind: Annotated[list[MediaKind], Query(max_length=len(MediaKind))] = [],  # noqa: B006 - FastAPI copies it
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    matched: bool | None = None,
    folder: Annotated[
        int | None, Query(ge=1, le=_MOST_ID, description="Rank of a folder: its stacks by place.")
    ] = None,
    after: str | None = None,
    limit: Limit = 60,
) -> _TilePage:
    """Return the next stacks of a case, each as the tile of its leader."""
    services, case = get_services(request), find_case(request)
    query = GridQuery(case.case_id, order, tuple(dict.fromkeys(kind)), is_open, matched, folder)
    position = None if after is None else _read_cursor(after)
    services.stackings.ensure(case)
    with services.site.database.read() as connection:
        leaders, end = grid.list_stacks(connection, query, position, limit)
        tiles = make_tiles(services, connection, find_visitor(request).account.account_id, leaders)
        figures = read_figures(connection, case.case_id)
    shown = _Figures(
        items=figures.items,
        stacks=figures.stacks,
        decided_items=figures.decided_items,
        matched_items=figures.matched_items,
    )
    return _TilePage(tiles=tiles, next=None if end is None else f"{end.rank:x}-{end.leader_id:x}", figures=shown)


@router.get("/items/{item_id}/stack", dependencies=[allow_in_case(Permission.VIEW)])
def list_stack(
    request: Request,
    item_id: int,
    after: Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$")] = None,
    limit: Limit = 60,
) -> _Members:
    """Return the next members of the stack an item is in, each as a tile for itself."""
    services = get_services(request)
    with services.site.database.read() as connection:
        members = stacks.list_members(connection, item_id, after=int(after or 0), limit=limit + 1)
        account_id = find_visitor(request).account.account_id
        tiles = make_member_tiles(services, connection, account_id, members[:limit])
    return _Members(tiles=tiles, next=str(members[limit - 1][0]) if len(members) > limit else None)


@router.get("/cases/{case_id}/folders", dependencies=[allow_in_case(Permission.VIEW)])
def list_folders(
    request: Request, case_id: int, after: Annotated[int, Query(ge=0, le=_MOST_ID)] = 0, limit: Limit = 100
) -> list[_Folder]:
    """Return the next folders of a case after a rank: those with most matches first."""
    services, case = get_services(request), find_case(request)
    services.stackings.ensure(case)
    with services.site.database.read() as connection:
        found = folders.list_folders(connection, case.case_id, after=after, limit=limit)
    return [
        _Folder(rank=one.rank, exhibit=one.exhibit, locator=one.locator, items=one.items, matched=one.matched)
        for one in found
    ]


@router.post("/cases/{case_id}/decisions", dependencies=[allow_in_case(Permission.REVIEW)])
async def decide(request: Request, case_id: int, deciding: _Deciding) -> _Decided:
    """Record a grade, or its withdrawal, for stacks or single items."""
    services, case = get_services(request), find_case(request)
    if not services.stackings.is_ready(case):
        await run_in_threadpool(services.stackings.ensure, case)
    act = await services.writing.run(
        review_stacks.decide_stacks,
        services.site,
        find_person(request),
        case,
        deciding.items,
        code=deciding.code,
        whole_stacks=deciding.whole_stacks,
        note=deciding.note,
        is_repeated=deciding.repeated,
    )
    tiles = await services.reading.run(_show_decided, request, deciding.items)
    return _Decided(first=act.first, last=act.last, decided=act.decided, tiles=tiles)


@router.post("/cases/{case_id}/undo", dependencies=[allow_in_case(Permission.REVIEW)])
async def undo(request: Request, case_id: int, undoing: _Undoing) -> _UndoneAnswer:
    """Restore what was in force before decisions of one's own; what others decided since stays."""
    services, case = get_services(request), find_case(request)
    undone = await services.writing.run(
        review_stacks.undo_decisions,
        services.site,
        find_person(request),
        case,
        first=undoing.first,
        last=undoing.last,
    )
    tiles = await services.reading.run(_show_decided, request, undone.item_ids, undone.leaders)
    return _UndoneAnswer(restored=undone.restored, kept=undone.kept, tiles=tiles)


def _show_decided(request: Request, item_ids: Sequence[int], leaders: Sequence[int] | None = None) -> list[Tile]:
    """Returns the tiles of the stacks concerned, and of a few single items those of the items too."""
    services, account_id = get_services(request), find_visitor(request).account.account_id
    with services.site.database.read() as connection:
        shown = stacks.find_leaders(connection, item_ids) if leaders is None else leaders
        others = [item_id for item_id in item_ids if item_id not in set(shown)][:_MOST_TILES]
        members = stacks.find_members(connection, others)
        return make_tiles(services, connection, account_id, shown) + make_member_tiles(
            services, connection, account_id, members
        )


def _read_cursor(text: str) -> Position:
    parts = _CURSOR.fullmatch(text)
    if parts is None:
        raise refuse(400, "`after` is not what an earlier page gave as `next`.")
    return Position(int(parts[1], 16), int(parts[2], 16))
