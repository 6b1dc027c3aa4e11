"""Local features of contents and of known entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, exists, func, insert, select, tuple_

from varde.core.content import Content
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures
from varde.store import tables
from varde.store.database import stream
from varde.store.types import AnyRow

VERSION = "1"
"""Of the method `local-features`; features of another version are not compared."""

_IDS_AT_ONCE = 500


def record_features(connection: Connection, examined: Collection[tuple[int, Content]]) -> set[int]:
    """Records the local features of contents that have some and had none recorded, and returns these contents.

    Args:
        connection: the caller's transaction.
        examined: row number and content; contents whose features nobody asked for are left alone.
    """
    asked = {content_id: content for content_id, content in examined if content.local_features is not None}
    missing = set(asked) - _find_recorded(connection, list(asked))
    rows = [row for content_id in sorted(missing) for row in _rows(content_id, asked[content_id])]
    if rows:
        connection.execute(insert(tables.local_features), rows)
    return missing


def read_features(
    connection: Connection, content_ids: Sequence[int]
) -> dict[int, tuple[LocalFeatures, ...] | NotComparable]:
    """Returns the local features of contents, or why they have none; contents nobody asked about are not in it."""
    table = tables.local_features
    rows: dict[int, list[AnyRow]] = {}
    for start in range(0, len(content_ids), _IDS_AT_ONCE):
        some = content_ids[start : start + _IDS_AT_ONCE]
        query = select(table).where(table.c.content_id.in_(some), table.c.version == VERSION)
        for row in connection.execute(query.order_by(table.c.content_id, table.c.position)):
            rows.setdefault(row.content_id, []).append(row)
    return {content_id: _outcome(found) for content_id, found in rows.items()}


def list_contents(connection: Connection, after: int, up_to: int, limit: int) -> list[int]:
    """Returns the next contents after a row number that have local features, in order, at most so many."""
    table = tables.local_features.c
    query = select(table.content_id).where(
        table.content_id > after, table.content_id <= up_to, table.version == VERSION, table.data.is_not(None)
    )
    return list(connection.execute(query.distinct().order_by(table.content_id).limit(limit)).scalars())


def count_without(connection: Connection) -> int:
    """Returns how many pictures and videos that could be decoded were never asked for local features."""
    contents, features = tables.contents.c, tables.local_features.c
    query = select(func.count()).where(
        contents.kind.in_([MediaKind.PICTURE.value, MediaKind.VIDEO.value]),
        contents.width_px.is_not(None),
        ~exists().where(features.content_id == contents.id),
    )
    return int(connection.execute(query).scalar_one())


def list_known_features(connection: Connection, after: tuple[int, int]) -> Iterator[tuple[int, int, bytes]]:
    """Yields (entry row, position, packed features) of known entries, by entry and position.

    Args:
        connection: the site's.
        after: entry row and position before the first.
    """
    table = tables.known_features.c
    entry_id, position = after
    later = (table.entry_id > entry_id) | ((table.entry_id == entry_id) & (table.position > position))
    query = select(table.entry_id, table.position, table.data).where(later, table.version == VERSION)
    for row in stream(connection, query.order_by(table.entry_id, table.position)):
        yield row.entry_id, row.position, row.data


def get_known_features(
    connection: Connection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], LocalFeatures]:
    """Returns the features of known entries by entry row and position; those that are gone are not in it."""
    table, names, found = tables.known_features.c, sorted(wanted), {}
    for start in range(0, len(names), _IDS_AT_ONCE):
        some = tuple_(table.entry_id, table.position).in_(names[start : start + _IDS_AT_ONCE])
        query = select(table.entry_id, table.position, table.data, table.points, table.offset_s)
        for row in connection.execute(query.where(some, table.version == VERSION)):
            found[row.entry_id, row.position] = LocalFeatures(row.data, row.points, row.offset_s)
    return found


def list_entry_features(connection: Connection, entry_id: int) -> list[LocalFeatures]:
    """Returns the features of a known entry: one of a picture, several of a video."""
    table = tables.known_features.c
    query = select(table.data, table.points, table.offset_s).where(table.entry_id == entry_id, table.version == VERSION)
    return [LocalFeatures(*row) for row in connection.execute(query.order_by(table.position))]


def has_known_features(connection: Connection) -> bool:
    """Returns whether any known entry has local features: if not, those of items have nothing to be compared with."""
    return connection.execute(select(tables.known_features.c.entry_id).limit(1)).first() is not None


def _find_recorded(connection: Connection, content_ids: Sequence[int]) -> set[int]:
    table, found = tables.local_features.c, set[int]()
    for start in range(0, len(content_ids), _IDS_AT_ONCE):
        some = content_ids[start : start + _IDS_AT_ONCE]
        found.update(connection.execute(select(table.content_id).where(table.content_id.in_(some))).scalars())
    return found


def _rows(content_id: int, content: Content) -> list[dict[str, object]]:
    features = content.local_features
    base: dict[str, object] = {"content_id": content_id, "version": VERSION}
    if features is None:
        return []
    if isinstance(features, NotComparable):
        empty = {"position": 0, "data": None, "points": 0, "offset_s": None, "reason": features.reason.value}
        return [base | empty]
    return [
        base
        | {"position": number, "data": found.data, "points": found.points, "offset_s": found.offset_s, "reason": None}
        for number, found in enumerate(features)
    ]


def _outcome(rows: list[AnyRow]) -> tuple[LocalFeatures, ...] | NotComparable:
    if rows[0].reason is not None:
        return NotComparable(Reason(rows[0].reason), "too few points, or too small")
    return tuple(LocalFeatures(row.data, row.points, row.offset_s) for row in rows)
