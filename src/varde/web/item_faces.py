"""The faces of an item as its page shows them: where each is, what can be done with it, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.face_search import FaceSight
from varde.store import face_clusters, face_sights, faces
from varde.store.records import ItemRecord
from varde.web.face_words import say_reason


@dataclass(frozen=True, slots=True)
class ItemFace:
    """A face of an item.

    Attributes:
        unused: why it cannot be searched with, as a sentence; "" where it can.
        cluster_id: of the cluster it is in; None where it is in none.
    """

    sight: FaceSight
    unused: str
    cluster_id: int | None


@dataclass(frozen=True, slots=True)
class ItemFaces:
    """The faces of an item.

    Attributes:
        dropped: how many more were found and not kept.
        reason: why there are none, as a sentence; "" where there are some.
        looked_at: what was looked at; "" where nobody looked.
    """

    faces: tuple[ItemFace, ...]
    dropped: int
    reason: str
    looked_at: str


def load_item_faces(connection: Connection, case: Case, record: ItemRecord) -> ItemFaces:
    """Returns the faces of an item, or why there are none.

    Args:
        connection: the site's.
        case: of the item.
        record: of the item.
    """
    examined = None
    if record.content_id is not None:
        examined = faces.read_faces(connection, [record.content_id]).get(record.content_id)
    if examined is None or record.content_id is None:
        return ItemFaces((), 0, "Nobody has looked for faces in it.", "")
    sights = face_sights.list_content_faces(connection, record.content_id, {case.case_id})
    members = face_clusters.read_members(connection, case.case_id, [sight.face_id for sight in sights])
    shown = tuple(
        ItemFace(
            sight,
            say_reason(sight.unembedded) if sight.unembedded is not None else "",
            members[sight.face_id].cluster_id if sight.face_id in members else None,
        )
        for sight in sights
    )
    reason = (
        "" if shown else say_reason(examined.refused) if examined.refused is not None else "No face was found in it."
    )
    return ItemFaces(shown, examined.dropped, reason, examined.looked_at)
