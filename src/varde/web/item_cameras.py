"""What an item was compared with, as its page shows it: cameras, results, and what people decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from varde.core.camera_comparison import CameraLink
from varde.store import camera_comparisons, camera_links
from varde.store.records import ItemRecord
from varde.web.camera_words import ShownComparison, describe_comparison

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ItemCamera:
    """The newest comparison of an item with a camera.

    Attributes:
        decided: what a person decided last; None while nobody did.
    """

    shown: ShownComparison
    decided: CameraLink | None


def load_item_cameras(
    connection: Connection, record: ItemRecord, *, case_ids: Collection[int], person: str
) -> tuple[ItemCamera, ...]:
    """Returns the cameras that an item's content was compared with, the newest result of each, best first.

    Args:
        connection: the site's.
        record: of the item.
        case_ids: cases that the reader has access to: cameras of others are not told.
        person: who reads.
    """
    if record.content_id is None:
        return ()
    made = camera_comparisons.list_comparisons(
        connection, case_ids=case_ids, person=person, content_id=record.content_id
    )
    newest = {one.camera_id: one for one in reversed(made)}
    found = [
        ItemCamera(
            describe_comparison(one),
            camera_links.find_standing(connection, one.camera_id, record.content_id, case_ids=case_ids),
        )
        for one in newest.values()
    ]
    return tuple(sorted(found, key=lambda one: -one.shown.place)[:MOST_SHOWN])
