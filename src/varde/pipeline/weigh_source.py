"""Compares what was read of files with one camera's fingerprint and says what that is worth; it concludes nothing.

Every extent of search has its own calibration, and the one that counts is that of the widest search that was tried.
What speaks for the camera is also compared with other cameras of the same size, if the site has some: a case-specific
null. It can only lower a ratio.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.camera.calibration import SourceCalibration, with_null
from varde.camera.compare import PreparedFingerprint, compare, compare_widening, prepare
from varde.camera.correlation_surface import compute_surface
from varde.camera.fingerprint import Fingerprint
from varde.camera.fingerprint_file import read_fingerprint
from varde.camera.residual import Residual
from varde.camera.video_score import judge_video_score
from varde.core.camera import FingerprintKind, LikelihoodRatio, SearchExtent, SourceScore
from varde.core.outcome import NotComparable, Reason
from varde.store import cameras
from varde.store.cameras import StoredFingerprint, fingerprint_path
from varde.store.site import Site

ENOUGH_LOG10_LR: Final = 2.0
"""A search is not widened once the ratio is this high, or as high as its calibration bears."""

OTHERS_PIXELS: Final = 50_000_000
"""Pixels of other cameras' fingerprints that are held ready at once."""

MOST_OTHERS: Final = {
    SearchExtent.ALIGNED: 8,
    SearchExtent.TURNED: 8,
    SearchExtent.SHIFTED: 3,
    SearchExtent.SCALED: 1,
    SearchExtent.ROTATED: 1,
}
"""Other cameras that a file is compared with: wide searches take long."""

SURFACE_PX: Final = 12
"""How far around the place that was found the correlation is kept, to be looked at."""

SAME_DEVICE_CORRELATION: Final = 0.1
"""Two fingerprints that correlate more than this at one place are of one device: other devices stay below 0.02."""


@dataclass(frozen=True, slots=True)
class WeighedSource:
    """What a comparison gave.

    Attributes:
        outcome: the score, or why there is none.
        likelihood: what it is worth, or why that is not known.
        notes: what to know before relying on it, a sentence each.
        surface: correlation around the place that was found, as `CameraComparison` has it.
    """

    outcome: SourceScore | NotComparable
    likelihood: LikelihoodRatio | NotComparable
    notes: tuple[str, ...] = ()
    surface: tuple[tuple[float, ...], ...] = ()


class SourceScale:
    """One camera's fingerprint, made ready to be compared with many files."""

    def __init__(
        self,
        site: Site,
        stored: StoredFingerprint,
        calibration: SourceCalibration,
        *,
        case_ids: Collection[int] | None = None,
    ) -> None:
        """Reads the fingerprint.

        Args:
            site: where it is.
            stored: which one.
            calibration: what scores are worth.
            case_ids: cases whose cameras may serve as others; None for all.

        Raises:
            IntegrityFailure: if its file is not what was stored.
        """
        self._site = site
        self._stored = stored
        self._calibration = calibration
        self._case_ids = case_ids
        self._fingerprint = _read(site, stored)
        self._prepared = prepare(self._fingerprint)
        self._others: list[PreparedFingerprint] | None = None
        self._twins = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint."""
        return self._fingerprint

    def weigh(
        self, residual: Residual, widest: SearchExtent, *, video: Mapping[str, object] | None = None
    ) -> WeighedSource:
        """Returns what comparing a residual gives: aligned first, further only while that does not suffice.

        Args:
            residual: of the file; it is not changed.
            widest: how far to search at most.
            video: what was read of a video: a low score says nothing where its frames may have been moved. None for
                anything else.
        """
        found = compare_widening(
            residual, self._fingerprint, widest=widest, enough=self._is_enough, prepared=self._prepared
        )
        if video is not None and isinstance(found, SourceScore):
            found = judge_video_score(found, video)
        if isinstance(found, NotComparable):
            return WeighedSource(found, found)
        first = self._calibration.log10_lr(found)
        if isinstance(first, NotComparable) or first.log10_lr <= 0:
            return WeighedSource(found, first)
        others = self._compare_others(residual, found.search.extent)
        worth = with_null(self._calibration, others).log10_lr(found)
        return WeighedSource(found, worth, self._describe_others(), self._draw_surface(residual, found))

    def _draw_surface(self, residual: Residual, found: SourceScore) -> tuple[tuple[float, ...], ...]:
        place = found.search.geometry
        around = compute_surface(residual, self._fingerprint, place, SURFACE_PX, prepared=self._prepared)
        return tuple(tuple(round(float(value), 1) for value in row) for row in around)

    def _is_enough(self, score: SourceScore) -> bool:
        worth = self._calibration.log10_lr(score)
        if isinstance(worth, NotComparable) or worth.log10_lr <= 0:
            return False
        return worth.is_bounded or worth.log10_lr >= ENOUGH_LOG10_LR

    def _compare_others(self, residual: Residual, extent: SearchExtent) -> list[SourceScore]:
        """Returns the scores of a file with other cameras of the size, each known not to have taken it if ours did."""
        made = [
            compare(residual, self._fingerprint, extent, prepared=other)
            for other in self._load_others()[: MOST_OTHERS[extent]]
        ]
        return [score for score in made if isinstance(score, SourceScore)]

    def _load_others(self) -> list[PreparedFingerprint]:
        if self._others is None:
            self._others = []
            ours = self._stored
            most = min(max(MOST_OTHERS.values()), OTHERS_PIXELS // (ours.height_px * ours.width_px))
            with self._site.database.read() as connection:
                size = (ours.height_px, ours.width_px)
                listed = cameras.list_fingerprints(
                    connection, size=size, kind=ours.kind, case_ids=self._case_ids, limit=2 * most + 1
                )
            for stored in [one for one in listed if one.camera_id != ours.camera_id][:most]:
                self._take_other(_read(self._site, stored))
        return self._others

    def _take_other(self, other: Fingerprint) -> None:
        """Keeps another camera's fingerprint, unless it is the same device enrolled once more."""
        if correlate_fingerprints(self._fingerprint, other) > SAME_DEVICE_CORRELATION:
            self._twins += 1
        elif self._others is not None:
            self._others.append(prepare(other))

    def _describe_others(self) -> tuple[str, ...]:
        if not self._twins:
            return ()
        many = "Another camera" if self._twins == 1 else f"{self._twins} other cameras"
        return (f"{many} enrolled here has the same fingerprint: it seems to be this device, enrolled more than once.",)


def refuse(reason: Reason, detail: str) -> WeighedSource:
    """Returns that a file is not compared, and why."""
    refused = NotComparable(reason, detail)
    return WeighedSource(refused, refused)


def correlate_fingerprints(one: Fingerprint, other: Fingerprint) -> float:
    """Returns the correlation of two fingerprints of one size as they lie, -1 to 1; 0 where either is empty."""
    first, second = one.values, other.values
    norm = float(np.linalg.norm(first)) * float(np.linalg.norm(second))
    return float(np.vdot(first, second)) / norm if norm else 0.0


def choose_fingerprint(made: Iterable[StoredFingerprint], kind: FingerprintKind) -> StoredFingerprint | None:
    """Returns the fingerprint that files of a kind are compared with: their own kind's, else photos for a video."""
    by_kind = {one.kind: one for one in made}
    fallback = by_kind.get(FingerprintKind.PHOTO) if kind is FingerprintKind.VIDEO else None
    return by_kind.get(kind, fallback)


def _read(site: Site, stored: StoredFingerprint) -> Fingerprint:
    return read_fingerprint(fingerprint_path(site, stored.sha256), stored.sha256)
