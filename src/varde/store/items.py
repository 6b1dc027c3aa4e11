"""Items waiting to be examined, and the recording of what the examination gave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select, update

from varde.core.content import Content
from varde.core.issue import Issue
from varde.core.item import Origin
from varde.core.locator import Locator
from varde.store import tables
from varde.store.contents import record_contents
from varde.store.database import insert_new
from varde.store.face_writing import FaceModels
from varde.store.search_index import record_items
from varde.store.types import AnyRow, AnySelect, make_storable


class ItemState(StrEnum):
    """How far an item has come; kept with it so that every run can be resumed."""

    WAITING = "waiting"
    EXPANDING = "expanding"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class NewItem:
    """A place that was found and is not examined yet.

    Attributes:
        ordinal: position in the archive it is a member of, None for files.
    """

    locator: Locator
    origin: Origin
    size_bytes: int | None
    modified_at: datetime | None
    parent_id: int | None = None
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """An item that is not done.

    Attributes:
        sha256: of an archive that is being expanded, None otherwise.
    """

    item_id: int
    locator: str
    size_bytes: int | None
    modified_at: datetime | None
    ordinal: int | None
    state: ItemState
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class ExaminedItem:
    """The outcome of one item's examination.

    Attributes:
        content: None where not even the bytes could be read.
        state: `ItemState.EXPANDING` for an archive whose members are still to come.
    """

    item_id: int
    locator: str
    content: Content | None
    issues: tuple[Issue, ...]
    state: ItemState = ItemState.DONE


def compute_place(locator: str) -> bytes:
    """Returns the 16 bytes that make a place unique in its exhibit: locators may be longer than an index allows."""
    return hashlib.sha256(locator.encode("utf-8")).digest()[:16]


def add_items(connection: Connection, exhibit_id: int, found: Sequence[NewItem]) -> None:
    """Adds places to an exhibit; those already there are left alone."""
    rows = [
        {
            "exhibit_id": exhibit_id,
            "parent_id": new.parent_id,
            "ordinal": new.ordinal,
            "place": compute_place(str(new.locator)),
            "locator": str(new.locator),
            "name": new.locator.name,
            "origin": new.origin.value,
            "size_bytes": new.size_bytes,
            "modified_at": new.modified_at,
            "state": ItemState.WAITING.value,
        }
        for new in found
    ]
    if rows:
        connection.execute(insert_new(connection, tables.items), rows)


def list_waiting(connection: Connection, exhibit_id: int, *, after_id: int, limit: int) -> list[WaitingItem]:
    """Returns the next top-level items of an exhibit that are not done, by row number."""
    items = tables.items
    query = (
        _waiting()
        .where(items.c.exhibit_id == exhibit_id, items.c.id > after_id, items.c.state != ItemState.DONE.value)
        .where(items.c.parent_id.is_(None))
        .order_by(items.c.id)
        .limit(limit)
    )
    return [_waiting_item(row) for row in connection.execute(query)]


def list_waiting_members(connection: Connection, parent_id: int, first: int, last: int) -> list[WaitingItem]:
    """Returns the members of an archive with ordinals in first..last that are not done."""
    items = tables.items
    query = (
        _waiting()
        .where(items.c.parent_id == parent_id, items.c.ordinal.between(first, last))
        .where(items.c.state != ItemState.DONE.value)
        .order_by(items.c.ordinal)
    )
    return [_waiting_item(row) for row in connection.execute(query)]


def list_member_ids(connection: Connection, parent_id: int, first: int, last: int) -> dict[int, int]:
    """Returns the row numbers of an archive's members by ordinal, for ordinals in first..last."""
    items = tables.items.c
    query = select(items.ordinal, items.id).where(items.parent_id == parent_id, items.ordinal.between(first, last))
    return {row.ordinal: row.id for row in connection.execute(query)}


def has_waiting(connection: Connection, exhibit_id: int) -> bool:
    """Returns whether any item of an exhibit is not done."""
    items = tables.items.c
    query = select(items.id).where(items.exhibit_id == exhibit_id, items.state != ItemState.DONE.value).limit(1)
    return connection.execute(query).first() is not None


def count_waiting(connection: Connection, exhibit_id: int) -> tuple[int, int]:
    """Returns the number of items of an exhibit that are not done, and of their bytes."""
    items = tables.items
    rows = connection.execute(
        select(items.c.size_bytes).where(items.c.exhibit_id == exhibit_id, items.c.state != ItemState.DONE.value)
    )
    count = size = 0
    for (size_bytes,) in rows:
        count += 1
        size += size_bytes or 0
    return count, size


def record_examined(
    connection: Connection,
    exhibit_id: int,
    examined: Sequence[ExaminedItem],
    face_models: FaceModels | None = None,
    sketched_at: datetime | None = None,
) -> None:
    """Records a batch of outcomes in the caller's transaction: contents once, items done, issues.

    Args:
        connection: the caller's transaction.
        exhibit_id: row number of the exhibit.
        examined: the batch.
        face_models: that looked for faces; None where nobody was asked to.
        sketched_at: when their sketches were made; None where none were wanted.
    """
    content_ids = record_contents(connection, [e.content for e in examined if e.content], face_models, sketched_at)
    updates: list[dict[str, object]] = [
        {
            "b_id": e.item_id,
            "b_state": e.state.value,
            "b_content": content_ids[e.content.digests.sha256] if e.content else None,
            "b_size": e.content.digests.size_bytes if e.content else None,
        }
        for e in examined
    ]
    _update_items(connection, updates)
    for e in examined:
        record_issues(connection, exhibit_id, [(e.locator, e.item_id, issue) for issue in e.issues])
    record_items(connection, [e.item_id for e in examined])


def record_done(connection: Connection, item_id: int) -> None:
    """Records that an archive and all its members are done."""
    connection.execute(update(tables.items).where(tables.items.c.id == item_id).values(state=ItemState.DONE.value))


def record_issues(connection: Connection, exhibit_id: int, issues: Iterable[tuple[str, int | None, Issue]]) -> None:
    """Records (locator, item or None, issue) triples; the same issue of the same place twice is one."""
    rows = [
        {
            "exhibit_id": exhibit_id,
            "item_id": item_id,
            "place": compute_place(locator),
            "locator": locator,
            "step": issue.step.value,
            "code": issue.code.value,
            "cause": make_storable(issue.cause[:2000]),
        }
        for locator, item_id, issue in issues
    ]
    if rows:
        connection.execute(insert_new(connection, tables.issues), rows)


def _update_items(connection: Connection, updates: list[dict[str, object]]) -> None:
    items = tables.items
    with_content = [row for row in updates if row["b_content"] is not None]
    without = [{"b_id": row["b_id"], "b_state": row["b_state"]} for row in updates if row["b_content"] is None]
    change = update(items).where(items.c.id == bindparam("b_id")).values(state=bindparam("b_state"))
    if with_content:
        connection.execute(
            change.values(content_id=bindparam("b_content"), size_bytes=bindparam("b_size")), with_content
        )
    if without:
        connection.execute(change, without)


def _waiting() -> AnySelect:
    items, contents = tables.items, tables.contents
    return select(
        items.c.id,
        items.c.locator,
        items.c.size_bytes,
        items.c.modified_at,
        items.c.ordinal,
        items.c.state,
        contents.c.sha256,
    ).join(contents, contents.c.id == items.c.content_id, isouter=True)


def _waiting_item(row: AnyRow) -> WaitingItem:
    item_id, locator, size_bytes, modified_at, ordinal, state, sha256 = row
    return WaitingItem(item_id, locator, size_bytes, modified_at, ordinal, ItemState(state), sha256)
