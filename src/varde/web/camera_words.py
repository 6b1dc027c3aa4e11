"""How pages speak of cameras: comparisons as a person reads them, and the verbal scale as a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from varde.core.camera import LikelihoodRatio, SourceScore
from varde.core.camera_comparison import CameraComparison
from varde.reports.camera_words import EXTENT_NAMES, REASONS, write_found, write_ratio

_DECADES = 6


@dataclass(frozen=True, slots=True)
class ShownComparison:
    """A comparison as a card or a page tells it.

    Attributes:
        ratio: decimal logarithm with its sign; "" where it is not assessable.
        words: on the verbal scale, or why it is not assessable.
        place: where the ratio lies on a scale from -6 to 6, as a share of its width in percent.
        searched: how far was looked.
        found: where on the sensor; "" where nothing was weighed.
    """

    made: CameraComparison
    ratio: str
    words: str
    place: float
    searched: str
    found: str


def describe_comparison(made: CameraComparison) -> ShownComparison:
    """Returns a comparison in words."""
    weighed = made.likelihood
    searched = EXTENT_NAMES[made.outcome.search.extent] if isinstance(made.outcome, SourceScore) else ""
    if isinstance(weighed, LikelihoodRatio):
        share = 50 + 50 * min(max(weighed.log10_lr, -_DECADES), _DECADES) / _DECADES
        return ShownComparison(made, write_ratio(weighed), weighed.words, share, searched, write_found(made))
    return ShownComparison(made, "", f"{REASONS[weighed.reason]} {weighed.detail}".strip(), 50, searched, "")
