"""What is shown of items that a search found: name, place, kind, and what its small picture is asked for with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from varde.core.media import MediaKind
from varde.store import standing, tables


@dataclass(frozen=True, slots=True)
class HitFacts:
    """An item in a list of hits. What anybody decided about it is not among it.

    Attributes:
        sha256: of its content; None where its bytes were not read.
        has_picture: whether there is a small picture of it.
        matched: whether it has a match that a person has to look at.
    """

    item_id: int
    name: str
    locator: str
    exhibit: int
    kind: MediaKind
    sha256: bytes | None
    duration_s: float | None
    has_picture: bool
    matched: bool


def load_hit_facts(connection: Connection, item_ids: Sequence[int]) -> dict[int, HitFacts]:
    """Returns what is shown of items, by row number; numbers of no item are left out."""
    items, exhibits, contents = tables.items, tables.exhibits, tables.contents
    has_picture = exists().where(tables.thumbnails.c.content_id == items.c.content_id)
    notable = standing.contents_with(standing.is_notable()).where(tables.findings.c.content_id == items.c.content_id)
    query = (
        select(
            items.c.id,
            items.c.name,
            items.c.locator,
            exhibits.c.number,
            contents.c.kind,
            contents.c.sha256,
            contents.c.duration_s,
            has_picture.label("has_picture"),
            notable.correlate(items).exists().label("matched"),
        )
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
        .join(contents, contents.c.id == items.c.content_id, isouter=True)
        .where(items.c.id.in_(item_ids))
    )
    return {
        row.id: HitFacts(
            row.id,
            row.name,
            row.locator,
            row.number,
            MediaKind(row.kind or MediaKind.OTHER.value),
            row.sha256,
            row.duration_s,
            bool(row.has_picture),
            bool(row.matched),
        )
        for row in connection.execute(query)
    }
