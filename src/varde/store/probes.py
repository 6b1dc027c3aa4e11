"""Perceptual hashes of contents with their variants: what is asked about, in the order of the contents."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, or_, select

from varde.core.signal import PerceptualHash
from varde.store import tables
from varde.store.database import stream
from varde.store.types import AnyRow


def list_signal_rows(
    connection: Connection, method: str, min_quality: int, after: int, up_to: int, limit: int | None = None
) -> Iterator[AnyRow]:
    """Yields (content_id, position, value, quality, variants) of contents after..up_to, by content.

    Hashes below the quality are among them where they have variants: these were good enough.

    Args:
        connection: the site's.
        method: name of the perceptual method.
        min_quality: least quality of a hash.
        after: row number of the content before the first.
        up_to: row number of the last content.
        limit: most rows yielded; None yields all.
    """
    table = tables.signals.c
    query = (
        select(table.content_id, table.position, table.value, table.quality, table.variants)
        .where(
            table.content_id > after,
            table.content_id <= up_to,
            table.method == method,
            table.value.is_not(None),
            or_(table.quality >= min_quality, table.variants.is_not(None)),
        )
        .order_by(table.content_id, table.position)
        .limit(limit)
    )
    return stream(connection, query)


def read_content_hashes(connection: Connection, content_id: int, method: str) -> tuple[list[PerceptualHash], float]:
    """Returns all hashes of a content by position, whatever their quality, and its length in seconds, 0 if unknown."""
    table = tables.signals.c
    query = select(table.value, table.quality, table.offset_s, table.variants).where(
        table.content_id == content_id, table.method == method, table.value.is_not(None)
    )
    hashes = [
        PerceptualHash(row.value, row.quality, row.offset_s, row.variants or b"")
        for row in connection.execute(query.order_by(table.position))
    ]
    duration = select(tables.contents.c.duration_s).where(tables.contents.c.id == content_id)
    return hashes, float(connection.execute(duration).scalar() or 0.0)
