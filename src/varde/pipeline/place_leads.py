"""Looks for the place or object of one item in the other items of its case and in the known sets, when somebody asks.

The second stage of comparing pictures, without recording anything: points that agree although the pixels do not are a
lead for a person and never a match.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures
from varde.hashing.local_points import Points, read_points
from varde.known.alignment import Alignment, Verdict, align
from varde.known.local_index import LocalIndex
from varde.pipeline.draw_alignments import draw_pair
from varde.pipeline.match_features import FeatureMatcher, FoundPicture
from varde.store import local_features, place_features
from varde.store.site import Site

MOST_COMPARED: Final = 20_000
"""Contents of a case that one item is compared with at once; how many were left out is said."""

_POSITION_BITS: Final = 20
_AT_ONCE: Final = 500
_MOST_LEADS: Final = 24
_NEVER_ASKED: Final = NotComparable(
    Reason.NOT_EXAMINED,
    "Nobody computed its local features. With `matching.local_features` set to always, `varde process --features` "
    "does.",
)


@dataclass(frozen=True, slots=True)
class PlaceLead:
    """Another content of the case that shows the same place or object, or is a copy.

    Attributes:
        offset_s, other_offset_s: time of the frame of the item, of the other; None for pictures.
        alignment: where the other lies in the item.
    """

    content_id: int
    offset_s: float | None
    other_offset_s: float | None
    alignment: Alignment


@dataclass(frozen=True, slots=True)
class PlaceLeads:
    """What an item shares with others.

    Attributes:
        leads: other contents of the case, those with most agreeing points first.
        known: known pictures that agree in points and not in pixels.
        compared: other contents of the case that were compared.
        left_out: those that were not, since there are too many.
    """

    leads: tuple[PlaceLead, ...]
    known: tuple[FoundPicture, ...]
    compared: int
    left_out: int


def find_place_leads(site: Site, matcher: FeatureMatcher, case_id: int, content_id: int) -> PlaceLeads | NotComparable:
    """Returns what shares points with a content of a case, or why nothing can be said. Nothing is recorded.

    Args:
        site: whose indexes' disk is used while it is computed.
        matcher: the known sets' local features.
        case_id: whose contents are compared.
        content_id: the one in question.
    """
    with site.database.read() as connection:
        features = local_features.read_features(connection, [content_id]).get(content_id)
        if features is None or isinstance(features, NotComparable):
            return features or _NEVER_ASKED
        others = [one for one in place_features.list_contents(connection, case_id) if one != content_id]
        compared = others[:MOST_COMPARED]
        leads = _find_in_case(site, connection, features, compared)
    known = () if matcher.is_empty else matcher.find(features)
    found = tuple(one for one in known if one.verdict is Verdict.SAME_PLACE)
    return PlaceLeads(leads, found, len(compared), len(others) - len(compared))


def draw_place_lead(connection: Connection, content_id: int, other_id: int, *, soft: bool) -> bytes | None:
    """Returns a PNG of what two contents share; None where they do not align.

    Args:
        connection: the site's.
        content_id, other_id: of the item in question, and of the other.
        soft: whether both pictures are blurred.
    """
    found = local_features.read_features(connection, [content_id, other_id])
    pair = [found.get(content_id), found.get(other_id)]
    query, other = ([] if one is None or isinstance(one, NotComparable) else list(one) for one in pair)
    return draw_pair(query, other, soft=soft)


def _find_in_case(
    site: Site, connection: Connection, features: Sequence[LocalFeatures], others: Sequence[int]
) -> tuple[PlaceLead, ...]:
    if not others:
        return ()
    site.indexes.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=site.indexes, prefix="places-") as folder:
        index = LocalIndex(Path(folder))
        index.append(_read(connection, others))
        best: dict[int, PlaceLead] = {}
        for one in features:
            for lead in _align(connection, index, one):
                before = best.get(lead.content_id)
                if before is None or _rank(lead) < _rank(before):
                    best[lead.content_id] = lead
    return tuple(sorted(best.values(), key=_rank)[:_MOST_LEADS])


def _read(connection: Connection, content_ids: Sequence[int]) -> Iterator[tuple[int, Points]]:
    for start in range(0, len(content_ids), _AT_ONCE):
        some = list(content_ids[start : start + _AT_ONCE])
        found = local_features.read_features(connection, some)
        for content_id in some:
            features = found.get(content_id)
            for position, one in enumerate(features if isinstance(features, tuple) else ()):
                yield content_id << _POSITION_BITS | position, read_points(one.data)


def _align(connection: Connection, index: LocalIndex, one: LocalFeatures) -> Iterator[PlaceLead]:
    query = read_points(one.data)
    candidates = index.search(query)
    names = {each.known_id: divmod(each.known_id, 1 << _POSITION_BITS) for each in candidates}
    found = local_features.read_features(connection, sorted({content_id for content_id, _ in names.values()}))
    for candidate in candidates:
        content_id, position = names[candidate.known_id]
        features = found.get(content_id)
        if not isinstance(features, tuple) or position >= len(features):
            continue
        there = features[position]
        alignment = align(query, read_points(there.data), candidate.view)
        if alignment is not None:
            yield PlaceLead(content_id, one.offset_s, there.offset_s, alignment)


def _rank(lead: PlaceLead) -> tuple[bool, int]:
    return lead.alignment.verdict is Verdict.COPY, -len(lead.alignment.inliers)
