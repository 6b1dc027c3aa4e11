"""Making a calibration: from measured mated and non-mated scores to likelihood ratios that their number bears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.age import AgeBand
from varde.core.outcome import NotComparable, Reason
from varde.faces.calibration import BandTable
from varde.measures.estimate import Floats
from varde.measures.pooling import fit_ratios

LEAST_MATED_PEOPLE: Final = 30
"""People with two pictures below whom there is no calibration."""

LEAST_FALSE_ACCEPTS: Final = 10.0
"""Non-mated pairs that a rate must let through for its threshold to be kept."""

_RATES: Final = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7)
_KNOTS: Final = 48


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores of one band.

    Attributes:
        mated: of pairs of one person.
        non_mated: of pairs of two.
        people: who were compared.
        mated_people: of these, those who gave mated pairs.
    """

    mated: Floats
    non_mated: Floats
    people: int
    mated_people: int


def fit_band(measured: Measured, age: AgeBand, least_quality: int) -> BandTable | NotComparable:
    """Returns the table of one band, or why there are too few pictures for one.

    The likelihood ratio rises with the score by isotonic regression. It is held between two bounds: nobody of N pairs
    of people having scored so high shows, with 95 % confidence, a rate of at most 3/N, so no ratio is above N/3; and
    none is below 3/M for M people with mated pairs. Pairs of people count, not of pictures, which depend on each other.

    Source: pool-adjacent-violators as in Brümmer and du Preez, "Application-independent evaluation of speaker
    detection" (2006), section 5; the bounds are ours (evaluations/face_calibration.md).
    """
    if measured.mated_people < LEAST_MATED_PEOPLE:
        detail = f"{measured.mated_people} people have two pictures of this quality; {LEAST_MATED_PEOPLE} are needed."
        return NotComparable(Reason.TOO_FEW_PAIRS, detail)
    scores, log10_lrs = fit_ratios(measured.mated, measured.non_mated)
    low, high = compute_bounds(measured)
    scores, log10_lrs = _thin(scores, np.clip(log10_lrs, low, high))
    return BandTable(
        age,
        least_quality,
        measured.people,
        len(measured.mated),
        len(measured.non_mated),
        tuple(round(float(score), 5) for score in scores),
        tuple(round(float(value), 4) for value in log10_lrs),
        _list_thresholds(measured),
    )


def compute_bounds(measured: Measured) -> tuple[float, float]:
    """Returns the lowest and highest log10 likelihood ratio that so many people bear."""
    pairs = measured.people * (measured.people - 1) / 2
    return float(np.log10(3 / max(measured.mated_people, 3))), float(np.log10(max(pairs, 3) / 3))


def _thin(scores: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Returns at most `_KNOTS` knots: where the bounds begin, and evenly spaced values between."""
    inside = np.flatnonzero((values > values[0]) & (values < values[-1]))
    if not len(inside):
        middle = int(np.searchsorted(values, (values[0] + values[-1]) / 2))
        picked = np.unique([max(0, middle - 1), min(middle, len(values) - 1)])
        return scores[picked], values[picked]
    first, last = max(0, inside[0] - 1), min(len(values) - 1, inside[-1] + 1)
    wanted = np.linspace(values[first], values[last], _KNOTS)
    picked = np.unique(np.searchsorted(values[first : last + 1], wanted).clip(0, last - first) + first)
    return scores[picked], values[picked]


def _list_thresholds(measured: Measured) -> tuple[tuple[float, float], ...]:
    """Returns rates with their scores, as far as pairs of pictures and of people bear them."""
    falling = np.sort(measured.non_mated)[::-1]
    pairs = measured.people * (measured.people - 1) / 2
    lowest = max(LEAST_FALSE_ACCEPTS / len(falling), 3 / max(pairs, 3)) if len(falling) else 1.0
    return tuple(
        (rate, float(np.ceil(falling[int(rate * len(falling))] * 1e5) / 1e5)) for rate in _RATES if rate >= lowest
    )
