"""What a tile of the grid shows, for a page of items at once: the same few queries however many items there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import Connection, bindparam, select

from varde.core.media import MediaKind
from varde.core.review import AssignmentState
from varde.store import tables
from varde.store.folders import split_folder
from varde.store.queues import find_blind
from varde.store.review_tables import assignments, stack_items, stacks
from varde.store.standing import contents_with, is_notable
from varde.store.standing_grades import read_codes
from varde.store.types import AnyRow, AnySelect


@dataclass(frozen=True, slots=True)
class StackFacts:
    """The stack that an item is in; of an item that is in none, what it would be alone.

    Attributes:
        codes: items by the code of the grade in force.
        matched: items with a match that a person has to look at.
        reasons: why it is looked at when it is, in words.
    """

    leader_id: int
    items: int = 1
    undecided: int = 1
    matched: int = 0
    reasons: tuple[str, ...] = ()
    codes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TileFacts:
    """An item, as far as one sees of it in the grid.

    Attributes:
        exhibit: number in the case.
        folder: the locator of the folder it lies in, "" for the exhibit itself.
        sha256: of its content; None where it could not be read.
        code: of the grade in force; None where there is none.
        has_picture: whether there is anything to be shown of it.
        is_matched: whether the item itself has a match that a person has to look at.
        is_blind: the person who looks must not be shown what was decided on it.
        is_held: somebody else is deciding on its stack.
    """

    item_id: int
    exhibit: int
    name: str
    folder: str
    kind: MediaKind
    sha256: bytes | None
    width_px: int | None
    height_px: int | None
    duration_s: float | None
    has_picture: bool
    code: str | None
    is_matched: bool
    is_blind: bool
    is_held: bool
    stack: StackFacts


def load_tile_facts(connection: Connection, item_ids: Sequence[int], account_id: int) -> list[TileFacts]:
    """Returns what is shown of some items to a person, in the order given; numbers of no item are left out.

    Args:
        connection: the site's.
        item_ids: a page of them.
        account_id: of the person who looks.
    """
    if not item_ids:
        return []
    rows = {row.item_id: row for row in connection.execute(_select_facts(), {"ids": list(item_ids)})}
    codes = read_codes(connection, rows)
    blind = find_blind(connection, account_id, rows)
    held = _find_held(connection, account_id, {row.leader_id or row.item_id for row in rows.values()})
    matched = _find_matched(connection, {row.content_id for row in rows.values() if row.matched})
    return [
        _make_facts(
            rows[item_id],
            code=codes.get(item_id),
            is_blind=item_id in blind,
            is_held=(rows[item_id].leader_id or item_id) in held,
            is_matched=rows[item_id].content_id in matched,
        )
        for item_id in item_ids
        if item_id in rows
    ]


@cache
def _select_facts() -> AnySelect:
    items, contents, thumbnails = tables.items, tables.contents, tables.thumbnails
    return (
        select(
            *(items.c.id.label("item_id"), items.c.name, items.c.locator, items.c.content_id),
            *(tables.exhibits.c.number, contents.c.kind, contents.c.sha256),
            *(contents.c.width_px, contents.c.height_px, contents.c.duration_s),
            thumbnails.c.content_id.is_not(None).label("has_picture"),
            *(stacks.c.leader_id, stacks.c["items"].label("stack_items"), stacks.c.undecided, stacks.c.matched),
            *(stacks.c.reasons, stacks.c.codes),
        )
        .join(tables.exhibits, tables.exhibits.c.id == items.c.exhibit_id)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
        .join(thumbnails, thumbnails.c.content_id == items.c.content_id, isouter=True)
        .join(stack_items, stack_items.c.item_id == items.c.id, isouter=True)
        .join(stacks, stacks.c.id == stack_items.c.stack_id, isouter=True)
        .where(items.c.id.in_(bindparam("ids", expanding=True)))
    )


def _find_held(connection: Connection, account_id: int, leader_ids: Collection[int]) -> set[int]:
    wanted = {"ids": list(leader_ids), "account": account_id}
    return set(connection.execute(_select_held(), wanted).scalars())


@cache
def _select_held() -> AnySelect:
    table = assignments.c
    given = (table.state == AssignmentState.GIVEN.value, table.account_id != bindparam("account"))
    return select(table.item_id).where(table.item_id.in_(bindparam("ids", expanding=True)), *given)


def _find_matched(connection: Connection, content_ids: Collection[int | None]) -> set[int]:
    if not content_ids:
        return set()
    return {row.content_id for row in connection.execute(_select_matched(), {"ids": list(content_ids)})}


@cache
def _select_matched() -> AnySelect:
    wanted = tables.findings.c.content_id.in_(bindparam("ids", expanding=True))
    return contents_with(is_notable()).where(wanted).distinct()


def _make_facts(row: AnyRow, *, code: str | None, is_blind: bool, is_held: bool, is_matched: bool) -> TileFacts:
    alone = StackFacts(row.item_id, undecided=int(code is None))
    stack = alone
    if row.leader_id is not None:
        stack = StackFacts(
            row.leader_id, row.stack_items, row.undecided, row.matched, tuple(row.reasons), dict(row.codes)
        )
    return TileFacts(
        item_id=row.item_id,
        exhibit=row.number,
        name=row.name,
        folder=split_folder(row.locator),
        kind=MediaKind.OTHER if row.kind is None else MediaKind(row.kind),
        sha256=row.sha256,
        width_px=row.width_px,
        height_px=row.height_px,
        duration_s=row.duration_s,
        has_picture=bool(row.has_picture),
        code=code,
        is_matched=is_matched,
        is_blind=is_blind,
        is_held=is_held,
        stack=stack,
    )
