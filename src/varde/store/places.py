"""Where a content lies: its places in a case, the archives around an item, and what comes before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from varde.core.item import Origin
from varde.core.media import MediaKind
from varde.store import tables
from varde.store.people_tables import case_access
from varde.store.review_tables import stack_items, stacks

_MOST_ABOVE = 64
_SHOWN_KINDS = (MediaKind.PICTURE.value, MediaKind.VIDEO.value)


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a content.

    Attributes:
        exhibit: number in its case.
    """

    item_id: int
    exhibit: int
    locator: str


@dataclass(frozen=True, slots=True)
class Container:
    """An archive that an item was unpacked from."""

    item_id: int
    name: str
    origin: Origin
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class OtherCase:
    """A case that holds the same content.

    Attributes:
        places: how many, counted up to a limit.
    """

    name: str
    places: int


@dataclass(frozen=True, slots=True)
class StackPlace:
    """The stack an item is in, and its neighbours in the case as they lie.

    Attributes:
        items: in the stack; 0 where the case is not stacked.
        previous_id, next_id: leaders of the stacks before and after; None at the ends.
    """

    leader_id: int
    items: int
    previous_id: int | None
    next_id: int | None


def list_places(
    connection: Connection, case_id: int, content_id: int | None, *, after_id: int, limit: int
) -> list[Place]:
    """Returns the next places of a content in a case, by row number."""
    items, exhibits = tables.items, tables.exhibits
    query = (
        select(items.c.id, exhibits.c.number, items.c.locator)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .where(items.c.content_id == content_id, items.c.id > after_id, exhibits.c.case_id == case_id)
        .order_by(items.c.id)
        .limit(limit)
    )
    return [Place(*row) for row in connection.execute(query)]


def find_first_items(connection: Connection, case_id: int, content_ids: Sequence[int]) -> dict[int, int]:
    """Returns the first item in a case of each content that has any there, by content."""
    items, exhibits = tables.items.c, tables.exhibits.c
    in_case = select(exhibits.id).where(exhibits.case_id == case_id)
    query = select(items.content_id, func.min(items.id).label("item_id")).group_by(items.content_id)
    rows = connection.execute(query.where(items.content_id.in_(content_ids), items.exhibit_id.in_(in_case)))
    return {row.content_id: row.item_id for row in rows}


def count_places(connection: Connection, case_id: int, content_id: int, most: int) -> int:
    """Returns how many places of a content a case has, counted up to a limit."""
    items, exhibits = tables.items, tables.exhibits
    in_case = select(exhibits.c.id).where(exhibits.c.case_id == case_id)
    some = select(items.c.id).where(items.c.content_id == content_id, items.c.exhibit_id.in_(in_case)).limit(most)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def list_other_cases(
    connection: Connection, account_id: int, case_id: int, content_id: int, most: int
) -> list[OtherCase]:
    """Returns in which other cases that an account has access to a content lies, and in how many places."""
    items, exhibits, cases = tables.items.c, tables.exhibits, tables.cases
    open_cases = select(case_access.c.case_id).where(
        case_access.c.account_id == account_id, case_access.c.case_id != case_id
    )
    in_them = select(exhibits.c.id).where(exhibits.c.case_id.in_(open_cases))
    # Only what may be seen is counted towards the limit, so that nothing else can be told from it.
    some = select(items.exhibit_id).where(items.content_id == content_id, items.exhibit_id.in_(in_them)).limit(most)
    found = some.subquery()
    query = (
        select(cases.c.name, func.count())
        .select_from(found)
        .join(exhibits, exhibits.c.id == found.c.exhibit_id)
        .join(cases, cases.c.id == exhibits.c.case_id)
        .group_by(cases.c.name)
        .order_by(cases.c.name)
    )
    return [OtherCase(*row) for row in connection.execute(query)]


def list_containers(connection: Connection, item_id: int) -> list[Container]:
    """Returns the archives an item was unpacked from, the innermost first."""
    items, found = tables.items.c, list[Container]()
    parent_id = connection.execute(select(items.parent_id).where(items.id == item_id)).scalar()
    while parent_id is not None and len(found) < _MOST_ABOVE:
        query = select(items.id, items.name, items.origin, items.modified_at, items.parent_id)
        row = connection.execute(query.where(items.id == parent_id)).one()
        found.append(Container(row.id, row.name, Origin(row.origin), row.modified_at))
        parent_id = row.parent_id
    return found


def find_stack_place(connection: Connection, case_id: int, item_id: int) -> StackPlace:
    """Returns the stack an item is in and the stacks beside it, one index seek each."""
    query = (
        select(stacks.c.leader_id, stacks.c["items"].label("size"))
        .join(stack_items, stack_items.c.stack_id == stacks.c.id)
        .where(stack_items.c.item_id == item_id)
    )
    row = connection.execute(query).first()
    leader_id, count = (row.leader_id, row.size) if row else (item_id, 0)
    before = _seek(connection, case_id, leader_id, is_forward=False)
    return StackPlace(leader_id, count, before, _seek(connection, case_id, leader_id, is_forward=True))


def _seek(connection: Connection, case_id: int, leader_id: int, *, is_forward: bool) -> int | None:
    table = stacks.c
    found = []
    for kind in _SHOWN_KINDS:
        for is_open in (0, 1):
            query = select(table.leader_id).where(
                table.case_id == case_id, table.kind == kind, table.is_open == is_open
            )
            if is_forward:
                query = query.where(table.leader_id > leader_id).order_by(table.leader_id)
            else:
                query = query.where(table.leader_id < leader_id).order_by(table.leader_id.desc())
            found.append(connection.execute(query.limit(1)).scalar())
    there = [one for one in found if one is not None]
    return (min(there) if is_forward else max(there)) if there else None
