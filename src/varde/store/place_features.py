"""Which contents of a case can be compared by local features."""

from __future__ import annotations

from sqlalchemy import Connection, exists, func, select

from varde.core.media import MediaKind
from varde.store import tables
from varde.store.local_features import VERSION


def list_contents(connection: Connection, case_id: int) -> list[int]:
    """Returns the contents of a case that have local features, in order."""
    features, items, exhibits = tables.local_features.c, tables.items.c, tables.exhibits.c
    in_case = select(exhibits.id).where(exhibits.case_id == case_id)
    is_here = exists().where(items.content_id == features.content_id, items.exhibit_id.in_(in_case))
    query = select(features.content_id).where(features.version == VERSION, features.data.is_not(None), is_here)
    return list(connection.execute(query.distinct().order_by(features.content_id)).scalars())


def count_without(connection: Connection, case_id: int) -> int:
    """Returns how many pictures and videos of a case that can be decoded were never asked for local features."""
    features, contents = tables.local_features.c, tables.contents.c
    items, exhibits = tables.items.c, tables.exhibits.c
    in_case = select(exhibits.id).where(exhibits.case_id == case_id)
    query = select(func.count()).where(
        contents.kind.in_([MediaKind.PICTURE.value, MediaKind.VIDEO.value]),
        contents.width_px.is_not(None),
        exists().where(items.content_id == contents.id, items.exhibit_id.in_(in_case)),
        ~exists().where(features.content_id == contents.id),
    )
    return int(connection.execute(query).scalar_one())
