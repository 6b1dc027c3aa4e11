"""What is needed to show an item: its veil, its thumbnail, and where its original lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, bindparam, select, update

from varde.core.case import Exhibit
from varde.core.media import MediaKind
from varde.store import tables
from varde.store.cases import get_exhibit
from varde.store.types import AnySelect


@dataclass(frozen=True, slots=True)
class StoredVeil:
    """The least revealing view of an item.

    Attributes:
        sha256: of its content.
        veil: None where the site is older than veils; then `StoredThumbnail` helps.
    """

    content_id: int
    sha256: bytes
    veil: bytes | None


@dataclass(frozen=True, slots=True)
class StoredThumbnail:
    """The thumbnail of an item: made from hostile bytes, so it is decoded in the sandbox only."""

    content_id: int
    sha256: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class OriginalPlace:
    """Where an item's bytes lie, and what they were when they were examined.

    Attributes:
        locator: as text.
        has_picture: whether anything of it could be decoded.
    """

    item_id: int
    exhibit: Exhibit
    locator: str
    sha256: bytes
    size_bytes: int
    kind: MediaKind
    has_picture: bool


def find_veil(connection: Connection, item_id: int) -> StoredVeil | None:
    """Returns the veil of an item's content, None where the item has no picture."""
    row = connection.execute(_of_item("veiled"), {"item": item_id}).first()
    return StoredVeil(*row) if row else None


def find_thumbnail(connection: Connection, item_id: int) -> StoredThumbnail | None:
    """Returns the thumbnail of an item's content, None where the item has no picture."""
    row = connection.execute(_of_item("data"), {"item": item_id}).first()
    return StoredThumbnail(*row) if row else None


def record_veil(connection: Connection, content_id: int, veil: bytes) -> None:
    """Records the veil of a content that had none."""
    table = tables.thumbnails
    connection.execute(update(table).where(table.c.content_id == content_id).values(veiled=veil))


def find_original(connection: Connection, item_id: int) -> OriginalPlace | None:
    """Returns where an item's bytes lie, None where there is no such item or its bytes were never read."""
    items, contents, thumbnails = tables.items.c, tables.contents.c, tables.thumbnails.c
    query = (
        select(items.exhibit_id, items.locator, contents.sha256, contents.size_bytes, contents.kind)
        .add_columns(thumbnails.content_id)
        .join(tables.contents, contents.id == items.content_id)
        .join(tables.thumbnails, thumbnails.content_id == contents.id, isouter=True)
        .where(items.id == item_id)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return OriginalPlace(
        item_id=item_id,
        exhibit=get_exhibit(connection, row.exhibit_id),
        locator=row.locator,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        kind=MediaKind(row.kind),
        has_picture=row.content_id is not None,
    )


@cache
def _of_item(column: str) -> AnySelect:
    items, contents, thumbnails = tables.items.c, tables.contents.c, tables.thumbnails
    return (
        select(contents.id, contents.sha256, thumbnails.c[column])
        .select_from(tables.items)
        .join(tables.contents, contents.id == items.content_id)
        .join(thumbnails, thumbnails.c.content_id == contents.id)
        .where(items.id == bindparam("item"))
    )
