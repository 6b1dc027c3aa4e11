"""Faces and where a person may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from varde.core.errors import NotFound
from varde.core.face_search import MOST_PLACES, FacePlace, FaceSight
from varde.store.face_tables import face_cluster_members, face_frames, faces
from varde.store.faces import StoredFace, list_places, load_faces
from varde.store.tables import contents, exhibits, items

_MOST_COUNTED = 1_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ItemContent:
    """The content of an item.

    Attributes:
        content_id: None where the item's bytes could not be read.
        sha256: of its bytes; zeros where they could not be read.
    """

    content_id: int | None
    sha256: bytes


def read_sights(
    connection: Connection, face_ids: Sequence[int], case_ids: Collection[int] | None
) -> dict[int, FaceSight]:
    """Returns faces by row number: those that some item of the given cases shows.

    Args:
        connection: to read with.
        face_ids: of which; in this order.
        case_ids: cases whose items count; None for all.
    """
    stored = load_faces(connection, face_ids)
    sights = {}
    for face_id in face_ids:
        sight = _sight(connection, stored[face_id], case_ids) if face_id in stored else None
        if sight is not None:
            sights[face_id] = sight
    return sights


def list_content_faces(connection: Connection, content_id: int, case_ids: Collection[int] | None) -> list[FaceSight]:
    """Returns the faces of a content in the order they are kept; none where no item of the cases shows it."""
    ids = select(faces.c.id).where(faces.c.content_id == content_id).order_by(faces.c.ordinal)
    return list(read_sights(connection, list(connection.execute(ids).scalars()), case_ids).values())


def find_clusters(connection: Connection, face_ids: Sequence[int]) -> dict[int, set[int]]:
    """Returns the clusters that each face is in; a face of several cases can be in several."""
    found: dict[int, set[int]] = defaultdict(set)
    table = face_cluster_members.c
    for start in range(0, len(face_ids), _AT_ONCE):
        some = list(face_ids[start : start + _AT_ONCE])
        query = select(table.face_id, table.cluster_id).where(table.face_id.in_(some), table.cluster_id.is_not(None))
        for face_id, cluster_id in connection.execute(query):
            found[face_id].add(cluster_id)
    return found


def _sight(connection: Connection, face: StoredFace, case_ids: Collection[int] | None) -> FaceSight | None:
    places = list_places(connection, [face.face_id], case_ids=case_ids, most=MOST_PLACES + 1)
    if not places:
        return None
    counted = len(places)
    if counted > MOST_PLACES:
        counted = len(list_places(connection, [face.face_id], case_ids=case_ids, most=_MOST_COUNTED))
    best = select(face_frames.c.offset_s).where(face_frames.c.face_id == face.face_id, face_frames.c.position == 0)
    shown = tuple(FacePlace(one.case_id, one.case, one.exhibit, one.item_id, one.locator) for one in places)
    return FaceSight(
        face_id=face.face_id,
        content_id=face.content_id,
        ordinal=face.ordinal + 1,
        box=face.box,
        landmarks=face.landmarks,
        angle=face.angle,
        size_px=face.size_px,
        confidence=face.confidence,
        quality=face.quality,
        offset_s=connection.execute(best).scalar(),
        first_s=face.first_s,
        last_s=face.last_s,
        seen_frames=face.seen_frames,
        age=face.age,
        unembedded=face.reason,
        places=shown[:MOST_PLACES],
        more_places=max(0, counted - MOST_PLACES),
    )


def get_item_content(connection: Connection, item_id: int, case_ids: Collection[int] | None) -> ItemContent:
    """Returns the content of an item.

    Raises:
        NotFound: if there is no such item in these cases (None for all).
    """
    query = (
        select(items.c.content_id, contents.c.sha256, exhibits.c.case_id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
        .where(items.c.id == item_id)
    )
    row = connection.execute(query).first() if 0 < item_id < 1 << 63 else None
    if row is None or (case_ids is not None and row.case_id not in case_ids):
        raise NotFound(f"there is no item {item_id}", advice="`varde item list CASE` shows the items of a case.")
    return ItemContent(row.content_id, bytes(row.sha256) if row.sha256 else bytes(32))


def read_sha256(connection: Connection, content_id: int) -> bytes:
    """Returns the SHA-256 of a content."""
    return bytes(connection.execute(select(contents.c.sha256).where(contents.c.id == content_id)).scalar_one())
