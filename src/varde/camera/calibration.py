"""What a score is worth: likelihood ratios by how far was searched and by how many pixels were compared.

A calibration says only what was measured: where no comparisons were made, it answers `NotComparable`; where the score
lies beyond them, the ratio stops at what their number bears, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from varde.camera.case_null import CaseNull
from varde.camera.strength import compute_strength
from varde.camera.verbal_scale import ENFSI_2015, VerbalScale
from varde.core.camera import LikelihoodRatio, SearchExtent, SourceScore
from varde.core.outcome import NotComparable, Reason

BORROWED: Final = {"camera.video_residual+camera.pce/1+2": "camera.residual+camera.pce/2+2"}
"""Methods whose scores are weighed by the tables of another where they have none of their own: videos by photographs.

Other cameras' videos score no higher than their photographs do (evaluations/camera_video.md); a camera's own may score
lower, since compression takes the pattern out, so that such a ratio never speaks against a camera.
"""

SMALLER: Final = 0.8
"""Share of the fewest pixels calibrated down to which a comparison still counts as that many."""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """What was measured for one extent of search and about so many compared pixels.

    Attributes:
        method: of the scores, as ``name/version``.
        extent: of the search.
        pixels: about how many were compared; between two tables, ratios are interpolated by the logarithm.
        devices, pictures: how many cameras and pictures (or videos) were compared.
        matches, non_matches: comparisons of a picture with its own camera, and with another of the same model where
            there is one.
        match_support, non_match_support: how many independent ones these are worth: parts of one picture are not.
        curve: log10 likelihood ratio at strength 0, its rise per unit of strength, and per unit of the square of
            strengths above 0; neither falls.
        low, high: bounds of the log10 likelihood ratio that the numbers bear.
        null_mean, null_deviation: of the strengths of non-matches.
        null_highest: the highest of them.
        figures: how the table does on what it was not made of, by name: ``cllr``, ``cllr_min``, ``auc``, and
            ``misleading``, ``misleading_low``, ``misleading_high``: share of non-matches whose ratio spoke for the
            camera, with its 95 % interval; ``misleading_against``: share of matches whose ratio spoke against it.
        match_lrs, non_match_lrs: log10 likelihood ratios of comparisons left out: their quantiles, evenly spaced, for
            plots; empty where none were left out.
        source: what it was measured on; "" for the calibration's own.
    """

    method: str
    extent: SearchExtent
    pixels: int
    devices: int
    pictures: int
    matches: int
    non_matches: int
    match_support: float
    non_match_support: float
    curve: tuple[float, float, float]
    low: float
    high: float
    null_mean: float
    null_deviation: float
    null_highest: float
    figures: Mapping[str, float] = field(default_factory=dict)
    match_lrs: tuple[float, ...] = ()
    non_match_lrs: tuple[float, ...] = ()
    source: str = ""

    def extrapolate(self, strength: float) -> float:
        """Returns the log10 likelihood ratio of the curve alone, whatever the numbers bear."""
        constant, slope, square = self.curve
        return constant + slope * strength + square * max(strength, 0.0) ** 2

    def read(self, strength: float) -> tuple[float, bool]:
        """Returns the log10 likelihood ratio within its bounds, and whether they hold it back."""
        value = self.extrapolate(strength)
        return min(max(value, self.low), self.high), not self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class SourceCalibration:
    """What scores against fingerprints are worth, as measured.

    Attributes:
        source: what it was measured on and when, one line for people.
        tables: by method, extent and pixels.
        scale: verbal scale in force.
        null: scores of other cameras in the case at hand.
    """

    source: str
    tables: tuple[ScoreTable, ...]
    scale: VerbalScale = ENFSI_2015
    null: CaseNull = field(default_factory=CaseNull)

    def with_scale(self, scale: VerbalScale) -> SourceCalibration:
        """Returns it with another verbal scale."""
        return replace(self, scale=scale)

    def log10_lr(self, score: SourceScore) -> LikelihoodRatio | NotComparable:
        """Returns how much more probable a score is if this camera took the file than if another of the model did.

        It never falls as the PCE of equal searches rises.

        Args:
            score: of the comparison.

        Limits:
            Measured on a few kinds of cameras; one whose pictures share a pattern that none of these has scores
            higher without being the camera. Comparisons with other cameras of the model are the remedy (`with_null`).
        """
        near = self._find_tables(score)
        if isinstance(near, NotComparable):
            return near
        lower, upper, share = near
        strength = compute_strength(score)
        extent = score.search.extent
        counted = self.null.adjust(strength, extent, lower.null_mean, lower.null_deviation)
        (below, bounded_below), (above, bounded_above) = lower.read(counted), upper.read(counted)
        value = (1 - share) * below + share * above
        bound = self.null.bound(strength, extent)
        value, is_bounded = (bound, False) if value > bound else (value, bounded_below or bounded_above)
        if value < 0 and lower.method != str(score.method):
            value, is_bounded = 0.0, True
        nearest = upper if share > 0.5 else lower
        return LikelihoodRatio(value, is_bounded, self.scale.words(value), self._describe(nearest, score))

    def _find_tables(self, score: SourceScore) -> tuple[ScoreTable, ScoreTable, float] | NotComparable:
        """Returns the tables below and above, and how far between them the pixels lie."""
        method, extent = str(score.method), score.search.extent
        of_extent = [table for table in self.tables if table.extent is extent]
        fitting = [table for table in of_extent if table.method == method]
        fitting = fitting or [table for table in of_extent if table.method == BORROWED.get(method)]
        if not fitting:
            detail = f"Nothing was measured for {method} with the search {extent.value!r}."
            return NotComparable(Reason.NOT_CALIBRATED, detail)
        fitting.sort(key=lambda table: table.pixels)
        if score.pixels < SMALLER * fitting[0].pixels:
            detail = f"{score.pixels:,} pixels were compared; what scores mean was measured from "
            return NotComparable(Reason.NOT_CALIBRATED, f"{detail}{fitting[0].pixels:,} on.")
        lower = max((one for one in fitting if one.pixels <= score.pixels), key=_pixels, default=fitting[0])
        upper = min((one for one in fitting if one.pixels > score.pixels), key=_pixels, default=lower)
        if lower.pixels >= upper.pixels or score.pixels <= lower.pixels:
            return lower, lower, 0.0
        return lower, upper, math.log(score.pixels / lower.pixels) / math.log(upper.pixels / lower.pixels)

    def _describe(self, table: ScoreTable, score: SourceScore) -> str:
        measured = (
            f"{table.source or self.source}; search {table.extent.value!r}, about {table.pixels:,} pixels: "
            f"{table.matches:,} comparisons with the same camera and {table.non_matches:,} with others, "
            f"worth {table.match_support:,.0f} and {table.non_match_support:,.0f} independent ones"
        )
        if table.method != str(score.method):
            measured += "; of photographs, used for a video: a low score does not speak against the camera"
        case = self.null.describe(compute_strength(score), table.extent)
        return f"{measured}; and {case}" if case else measured


def with_null(calibration: SourceCalibration, scores: Sequence[SourceScore]) -> SourceCalibration:
    """Returns a calibration that takes account of scores known to be of other cameras, in the case at hand.

    Args:
        calibration: as measured.
        scores: of the file in question against the site's other cameras, and of the camera in question against files
            of others. Each counts for searches of its own extent only; more are better, one is better than none.
    """
    found: dict[SearchExtent, tuple[float, ...]] = dict(calibration.null.strengths)
    for score in scores:
        extent = score.search.extent
        found[extent] = tuple(sorted((*found.get(extent, ()), compute_strength(score))))
    return replace(calibration, null=CaseNull(found))


def _pixels(table: ScoreTable) -> int:
    return table.pixels
