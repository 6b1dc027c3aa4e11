"""Pages of a case's stacks, in an order, from wherever one is: the same work at the first and at the last.

A page is merged from index ranges, one for every kind of content, open or not. Each range is read from the place where
the last page ended, and only as far as one page needs. How this came about is told in
docs/decisions/0014-stacks-and-keyset-paging.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    literal,
    select,
    text,
    union_all,
)

from varde.core.media import MediaKind
from varde.core.review import LAST_MATCHED_RANK, GridOrder
from varde.store.review_tables import stacks


@dataclass(frozen=True, slots=True)
class GridQuery:
    """Which stacks of a case, and in which order; everything given must hold.

    Attributes:
        kinds: of the leader's content; () means all.
        is_open: whether something in them is undecided.
        is_matched: whether something in them has a match that a person has to look at.
        folder_rank: of the folder their leader lies in; they then come in the order of place.
    """

    case_id: int
    order: GridOrder = GridOrder.RELEVANCE
    kinds: tuple[MediaKind, ...] = ()
    is_open: bool | None = None
    is_matched: bool | None = None
    folder_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended.

    Attributes:
        rank: by relevance or of the folder; 0 in the order of place.
        leader_id: of the last stack.
    """

    rank: int
    leader_id: int


_START = Position(-1, 0)
_MOST: BindParameter[int] = bindparam("most", type_=Integer)


def list_stacks(
    connection: Connection, query: GridQuery, after: Position | None, limit: int
) -> tuple[list[int], Position | None]:
    """Returns the leaders of the next stacks in their order, and where they end; None there where no more follow."""
    start = after or _START
    least = max(start.rank, LAST_MATCHED_RANK) if _is_rest(query) else start.rank
    values = {"case_id": query.case_id, "folder": query.folder_rank, "rank": start.rank, "leader_id": start.leader_id}
    values |= {"least": least, "most": limit + 1}
    shape = replace(query, case_id=0, folder_rank=None if query.folder_rank is None else 0)
    rows = connection.execute(_make_statement(shape), values).all()
    page = rows[:limit]
    end = Position(page[-1].rank, page[-1].leader_id) if len(rows) > limit else None
    return [row.leader_id for row in page], end


@lru_cache(maxsize=256)
def _make_statement(query: GridQuery) -> Select[Any]:
    """Returns the statement for queries of a shape: making it takes longer than the database takes to answer it."""
    parts = [select(part.subquery()) for part in _ranges(query)]
    merged = union_all(*parts).subquery()
    return select(merged).order_by(merged.c.rank, merged.c.leader_id).limit(_MOST)


def _ranges(query: GridQuery) -> Iterator[Select[Any]]:
    rank, table = _choose_rank(query), stacks.c
    start, least, leader = (bindparam(name, type_=Integer) for name in ("rank", "least", "leader_id"))
    for kind, is_open in product(query.kinds or tuple(MediaKind), _both(query.is_open)):
        part = select(rank.label("rank"), table.leader_id).limit(_MOST).where(*_conditions(query))
        part = part.where(table.case_id == bindparam("case_id"), table.kind == kind.value, table.is_open == is_open)
        if query.folder_rank is not None or query.order is GridOrder.PLACE:
            yield part.where(table.leader_id > leader).order_by(table.leader_id)
            continue
        # Two ranges: the rest of the same rank, and all later ranks. One condition for both would not be a range; and
        # of more conditions than it needs SQLite concludes that another index is better.
        same, later = part.where(rank == start, table.leader_id > leader), part.where(rank > least)
        if query.order is GridOrder.RELEVANCE and query.is_matched is not None:
            same = same.where(start <= LAST_MATCHED_RANK if query.is_matched else start > LAST_MATCHED_RANK)
            later = later.where(rank <= LAST_MATCHED_RANK) if query.is_matched else later
        yield same.order_by(table.leader_id)
        yield later.order_by(rank, table.leader_id)


def _choose_rank(query: GridQuery) -> ColumnElement[int]:
    if query.folder_rank is not None or query.order is GridOrder.PLACE:
        return literal(0)
    return stacks.c.relevance_rank if query.order is GridOrder.RELEVANCE else stacks.c.folder_rank


def _conditions(query: GridQuery) -> Iterator[ColumnElement[bool]]:
    if query.folder_rank is not None:
        yield stacks.c.folder_rank == bindparam("folder")
    is_by_relevance = query.order is GridOrder.RELEVANCE and query.folder_rank is None  # they are a range of it
    if query.is_matched is not None and not is_by_relevance:
        # Written out, since an index is made for exactly these words.
        yield text("stacks.matched > 0" if query.is_matched else "stacks.matched = 0")  # type: ignore[misc]


def _is_rest(query: GridQuery) -> bool:
    """Returns whether a query is for what comes after all matches in the order of relevance."""
    return query.is_matched is False and query.order is GridOrder.RELEVANCE and query.folder_rank is None


def _both(wanted: bool | None) -> tuple[int, ...]:
    return (0, 1) if wanted is None else (int(wanted),)
