"""Pages of a case's stacks, in an order, from wherever one is: the same work at the first and at the last.

A page is merged from index ranges, one for every kind of content, open or not. Each range is read from the place where
the last page ended, and only as far as one page needs. How this came about is told in
docs/decisions/0014-stacks-and-keyset-paging.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal, select, text, union_all

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


def list_stacks(
    connection: Connection, query: GridQuery, after: Position | None, limit: int
) -> tuple[list[int], Position | None]:
    """Returns the leaders of the next stacks in their order, and where they end; None there where no more follow."""
    parts = [select(part.subquery()) for part in _ranges(query, after or _START, limit + 1)]
    merged = union_all(*parts).subquery()
    rows = connection.execute(select(merged).order_by(merged.c.rank, merged.c.leader_id).limit(limit + 1)).all()
    page = rows[:limit]
    end = Position(page[-1].rank, page[-1].leader_id) if len(rows) > limit else None
    return [row.leader_id for row in page], end


def _ranges(query: GridQuery, after: Position, limit: int) -> Iterator[Select[Any]]:
    rank = _choose_rank(query)
    conditions = list(_conditions(query))
    for kind, is_open in product(query.kinds or tuple(MediaKind), _both(query.is_open)):
        table = stacks.c
        part = select(rank.label("rank"), table.leader_id).where(
            table.case_id == query.case_id, table.kind == kind.value, table.is_open == is_open, *conditions
        )
        if query.folder_rank is not None or query.order is GridOrder.PLACE:
            yield part.where(table.leader_id > after.leader_id).order_by(table.leader_id).limit(limit)
            continue
        # Two ranges: the rest of the same rank, and all later ranks. One condition for both would not be a range.
        yield part.where(rank == after.rank, table.leader_id > after.leader_id).order_by(table.leader_id).limit(limit)
        yield part.where(rank > after.rank).order_by(rank, table.leader_id).limit(limit)


def _choose_rank(query: GridQuery) -> ColumnElement[int]:
    if query.folder_rank is not None or query.order is GridOrder.PLACE:
        return literal(0)
    return stacks.c.relevance_rank if query.order is GridOrder.RELEVANCE else stacks.c.folder_rank


def _conditions(query: GridQuery) -> Iterator[ColumnElement[bool]]:
    if query.folder_rank is not None:
        yield stacks.c.folder_rank == query.folder_rank
    if query.is_matched is None:
        return
    if query.order is GridOrder.RELEVANCE and query.folder_rank is None:  # they are a range of it
        rank = stacks.c.relevance_rank
        yield rank <= LAST_MATCHED_RANK if query.is_matched else rank > LAST_MATCHED_RANK
    else:  # written out, since an index is made for exactly these words
        yield text("stacks.matched > 0" if query.is_matched else "stacks.matched = 0")  # type: ignore[misc]


def _both(wanted: bool | None) -> tuple[int, ...]:
    return (0, 1) if wanted is None else (int(wanted),)
