"""Looks for the place or object of an item elsewhere, and draws what is shared: leads, and nothing is stored."""

from __future__ import annotations

from varde.core.audit import Act
from varde.core.errors import NotFound
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.draw_alignments import draw_best
from varde.pipeline.match_features import FeatureMatcher
from varde.pipeline.place_leads import PlaceLeads, draw_place_lead, find_place_leads
from varde.store import audit, places, records
from varde.store.local_features import read_features
from varde.store.site import Site
from varde.workflows.actor import Actor

_GONE = "the two do not align any more: one of them was hashed anew"


def find_places(site: Site, matcher: FeatureMatcher, case_id: int, item_id: int) -> PlaceLeads | NotComparable:
    """Returns what shows the same place or object as an item, in its case and in the known sets.

    Args:
        site: where.
        matcher: the known sets' local features.
        case_id: of the item.
        item_id: of the item.

    Raises:
        NotFound: if there is no such item.
    """
    with site.database.read() as connection:
        content_id = records.get_record(connection, item_id).content_id
    if content_id is None:
        return NotComparable(Reason.NOT_DECODED, "Its bytes were not read.")
    return find_place_leads(site, matcher, case_id, content_id)


def draw_item_lead(site: Site, actor: Actor, *, case_id: int, item_id: int, other_id: int, soft: bool) -> bytes:
    """Returns a PNG of what two items of a case share; audited.

    Args:
        site, actor: where and who.
        case_id: of both.
        item_id, other_id: on the left and on the right.
        soft: whether both pictures are blurred.

    Raises:
        NotFound: if one of them is not of the case, or they do not align.
    """
    with site.database.read() as connection:
        one, other = records.get_record(connection, item_id), records.get_record(connection, other_id)
        pair = [content_id for content_id in (one.content_id, other.content_id) if content_id is not None]
        if len(pair) < 2 or set(places.find_first_items(connection, case_id, pair)) != set(pair):
            raise NotFound("there are no two such items in this case")
        drawing = draw_place_lead(connection, *pair, soft=soft)
    if drawing is None:
        raise NotFound(_GONE)
    _record(site, actor, {"case": one.case, "item": item_id, "other_item": other_id})
    return drawing


def draw_known_lead(site: Site, actor: Actor, *, item_id: int, entry_id: int, soft: bool) -> bytes:
    """Returns a PNG of what an item shares with a known picture, match or lead; audited. Raises as `draw_item_lead`."""
    with site.database.read() as connection:
        record = records.get_record(connection, item_id)
        content_id = record.content_id or 0
        features = read_features(connection, [content_id]).get(content_id)
        if features is None or isinstance(features, NotComparable):
            raise NotFound(f"item {item_id} has no local features to draw")
        drawing = draw_best(connection, features, entry_id, soft=soft)
    if drawing is None:
        raise NotFound(_GONE)
    _record(site, actor, {"case": record.case, "item": item_id, "entry": entry_id})
    return drawing


def _record(site: Site, actor: Actor, subject: dict[str, str | int | None]) -> None:
    with site.database.write() as connection:
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ALIGNMENT_DRAWN, subject=subject)
