"""What shows the same place or object as an item, as its page shows it: each with its reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.finding import OperatingPoint
from varde.core.outcome import NotComparable
from varde.known.alignment import Alignment, Verdict
from varde.pipeline.lookup import counts
from varde.pipeline.match_features import POINT, FoundPicture
from varde.pipeline.place_leads import PlaceLead
from varde.store import places
from varde.store.entry_facts import EntryFacts, load_entry_facts
from varde.web.hits import FoundItem, ShownHit, show_hits
from varde.web.services import Services
from varde.workflows.find_places import find_places


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A known picture of the same place or object."""

    entry: EntryFacts
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPlaces:
    """What an item shares with others.

    Attributes:
        compared: other contents of the case that were compared.
        left_out: those that were not, since there are too many.
        not_comparable: why nothing can be said; "" where it can.
    """

    hits: tuple[ShownHit, ...]
    known: tuple[KnownLead, ...]
    compared: int
    left_out: int
    point: OperatingPoint
    not_comparable: str


def show_places(services: Services, case: Case, item_id: int) -> ShownPlaces:
    """Returns what shows the same place or object as an item; called in a thread.

    Raises:
        NotFound: if there is no such item.
    """
    found = find_places(services.site, services.search.features, case.case_id, item_id)
    if isinstance(found, NotComparable):
        return ShownPlaces((), (), 0, 0, POINT, found.detail)
    with services.site.database.read() as connection:
        hits = _show(connection, services, case, found.leads)
        known = _name(connection, found.known)
    return ShownPlaces(tuple(hits), tuple(known), found.compared, found.left_out, POINT, "")


def _show(connection: Connection, services: Services, case: Case, leads: Sequence[PlaceLead]) -> list[ShownHit]:
    items = places.find_first_items(connection, case.case_id, [lead.content_id for lead in leads])
    found = [
        FoundItem(case.case_id, items[lead.content_id], _say(lead.alignment, lead.offset_s, lead.other_offset_s))
        for lead in leads
        if lead.content_id in items
    ]
    return show_hits(connection, found, {case.case_id: case}, services.make_picture_key)


def _name(connection: Connection, known: Sequence[FoundPicture]) -> list[KnownLead]:
    facts = load_entry_facts(connection, [one.entry_id for one in known])
    return [
        KnownLead(facts[one.entry_id], _say(one.alignment, one.offset_s, one.known_offset_s))
        for one in known
        if one.entry_id in facts and counts(facts[one.entry_id])
    ]


def _say(alignment: Alignment, offset_s: float | None, other_offset_s: float | None) -> tuple[str, ...]:
    is_copy = alignment.verdict is Verdict.COPY
    reasons = ["the same picture, or a part of it" if is_copy else "the same place or object"]
    reasons.append(f"{len(alignment.inliers)} points agree")
    reasons.append(f"{round(100 * alignment.pixels.agreement)} % of the pixels where they overlap")
    if offset_s is not None:
        reasons.append(f"at {offset_s:.1f} s of this item")
    if other_offset_s is not None:
        reasons.append(f"at {other_offset_s:.1f} s of the other")
    return tuple(reasons)
