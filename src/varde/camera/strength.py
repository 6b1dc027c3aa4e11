"""The scale on which scores are calibrated: signed root of the PCE, less what chance gives at so many places."""

from __future__ import annotations

import math
from typing import Final

from varde.core.camera import SourceScore

_EULER: Final = 0.5772156649015329


def compute_strength(score: SourceScore) -> float:
    """Returns how far a score stands above what chance gives, in standard deviations of the correlation.

    The signed root of the PCE is the peak in standard deviations of the correlation around it; the greatest of N such
    values of pure noise is about `expect_highest(N)`, which is taken off, so that searches over different numbers of
    places of one extent can be calibrated together.

    Source: ours (evaluations/camera_attribution.md).
    """
    return math.copysign(math.sqrt(abs(score.pce)), score.pce) - expect_highest(score.search.places)


def expect_highest(places: int) -> float:
    """Returns about how high the highest of so many independent standard normal values is; 0 for one.

    Source: mean of the Gumbel distribution that the maximum tends to (Fisher and Tippett 1928).
    """
    if places < 2:
        return 0.0
    scale = math.sqrt(2 * math.log(places))
    centre = scale - (math.log(math.log(places)) + math.log(4 * math.pi)) / (2 * scale)
    return max(0.0, centre + _EULER / scale)
