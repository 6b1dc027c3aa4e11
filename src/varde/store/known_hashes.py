"""Perceptual hashes of known entries, in the order of their entries."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from varde.store import tables
from varde.store.database import stream


def list_hashes(
    connection: Connection, method: str, min_quality: int, after_entry: int
) -> Iterator[tuple[int, int, bytes]]:
    """Yields (entry row, position, hash) of at least that quality, by entry and position.

    Args:
        connection: the site's.
        method: name of the perceptual method.
        min_quality: least quality.
        after_entry: row number of the entry before the first.
    """
    table = tables.known_hashes.c
    query = (
        select(table.entry_id, table.position, table.value)
        .where(table.entry_id > after_entry, table.method == method, table.quality >= min_quality)
        .order_by(table.entry_id, table.position)
    )
    for row in stream(connection, query):
        yield row.entry_id, row.position, row.value


def highest_entry(connection: Connection) -> int:
    """Returns the row number of the newest known entry; 0 where there is none."""
    return int(connection.execute(select(func.max(tables.known_entries.c.id))).scalar() or 0)
