"""Sketches of contents: of which there is one, and why not of the others. The bits lie in `sketch_files`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, insert, select

from varde.core.content import Content
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable, Reason
from varde.core.source_sketch import SKETCH_METHOD, SourceSketch
from varde.store import tables
from varde.store.camera_tables import cameras, source_sketches
from varde.store.database import stream
from varde.store.types import AnySelect, make_storable

_IDS_AT_ONCE = 500
_METHOD = str(SKETCH_METHOD)


@dataclass(frozen=True, slots=True)
class SketchedContent:
    """A picture of a case, as far as it was sketched.

    Attributes:
        height_px, width_px: as it is stored.
        facts: ``usable`` and what the file states of its camera.
        refused: why there is no sketch; None where there is one.
    """

    content_id: int
    sha256: bytes
    height_px: int
    width_px: int
    facts: dict[str, object]
    refused: NotComparable | None


def record_sketches(connection: Connection, examined: Collection[tuple[int, Content]], at: datetime) -> set[int]:
    """Records of which contents there is a sketch, or why not, and returns those that had nothing recorded before.

    Args:
        connection: the caller's transaction.
        examined: row number and content; contents that nobody wanted a sketch of are left alone.
        at: when they were made.
    """
    asked = {content_id: content.sketch for content_id, content in examined if content.sketch is not None}
    missing = sorted(set(asked) - _find_sketched(connection, sorted(asked)))
    for some in _split(missing):
        connection.execute(delete(source_sketches).where(source_sketches.c.content_id.in_(some)))  # older versions
    if missing:
        connection.execute(insert(source_sketches), [_row(one, asked[one], at) for one in missing])
    return set(missing)


def stream_case_sketches(connection: Connection, case_id: int) -> Iterator[SketchedContent]:
    """Yields the pictures of a case that sketching was tried of, in the order of their digests."""
    contents, table = tables.contents.c, source_sketches.c
    query = (
        select(table.content_id, contents.sha256, table.height_px, table.width_px, table.facts)
        .add_columns(table.reason, table.detail)
        .join(tables.contents, contents.id == table.content_id)
        .where(table.method == _METHOD, table.content_id.in_(_list_here(case_id)))
        .order_by(contents.sha256)
    )
    for row in stream(connection, query):
        refused = NotComparable(Reason(row.reason), row.detail) if row.reason else None
        yield SketchedContent(row.content_id, row.sha256, row.height_px, row.width_px, dict(row.facts), refused)


def count_unsketched(connection: Connection, case_id: int) -> int:
    """Returns how many pictures of a case, decoded, sketching was never tried of."""
    contents = tables.contents.c
    query = select(func.count()).where(
        contents.kind == MediaKind.PICTURE.value,
        contents.width_px.is_not(None),
        contents.id.in_(_list_here(case_id)),
        ~exists().where(and_(source_sketches.c.content_id == contents.id, source_sketches.c.method == _METHOD)),
    )
    return int(connection.execute(query).scalar_one())


def count_sketched(connection: Connection, case_id: int) -> int:
    """Returns how many pictures of a case sketching was tried of."""
    table = source_sketches.c
    query = select(func.count()).where(table.method == _METHOD, table.content_id.in_(_list_here(case_id)))
    return int(connection.execute(query).scalar_one())


def count_case_videos(connection: Connection, case_id: int) -> int:
    """Returns how many videos a case has: they are not sketched."""
    contents = tables.contents.c
    query = select(func.count()).where(
        contents.kind == MediaKind.VIDEO.value, contents.width_px.is_not(None), contents.id.in_(_list_here(case_id))
    )
    return int(connection.execute(query).scalar_one())


def list_sketched(connection: Connection, after: int, limit: int) -> list[tuple[int, bytes, int, int]]:
    """Returns (content, SHA-256, height, width) of the next contents that have a sketch, by row number."""
    contents, table = tables.contents.c, source_sketches.c
    query = (
        select(table.content_id, contents.sha256, table.height_px, table.width_px)
        .join(tables.contents, contents.id == table.content_id)
        .where(table.method == _METHOD, table.reason.is_(None), table.content_id > after)
        .order_by(table.content_id)
        .limit(limit)
    )
    return [(row.content_id, row.sha256, row.height_px, row.width_px) for row in connection.execute(query)]


def forget_sketches(connection: Connection, content_ids: Sequence[int]) -> None:
    """Removes what is recorded of sketches whose bits are gone, so that they are made again."""
    for some in _split(content_ids):
        connection.execute(delete(source_sketches).where(source_sketches.c.content_id.in_(some)))


def has_cameras(connection: Connection) -> bool:
    """Returns whether any camera is enrolled at the site."""
    query = select(cameras.c.id).where(cameras.c.withdrawn_at.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def _list_here(case_id: int) -> AnySelect:
    items, exhibits = tables.items.c, tables.exhibits.c
    return (
        select(items.content_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(exhibits.case_id == case_id, items.content_id.is_not(None))
    )


def _find_sketched(connection: Connection, content_ids: Sequence[int]) -> set[int]:
    table, found = source_sketches.c, set[int]()
    for some in _split(content_ids):
        query = select(table.content_id).where(table.content_id.in_(some), table.method == _METHOD)
        found.update(connection.execute(query).scalars())
    return found


def _split(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def _row(content_id: int, sketch: SourceSketch, at: datetime) -> dict[str, object]:
    refused = sketch.outcome if isinstance(sketch.outcome, NotComparable) else None
    return {
        "content_id": content_id,
        "method": str(sketch.method),
        "height_px": sketch.height_px,
        "width_px": sketch.width_px,
        "facts": sketch.facts,
        "reason": refused.reason.value if refused else None,
        "detail": make_storable(refused.detail) if refused else "",
        "made_at": at,
    }
