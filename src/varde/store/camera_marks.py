"""Up to which content each fingerprint was looked for in the sketches of all cases, and what is left to look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select, true

from varde.core.media import MediaKind
from varde.core.source_sketch import SKETCH_METHOD
from varde.store import tables
from varde.store.camera_tables import camera_comparisons, camera_marks, source_sketches
from varde.store.database import insert_new
from varde.store.types import AnySelect

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class HuntedContent:
    """A picture of a case that a camera may have taken.

    Attributes:
        height_px, width_px: as it is stored.
    """

    content_id: int
    sha256: bytes
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class NotHunted:
    """Files that a hunt did not look at.

    Attributes:
        pictures: decoded, and without a sketch that was ever tried.
        refused: pictures whose sketch was refused: too small, too dark ...
        videos: decoded; they are not sketched.
    """

    pictures: int
    refused: int
    videos: int


def read_mark(connection: Connection, fingerprint_id: int) -> int:
    """Returns the row number of the last content that a fingerprint was looked for in; 0 for none."""
    query = select(camera_marks.c.up_to).where(camera_marks.c.fingerprint_id == fingerprint_id)
    return int(connection.execute(query).scalar() or 0)


def set_mark(connection: Connection, fingerprint_id: int, up_to: int) -> None:
    """Records up to which content a fingerprint was looked for; 0 to begin again."""
    connection.execute(delete(camera_marks).where(camera_marks.c.fingerprint_id == fingerprint_id))
    if up_to:
        connection.execute(insert_new(connection, camera_marks).values(fingerprint_id=fingerprint_id, up_to=up_to))


def list_sketched(
    connection: Connection, sizes: Collection[tuple[int, int]], *, after: int, limit: int, case_id: int | None = None
) -> list[HuntedContent]:
    """Returns the next pictures with a sketch whose size is one of these, by row number.

    Args:
        connection: to read with.
        sizes: (rows, columns) as they are stored.
        after: row number of the content before the first.
        limit: most of them.
        case_id: only those of a case; None for all.
    """
    contents, table = tables.contents.c, source_sketches.c
    fits = [and_(table.height_px == height, table.width_px == width) for height, width in sizes]
    query = (
        select(table.content_id, contents.sha256, table.height_px, table.width_px)
        .join(tables.contents, contents.id == table.content_id)
        .where(table.method == str(SKETCH_METHOD), table.reason.is_(None), table.content_id > after)
        .where(fits[0] if len(fits) == 1 else fits[0] | fits[1], _is_of(case_id, table.content_id))
        .order_by(table.content_id)
        .limit(limit)
    )
    return [HuntedContent(row[0], bytes(row[1]), row[2], row[3]) for row in connection.execute(query)]


def find_newest_complete(connection: Connection, after: int) -> int:
    """Returns the last content up to which sketching was tried of every decoded picture; at least `after`."""
    contents = tables.contents.c
    missing = select(func.min(contents.id)).where(contents.id > after, _is_unsketched())
    first = connection.execute(missing).scalar()
    if first is not None:
        return max(after, int(first) - 1)
    return max(after, int(connection.execute(select(func.max(contents.id))).scalar() or 0))


def find_compared(connection: Connection, fingerprint_id: int, content_ids: Sequence[int]) -> set[int]:
    """Returns those of the contents that were compared with a fingerprint before."""
    table, found = camera_comparisons.c, set[int]()
    for start in range(0, len(content_ids), _IDS_AT_ONCE):
        some = list(content_ids[start : start + _IDS_AT_ONCE])
        query = select(table.content_id).where(table.fingerprint_id == fingerprint_id, table.content_id.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def count_not_hunted(connection: Connection, case_id: int | None = None) -> NotHunted:
    """Returns how many files no hunt can look at, of a case or of all."""
    contents, table = tables.contents.c, source_sketches.c
    here = _is_of(case_id, contents.id)
    pictures = select(func.count()).select_from(tables.contents).where(_is_unsketched(), here)
    videos = select(func.count()).select_from(tables.contents)
    videos = videos.where(contents.kind == MediaKind.VIDEO.value, contents.width_px.is_not(None), here)
    refused = select(func.count()).select_from(source_sketches)
    refused = refused.where(table.method == str(SKETCH_METHOD), table.reason.is_not(None))
    refused = refused.where(_is_of(case_id, table.content_id))
    return NotHunted(*(int(connection.execute(each).scalar_one()) for each in (pictures, refused, videos)))


def _is_unsketched() -> ColumnElement[bool]:
    contents, table = tables.contents.c, source_sketches.c
    sketched = exists().where(table.content_id == contents.id, table.method == str(SKETCH_METHOD))
    return and_(contents.kind == MediaKind.PICTURE.value, contents.width_px.is_not(None), ~sketched)


def _is_of(case_id: int | None, content_id: ColumnElement[int]) -> ColumnElement[bool]:
    return true() if case_id is None else content_id.in_(_list_contents(case_id))


def _list_contents(case_id: int) -> AnySelect:
    items, exhibits = tables.items.c, tables.exhibits.c
    query = select(items.content_id).join(tables.exhibits, exhibits.id == items.exhibit_id)
    return query.where(exhibits.case_id == case_id, items.content_id.is_not(None))
