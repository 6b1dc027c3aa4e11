"""What a score is worth: likelihood ratios by quality and age, probability under a stated prior, thresholds.

A calibration says only what was measured. Outside of the qualities, the ages and the rates that its pictures bear it
answers `NotComparable` with the reason; children are never covered by what was measured on adults.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.age import AgeBand
from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason

COSINE: Final = "cosine"
"""Scale of plain scores; those normalised against a cohort are on a scale of their own (`NORMALISED`)."""

NORMALISED: Final = "as-norm"

_ADVICE: Final = "`varde models calibrate` measures it on a folder of the site's own pictures with their ages."


@dataclass(frozen=True, slots=True)
class BandTable:
    """What was measured for one age band and one band of quality.

    Attributes:
        age: band of both people compared.
        least_quality: of the worse of the two faces, 0-100; the band ends where the next one begins.
        people: how many were compared.
        mated_pairs, non_mated_pairs: pairs of pictures measured.
        scores: knots, rising; scores between two are interpolated, those outside take the value at the end.
        log10_lrs: at the knots, never falling.
        thresholds: (false-accept rate of one comparison, score), the largest rate first; only rates that the
            non-mated pairs bear.
    """

    age: AgeBand
    least_quality: int
    people: int
    mated_pairs: int
    non_mated_pairs: int
    scores: tuple[float, ...]
    log10_lrs: tuple[float, ...]
    thresholds: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What scores of one model are worth, as measured.

    Attributes:
        source: what it was measured on and when, one line for people.
        scale: `COSINE` or `NORMALISED`: which scores it is about.
        tables: by age and quality.
    """

    source: str
    scale: str
    tables: tuple[BandTable, ...]

    @property
    def ages(self) -> frozenset[AgeBand]:
        """The age bands it was measured on."""
        return frozenset(table.age for table in self.tables)

    def log10_lr(self, score: float, quality: int, ages: Collection[AgeBand]) -> float | NotComparable:
        """Returns the log10 likelihood ratio of a score: same person against two different persons.

        Args:
            score: larger is closer, on this calibration's scale.
            quality: of the worse of the two faces, 0-100.
            ages: every band that the people may be of (see `varde.core.age.touch_bands`); the most cautious counts.

        Limits:
            Different persons means people drawn like those it was measured on: for siblings it says too much.
        """
        found: list[float] = []
        for age in ages:
            table = self._find_table(quality, age)
            if isinstance(table, NotComparable):
                return table
            found.append(float(np.interp(score, table.scores, table.log10_lrs)))
        if not found:
            covered = ", ".join(sorted(self.ages))
            detail = f"The age of one of the two is not known; scores were measured on people of {covered} only."
            return NotComparable(Reason.AGE_NOT_COVERED, f"{detail} Say the age band, or use a pack with an age model.")
        return min(found)

    def threshold(self, far: float, gallery_size: int, quality: int = 100) -> float | NotComparable:
        """Returns the score above which a search gives false candidates no more often than stated.

        Args:
            far: share of searches for somebody who is not in the gallery that may show anyone, 0 to 1.
            gallery_size: faces that are searched.
            quality: of the worse face, 0-100; faces worse than that give more false candidates, which their
                likelihood ratios say.

        Limits:
            It is the strictest of all ages measured. Where none was measured on children, expect more false
            candidates among them.
        """
        if not 0 < far < 1 or gallery_size < 1:
            raise WrongUse("a false-alarm rate lies between 0 and 1, and a gallery has at least one face")
        wanted, tables = compute_pair_rate(far, gallery_size), self._list_bearing(quality)
        lowest = min((table.thresholds[-1][0] for table in tables), default=1.0)
        if wanted >= lowest * (1 - 1e-9):
            return max(_read_threshold(table, wanted) for table in tables)
        detail = (
            f"False alarms of {far:g} among {gallery_size:,} faces need one false accept in {1 / wanted:,.0f} "
            f"comparisons; the pairs measured bear one in {1 / lowest:,.0f}."
            if lowest < 1
            else "No false-accept rate was measured for faces of this quality."
        )
        return NotComparable(Reason.TOO_FEW_PAIRS, detail)

    @property
    def strictest(self) -> float | NotComparable:
        """The score of good faces at the lowest rate measured: what is left where a gallery asks for more than that."""
        found = [table.thresholds[-1][1] for table in self._list_bearing(100)]
        return max(found) if found else NotComparable(Reason.TOO_FEW_PAIRS, "No false-accept rate was measured.")

    def _list_bearing(self, quality: int) -> list[BandTable]:
        """Returns each age's table for a quality, of those that have a threshold."""
        found = (self._find_table(quality, age) for age in self.ages)
        return [table for table in found if isinstance(table, BandTable) and table.thresholds]

    def _find_table(self, quality: int, age: AgeBand) -> BandTable | NotComparable:
        of_age = [table for table in self.tables if table.age is age]
        if not of_age:
            return _refuse_age(age, self.ages)
        fitting = [table for table in of_age if table.least_quality <= quality]
        if not fitting:
            least = min(table.least_quality for table in of_age)
            detail = f"One face has quality {quality}; what scores mean was measured from {least} on."
            return NotComparable(Reason.NOT_CALIBRATED, detail)
        return max(fitting, key=lambda table: table.least_quality)


def probability(log10_lr: float, prior: float) -> float:
    """Returns the probability that two faces are one person, from the likelihood ratio and the prior probability.

    Args:
        log10_lr: of same person against different persons.
        prior: probability before the faces were compared, between 0 and 1 (see `spread_prior`).
    """
    if not 0 < prior < 1:
        raise WrongUse("a prior probability lies between 0 and 1", advice="Certainty needs no comparison.")
    exponent = math.log(10) * log10_lr + math.log(prior) - math.log1p(-prior)
    return 1 / (1 + math.exp(-exponent)) if exponent > 0 else math.exp(exponent) / (1 + math.exp(exponent))


def spread_prior(in_gallery: float, gallery_size: int) -> float:
    """Returns the prior probability of each face of a gallery, all alike, from that of the person being in it.

    Args:
        in_gallery: probability that the person is in the gallery at all; stated beside every result.
        gallery_size: faces that are searched.
    """
    if not 0 < in_gallery < 1 or gallery_size < 1:
        raise WrongUse("a prior probability lies between 0 and 1, and a gallery has at least one face")
    return in_gallery / max(gallery_size, 2)


def compute_pair_rate(far: float, gallery_size: int) -> float:
    """Returns the false-accept rate of one comparison at which a whole search gives a false alarm at rate `far`."""
    return -math.expm1(math.log1p(-far) / gallery_size)


def _read_threshold(table: BandTable, wanted: float) -> float:
    """Returns the score at a rate, between two measured ones by the logarithm of the rate; at the lowest one below."""
    rates = [-math.log(rate) for rate, _ in table.thresholds]
    return float(np.interp(-math.log(wanted), rates, [score for _, score in table.thresholds]))


def _refuse_age(age: AgeBand, covered: Collection[AgeBand]) -> NotComparable:
    measured = ", ".join(sorted(covered)) or "nobody"
    who = "a child of" if age is not AgeBand.ADULT else "an adult of"
    detail = f"By estimate one of the two may be {who} {age} years; scores were measured on {measured} only. {_ADVICE}"
    return NotComparable(Reason.AGE_NOT_COVERED, detail)
