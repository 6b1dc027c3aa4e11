"""Ranks all cameras of a picture's size: signs of every one, then the exact correlation of the best of them.

A camera that is not among the best by signs is not looked at again. How often that loses the one that took the picture
is measured in benchmarks/results/camera_search.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from varde.camera.fingerprint_file import read_fingerprint
from varde.camera.geometry import Orientation
from varde.camera.residual import Residual
from varde.camera.turned_signs import SignQuery
from varde.core.camera import FingerprintKind
from varde.core.camera_search import FamilySearched
from varde.pipeline.camera_index import open_family
from varde.store.camera_families import Family, list_families, load_fingerprints
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
    """What ranking all cameras of a size gave.

    Attributes:
        ranked: closest first.
        searched: the families whose every camera was compared.
        rest: the other families.
    """

    ranked: tuple[RankedCamera, ...]
    searched: tuple[FamilySearched, ...]
    rest: tuple[Family, ...]


def rank_cameras(
    site: Site,
    connection: Connection,
    residual: Residual,
    kind: FingerprintKind,
    *,
    left_out: Collection[int] = (),
    checked: int = CHECKED,
) -> Ranking:
    """Returns the cameras whose pattern is closest to a file's noise, of those that have its size.

    Args:
        site, connection: where, and what to read with.
        residual: of the file.
        kind: of the file; fingerprints of another kind are not searched.
        left_out: row numbers of fingerprints that are no candidates.
        checked: how many of the best by signs are compared exactly.

    Raises:
        IntegrityFailure: if a fingerprint's file is damaged or missing.
        SiteBusy: if another process is filling an index for long.
    """
    query = SignQuery.of(residual)
    sizes = query.list_sizes()
    ranked: list[RankedCamera] = []
    searched, rest = [], []
    for family in list_families(connection):
        if family.kind is not kind or family.size_px not in sizes:
            rest.append(family)
            continue
        scanned = open_family(site, connection, family).scan(query, checked + len(left_out))
        there = [each for each in scanned.ranked if each.fingerprint_id not in left_out][:checked]
        ranked += _check(site, connection, query, [(each.fingerprint_id, each.z, each.orientation) for each in there])
        counted = scanned.searched
        searched.append(FamilySearched(kind, family.height_px, family.width_px, counted, scanned.places))
    ranked.sort(key=lambda each: (-each.correlation, each.fingerprint_id))
    return Ranking(tuple(ranked), tuple(searched), tuple(rest))


def _check(
    site: Site, connection: Connection, query: SignQuery, found: Sequence[tuple[int, float, Orientation]]
) -> list[RankedCamera]:
    """Returns these cameras with their exact correlation."""
    stored = load_fingerprints(connection, [number for number, _, _ in found])
    checked = []
    for number, z, orientation in found:
        digest = stored[number].fingerprint.sha256
        values = read_fingerprint(fingerprint_path(site, digest), digest, verify=False).values
        checked.append(RankedCamera(number, z, query.correlate(values, orientation), orientation))
    return checked
