"""Words for likelihood ratios: ENFSI's scale of 2015 by default, a laboratory's own where it sets one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from varde.core.errors import WrongUse

NEITHER: Final = "supports neither proposition over the other"
"""What is said below the lowest band, on either side."""

_FOR, _AGAINST = "that this camera took it", "that another camera of the same model took it"


@dataclass(frozen=True, slots=True)
class VerbalBand:
    """From which likelihood ratio on which words are used.

    Attributes:
        least: likelihood ratio, not its logarithm, above 1; the band ends where the next one begins.
        words: how strong the support is, such as ``moderate support``.
    """

    least: float
    words: str


@dataclass(frozen=True, slots=True)
class VerbalScale:
    """Words for how strongly a result supports one proposition over the other; the same on both sides.

    Attributes:
        name: where the scale is from, one line for reports.
        bands: rising.

    Raises:
        WrongUse: if the bands are out of order, do not begin above 1, or say nothing.
    """

    name: str
    bands: tuple[VerbalBand, ...]

    def __post_init__(self) -> None:
        """Checks the bands."""
        least = [band.least for band in self.bands]
        rises = all(low < high for low, high in itertools.pairwise(least))
        if not least or not rises or not all(1 < one < math.inf for one in least):
            raise WrongUse(
                f"the verbal scale {self.name!r} begins its bands at {least}",
                advice="Each band begins at a likelihood ratio above 1 and above that of the band before it.",
            )
        if not all(band.words.strip() for band in self.bands):
            raise WrongUse(f"a band of the verbal scale {self.name!r} has no words")

    def words(self, log10_lr: float) -> str:
        """Returns what is said of a likelihood ratio, with the proposition that it supports.

        Args:
            log10_lr: decimal logarithm; less than 0 speaks for another camera.
        """
        # A ratio of exactly 100 is in the band from 100 on: its rounded logarithm must not decide otherwise.
        strength = abs(log10_lr) + 1e-9
        fitting = [band for band in self.bands if math.log10(band.least) <= strength]
        return f"{fitting[-1].words} {_FOR if log10_lr > 0 else _AGAINST}" if fitting else NEITHER


ENFSI_2015: Final = VerbalScale(
    "ENFSI Guideline for Evaluative Reporting in Forensic Science, 2015",
    (
        VerbalBand(2, "weak support"),
        VerbalBand(10, "moderate support"),
        VerbalBand(100, "moderately strong support"),
        VerbalBand(1_000, "strong support"),
        VerbalBand(10_000, "very strong support"),
        VerbalBand(1_000_000, "extremely strong support"),
    ),
)
"""The scale that is used unless a laboratory sets its own."""


def make_scale(bands: Sequence[tuple[float, str]]) -> VerbalScale:
    """Returns a laboratory's own scale, ENFSI's where it sets none.

    Args:
        bands: (likelihood ratio from which the words are used, words), rising; none takes the default.

    Raises:
        WrongUse: if they are no scale.
    """
    own = tuple(VerbalBand(least, words.strip()) for least, words in bands)
    return VerbalScale("this laboratory's own scale", own) if own else ENFSI_2015
