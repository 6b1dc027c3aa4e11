"""Perceptual hashes of known entries, in the order of their entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, func, select

from varde.core.signal import PerceptualHash
from varde.store import tables
from varde.store.database import stream

_IDS_AT_ONCE = 500


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


def list_hashes_of(
    connection: Connection, method: str, min_quality: int, entry_ids: Iterable[int]
) -> Iterator[tuple[int, int, bytes]]:
    """Yields (entry row, position, hash) of some entries, as `list_hashes`."""
    table, wanted = tables.known_hashes.c, sorted(set(entry_ids))
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        query = (
            select(table.entry_id, table.position, table.value)
            .where(table.entry_id.in_(wanted[start : start + _IDS_AT_ONCE]))
            .where(table.method == method, table.quality >= min_quality)
            .order_by(table.entry_id, table.position)
        )
        for row in connection.execute(query):
            yield row.entry_id, row.position, row.value


def count_hashes(connection: Connection, method: str, min_quality: int, after_entry: int) -> int:
    """Returns how many hashes `list_hashes` yields."""
    table = tables.known_hashes.c
    query = select(func.count()).where(
        table.entry_id > after_entry, table.method == method, table.quality >= min_quality
    )
    return int(connection.execute(query).scalar_one())


def read_frames(connection: Connection, entry_id: int, method: str) -> list[PerceptualHash]:
    """Returns all hashes of an entry, whatever their quality, by position."""
    table = tables.known_hashes.c
    query = select(table.value, table.quality, table.offset_s).where(table.entry_id == entry_id, table.method == method)
    return [PerceptualHash(*row) for row in connection.execute(query.order_by(table.position))]


def highest_entry(connection: Connection) -> int:
    """Returns the row number of the newest known entry; 0 where there is none."""
    return int(connection.execute(select(func.max(tables.known_entries.c.id))).scalar() or 0)
