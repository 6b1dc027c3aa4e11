"""Findings: matches of contents with known entries, and how far each known set has been compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, update

from varde.core.finding import Match, OperatingPoint
from varde.core.signal import Method
from varde.store import tables
from varde.store.database import insert_new, insert_or_replace_if, stream

_DIGESTS = ("sha256", "sha1", "md5")
DIGEST_METHOD = Method("digest", "1")
DIGEST_POINT = OperatingPoint(DIGEST_METHOD, 0, 0)
"""Exact comparison: one digest is equal and no digest that both sides have differs."""


def highest_content(connection: Connection) -> int:
    """Returns the row number of the newest content; 0 where there is none."""
    return int(connection.execute(select(func.max(tables.contents.c.id))).scalar() or 0)


def compared_up_to(connection: Connection, set_id: int, point: OperatingPoint) -> int:
    """Returns the newest content that was compared with a set at an operating point."""
    table = tables.comparisons.c
    query = select(table.up_to_content_id).where(
        table.set_id == set_id, table.method == point.method.name, table.operating_point == str(point)
    )
    return int(connection.execute(query).scalar() or 0)


def record_compared(connection: Connection, set_id: int, point: OperatingPoint, up_to: int) -> None:
    """Records that all contents up to a row number have been compared."""
    table = tables.comparisons
    key = {"set_id": set_id, "method": point.method.name, "operating_point": str(point)}
    connection.execute(insert_new(connection, table).values(**key, up_to_content_id=0))
    same = and_(*(table.c[name] == value for name, value in key.items()))
    connection.execute(update(table).where(same).values(up_to_content_id=up_to))


def compare_again(connection: Connection, content_id: int) -> None:
    """Makes every set be compared once more from a content on; matches that are there already stay one."""
    table = tables.comparisons
    behind = update(table).where(table.c.up_to_content_id >= content_id)
    connection.execute(behind.values(up_to_content_id=content_id - 1))


def match_digests(connection: Connection, set_id: int, after: int, up_to: int, at: datetime) -> int:
    """Records exact matches of contents after..up_to with a set and returns how many are new.

    A digest both sides have must be equal: an entry whose MD5 fits but whose SHA-256 does not is no match. Empty files
    match nothing: lists do hold the digest of no bytes.
    """
    contents, entries = tables.contents, tables.known_entries
    found = 0
    for name in _DIGESTS:
        agree = [
            or_(entries.c[other].is_(None), entries.c[other] == contents.c[other])
            for other in _DIGESTS
            if other != name
        ]
        matched = (
            select(
                contents.c.id,
                entries.c.id,
                literal("digest"),
                literal(name),
                literal(DIGEST_METHOD.version),
                literal(0),
                literal(0),
                literal(0),
                _stored_time(at),
            )
            .join(entries, entries.c[name] == contents.c[name])
            .where(contents.c.id > after, contents.c.id <= up_to, contents.c.size_bytes > 0)
            .where(entries.c.set_id == set_id, *agree)
        )
        names = ["content_id", "entry_id", "family", "method", "version", "max_distance", "min_quality", "distance"]
        insert = insert_new(connection, tables.findings).from_select([*names, "found_at"], matched)
        found += connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount
    return found


def list_content_hashes(
    connection: Connection, method: str, min_quality: int, after: int, up_to: int, limit: int | None = None
) -> Iterator[tuple[int, bytes, float | None]]:
    """Yields (content row, hash, offset) of perceptual hashes of contents after..up_to, by content.

    Args:
        connection: the site's.
        method: name of the perceptual method.
        min_quality: least quality of a hash.
        after: row number of the content before the first.
        up_to: row number of the last content.
        limit: most hashes yielded; None yields all.
    """
    table = tables.signals.c
    query = (
        select(table.content_id, table.value, table.offset_s)
        .where(
            table.content_id > after,
            table.content_id <= up_to,
            table.method == method,
            table.value.is_not(None),
            table.quality >= min_quality,
        )
        .order_by(table.content_id, table.position)
        .limit(limit)
    )
    for row in stream(connection, query):
        yield row.content_id, row.value, row.offset_s


def record_matches(connection: Connection, matches: Sequence[Match], at: datetime) -> int:
    """Records perceptual matches, the closest of each (content, entry), and returns how many are new."""
    closest: dict[tuple[int, int], Match] = {}
    for match in matches:
        key = (match.content_id, match.entry_id)
        if key not in closest or match.distance < closest[key].distance:
            closest[key] = match
    if not closest:
        return 0
    rows = [
        {
            "content_id": match.content_id,
            "entry_id": match.entry_id,
            "family": match.point.method.name,
            "method": match.point.method.name,
            "version": match.point.method.version,
            "max_distance": match.point.max_distance,
            "min_quality": match.point.min_quality,
            "distance": match.distance,
            "offset_s": match.offset_s,
            "found_at": at,
        }
        for match in closest.values()
    ]
    before = connection.execute(select(func.max(tables.findings.c.id))).scalar() or 0
    insert = insert_or_replace_if(
        connection,
        tables.findings,
        unique=("content_id", "entry_id", "family"),
        replaced=("version", "max_distance", "min_quality", "distance", "offset_s", "found_at"),
        closer="distance",
    )
    connection.execute(insert, rows)
    new = select(func.count()).select_from(tables.findings).where(tables.findings.c.id > before)
    return int(connection.execute(new).scalar_one())


def _stored_time(at: datetime) -> ColumnElement[datetime]:
    return literal(at, type_=tables.findings.c.found_at.type)
