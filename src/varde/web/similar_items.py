"""Items of a case that look like one of its items: compared by distance, closest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.finding import OperatingPoint
from varde.pipeline.match_stored import StoredMatch, match_stored
from varde.store import places, records
from varde.web.hits import FoundItem, ShownHit, show_hits
from varde.web.services import Services

MOST_SIMILAR: Final = 24
_MOST_CONTENTS = 500
_AS_THEY_ARE = "as they are"


@dataclass(frozen=True, slots=True)
class SimilarItems:
    """What looks like an item, in its case.

    Attributes:
        is_more: whether there are more than are shown.
        not_comparable: why nothing can be said, "" where it can.
    """

    hits: tuple[ShownHit, ...]
    is_more: bool
    point: OperatingPoint
    not_comparable: str


def find_similar(services: Services, case: Case, item_id: int) -> SimilarItems:
    """Returns one item for each other content of the case that lies within the operating point.

    Raises:
        NotFound: if there is no such item.
    """
    site, point = services.site, services.point
    with site.database.read() as connection:
        record = records.get_record(connection, item_id)
    if record.content is None or record.content_id is None:
        return SimilarItems((), False, point, "its bytes were not read")
    near = match_stored(site.database, site.indexes, record.content, point, _MOST_CONTENTS)
    if isinstance(near, str):
        return SimilarItems((), False, point, near)
    with site.database.read() as connection:
        others = [match for match in near if match.content_id != record.content_id]
        found = _find_items(connection, case, others)
        shown = found[:MOST_SIMILAR]
        hits = show_hits(connection, shown, {case.case_id: case}, services.make_picture_key)
    return SimilarItems(tuple(hits), len(found) > MOST_SIMILAR, point, "")


def _find_items(connection: Connection, case: Case, near: list[StoredMatch]) -> list[FoundItem]:
    items = places.find_first_items(connection, case.case_id, [match.content_id for match in near])
    return [
        FoundItem(case.case_id, items[match.content_id], (match.how or _AS_THEY_ARE,), match.distance)
        for match in near
        if match.content_id in items
    ]
