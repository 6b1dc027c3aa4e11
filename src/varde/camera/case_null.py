"""A null of the case itself: what this file gives against other cameras, and this camera against others' files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from varde.core.camera import SearchExtent

_WORTH: Final = 10
"""How many comparisons of the case the calibration's own null counts for."""


@dataclass(frozen=True, slots=True)
class CaseNull:
    """Scores that are known to be of other cameras, of the file or the fingerprint that is being compared.

    Attributes:
        strengths: by extent, as `varde.camera.strength` computes them, rising.
    """

    strengths: Mapping[SearchExtent, tuple[float, ...]] = field(default_factory=dict)

    def count(self, extent: SearchExtent) -> int:
        """Returns how many scores there are of an extent."""
        return len(self.strengths.get(extent, ()))

    def adjust(self, strength: float, extent: SearchExtent, mean: float, deviation: float) -> float:
        """Returns the strength as it counts where others of this case score higher, or wider, than the calibration's.

        It is moved to where it lies among the non-mates of the calibration. It never becomes larger: a case whose
        non-mates score lower by luck makes nothing stronger.

        Args:
            strength: of the score.
            extent: of its search.
            mean, deviation: of the strengths of the calibration's own non-mates.
        """
        given = self.strengths.get(extent, ())
        if not given:
            return strength
        total = _WORTH + len(given)
        own_mean = max(mean, (_WORTH * mean + sum(given)) / total)
        spread = _WORTH * deviation**2 + sum((one - own_mean) ** 2 for one in given)
        own_deviation = max(deviation, math.sqrt(spread / total))
        return min(strength, mean + (strength - own_mean) * deviation / own_deviation)

    def bound(self, strength: float, extent: SearchExtent) -> float:
        """Returns the highest log10 likelihood ratio that the case's own scores leave; infinite where all are lower."""
        given = self.strengths.get(extent, ())
        as_high = sum(one >= strength for one in given)
        return math.log10((len(given) + 1) / (as_high + 1)) if as_high else math.inf

    def describe(self, strength: float, extent: SearchExtent) -> str:
        """Returns how many scores there were and what they say of this one, for people; empty where there are none."""
        given = self.strengths.get(extent, ())
        if not given:
            return ""
        as_high = sum(one >= strength for one in given)
        many = "1 comparison" if len(given) == 1 else f"{len(given):,} comparisons"
        return f"{many} with other cameras or their files in this case, {as_high:,} of them as high"
