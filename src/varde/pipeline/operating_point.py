"""At which operating point a site compares perceptual hashes, by its settings."""

from __future__ import annotations

from varde.core.finding import OperatingPoint
from varde.hashing import pdq
from varde.store.settings import MatchingSettings


def pdq_point(settings: MatchingSettings) -> OperatingPoint:
    """Returns the operating point of PDQ comparison."""
    return OperatingPoint(pdq.METHOD, settings.pdq_max_distance, settings.pdq_min_quality)
