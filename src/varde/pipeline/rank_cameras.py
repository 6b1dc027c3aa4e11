"""Ranks all cameras of a picture's size: signs of every one, then the exact correlation of the best of them.

A camera that is not among the best by signs is not looked at again. How often that loses the one that took the picture
is measured in benchmarks/results/camera_search.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from varde.camera.fingerprint_file import map_values
from varde.camera.fingerprint_index import Ranked
from varde.camera.geometry import Orientation
from varde.camera.residual import Residual
from varde.camera.turned_signs import SignQuery, correlate
from varde.core.camera_search import FamilySearched
from varde.pipeline.camera_index import open_family
from varde.store.camera_families import Family, load_fingerprints
from varde.store.cameras import fingerprint_path
from varde.store.site import Site

CHECKED: Final = 50
"""How many of the best by signs are compared exactly."""


@dataclass(frozen=True, slots=True)
class RankedCamera:
    """A camera as the ranking found it.

    Attributes:
        fingerprint_id: of the fingerprint that was compared.
        z: by how many standard deviations the signs agree more than by chance.
        correlation: normalised and exact, at the best turn; larger is closer.
        orientation: that turn.
    """

    fingerprint_id: int
    z: float
    correlation: float
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class Ranking:
    """What ranking all cameras of some families gave.

    Attributes:
        ranked: closest first.
        searched: the families; every camera of each was compared.
    """

    ranked: tuple[RankedCamera, ...]
    searched: tuple[FamilySearched, ...]


def rank_cameras(
    site: Site,
    connection: Connection,
    residual: Residual,
    families: Sequence[Family],
    *,
    left_out: Collection[int] = (),
    checked: int = CHECKED,
) -> Ranking:
    """Returns the cameras whose pattern is closest to a file's noise, in the turns in which it has their size.

    Args:
        site, connection: where, and what to read with.
        residual: of the file.
        families: that are searched.
        left_out: row numbers of fingerprints that are no candidates.
        checked: how many of the best by signs are compared exactly.

    Raises:
        IntegrityFailure: if a fingerprint's file is damaged or missing.
        SiteBusy: if another process is filling an index for long.
    """
    query = SignQuery.of(residual)
    ranked: list[RankedCamera] = []
    searched = []
    for family in families:
        index = open_family(site, connection, family)
        scanned = index.scan(query, checked + len(left_out))
        there = [each for each in scanned.ranked if each.fingerprint_id not in left_out]
        ranked += _check(site, connection, query, there[:checked])
        compared = scanned.searched - len(index.list_held().keys() & set(left_out))
        searched.append(FamilySearched(family.kind, family.height_px, family.width_px, compared, scanned.turns))
    ranked.sort(key=lambda each: (-each.correlation, each.fingerprint_id))
    return Ranking(tuple(ranked), tuple(searched))


def _check(site: Site, connection: Connection, query: SignQuery, found: Sequence[Ranked]) -> list[RankedCamera]:
    """Returns these cameras with their exact correlation."""
    stored = load_fingerprints(connection, [each.fingerprint_id for each in found])
    checked = []
    laid = {each.orientation: query.lay(each.orientation) for each in found}
    for each in found:
        if each.fingerprint_id not in stored:
            continue  # withdrawn, or enrolled, while the index was searched
        values = map_values(fingerprint_path(site, stored[each.fingerprint_id].fingerprint.sha256))
        correlation = correlate(laid[each.orientation], values)
        checked.append(RankedCamera(each.fingerprint_id, each.z, correlation, each.orientation))
    return checked
