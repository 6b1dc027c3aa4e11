"""Compares one file with many cameras exactly and says what each result is worth: for searches of all cameras."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from varde.camera.calibration import SourceCalibration
from varde.camera.residual import Residual
from varde.core.camera import LikelihoodRatio, SearchExtent, SourceScore
from varde.pipeline.weigh_source import SourceScale, WeighedSource
from varde.store import cameras
from varde.store.camera_families import Family, list_family
from varde.store.cameras import StoredFingerprint
from varde.store.site import Site

Watch = Callable[[int, int], None]
"""Takes how many of how many cameras were compared."""


@dataclass(frozen=True, slots=True)
class WeighedCamera:
    """What comparing the file with one camera gave."""

    stored: StoredFingerprint
    weighed: WeighedSource

    @property
    def log10_lr(self) -> float | None:
        """What it is worth; None where that is not known."""
        found = self.weighed.likelihood
        return found.log10_lr if isinstance(found, LikelihoodRatio) else None

    def rank(self) -> tuple[float, float, int]:
        """Returns what candidates are ordered by, closest first: ratio as it is told, PCE, and the earlier enrolled."""
        outcome, worth = self.weighed.outcome, self.log10_lr
        pce = outcome.pce if isinstance(outcome, SourceScore) else float("-inf")
        return -round(worth, 2) if worth is not None else float("inf"), -pce, self.stored.fingerprint_id


def weigh_cameras(
    site: Site,
    residual: Residual,
    fingerprint_ids: Sequence[int],
    extent: SearchExtent,
    calibration: SourceCalibration,
    *,
    case_ids: Collection[int] | None = None,
    watch: Watch | None = None,
) -> Iterator[WeighedCamera]:
    """Yields what comparing a file with each of these fingerprints gives, in their order.

    Args:
        site: where they are.
        residual: of the file.
        fingerprint_ids: row numbers.
        extent: how far the file is looked for on each sensor at most.
        calibration: what scores are worth.
        case_ids: cases whose cameras may serve as others of the size; None for all.
        watch: is told how far it is.

    Raises:
        IntegrityFailure: if a fingerprint's file is damaged or missing.
    """
    for done, number in enumerate(fingerprint_ids, 1):
        with site.database.read() as connection:
            stored = cameras.get_fingerprint(connection, number)
        scale = SourceScale(site, stored, calibration, case_ids=case_ids)
        yield WeighedCamera(stored, scale.weigh(residual, extent))
        if watch is not None:
            watch(done, len(fingerprint_ids))


def list_fingerprint_ids(site: Site, families: Iterable[Family], left_out: Collection[int]) -> list[int]:
    """Returns the row numbers of the fingerprints in force of some families, without those left out."""
    with site.database.read() as connection:
        found = [number for family in families for number in list_family(connection, family)]
    return [number for number in found if number not in left_out]


def keep_best(weighed: Iterable[WeighedCamera], most: int) -> list[WeighedCamera]:
    """Returns the closest that could be compared at all, at most so many, closest first; no others are held."""
    best: list[WeighedCamera] = []
    for one in weighed:
        if isinstance(one.weighed.outcome, SourceScore):
            best = sorted([*best, one], key=WeighedCamera.rank)[:most]
    return best
