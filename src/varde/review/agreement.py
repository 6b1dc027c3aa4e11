"""Agreement of people who graded the same items without seeing what the others chose. Codes are opaque: no weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.core.outcome import NotComparable, Reason

LEAST_ITEMS: Final = 20
"""Items below which no figure is given: an interval of it would reach over most of the scale."""

_Z = 1.959963984540054
_TAIL = 0.025
_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Kappa:
    """How much more often people agree than chance would make them.

    Attributes:
        value: 1 full agreement, 0 as chance would have it, below 0 less; larger is closer.
        low, high: bounds of the 95 % confidence interval.
        observed: share of agreeing pairs, 0-1.
        expected: the same by chance.
        items: how many were graded by all of the people compared.
    """

    value: float
    low: float
    high: float
    observed: float
    expected: float
    items: int


@dataclass(frozen=True, slots=True)
class Share:
    """A share of items with its 95 % confidence interval, all 0-1."""

    value: float
    low: float
    high: float
    items: int


def compute_share(agreeing: int, items: int, *, least: int = LEAST_ITEMS) -> Share | NotComparable:
    """Returns the share of items on which people agree.

    Args:
        agreeing: how many of the items.
        items: how many there are.
        least: items below which nothing is said.

    Returns:
        the share with Wilson's interval.

    Source:
        E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.
    """
    if items < max(least, 1):
        return _too_few(items, least)
    share, spread = agreeing / items, _Z**2 / items
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / items + spread / (4 * items)) / (1 + spread)
    return Share(share, max(0.0, middle - half), min(1.0, middle + half), items)


def compute_cohen(pairs: Sequence[tuple[str, str]], *, least: int = LEAST_ITEMS) -> Kappa | NotComparable:
    """Returns Cohen's kappa of first and second grades.

    Convention: one (first, second) pair of codes for each item; nominal, so that any two different codes differ alike.

    Args:
        pairs: of independent items; members of one stack are one item.
        least: pairs below which nothing is said.

    Returns:
        kappa with the asymptotic interval; full agreement has no spread of its own, so its
        lower bound is that of the exact binomial interval of the observed agreement, chance taken as it is.

    Source:
        J. Cohen, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20 (1960), 37-46, eq. 1;
        J. L. Fleiss, J. Cohen, B. S. Everitt, "Large sample standard errors of kappa and weighted kappa",
        Psychol. Bull. 72 (1969), 323-327, eq. 13. The bound of full agreement: ours, after Clopper and Pearson (1934).

    Limits:
        Depends on how common the codes are: where one code is nearly all, kappa is low though people agree. The
        interval is for many items, and too narrow for few or for kappa near 1.
    """
    if len(pairs) < max(least, 1):
        return _too_few(len(pairs), least)
    table = _count_pairs(pairs)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = float(np.trace(table)), float(rows @ columns)
    if expected >= 1.0:
        return _one_category()
    value = (observed - expected) / (1 - expected)
    if observed >= 1.0:
        low = (_TAIL ** (1 / len(pairs)) - expected) / (1 - expected)
        return Kappa(1.0, low, 1.0, observed, expected, len(pairs))
    half = _Z * math.sqrt(_compute_variance(table, observed, expected) / len(pairs))
    return Kappa(value, max(-1.0, value - half), min(1.0, value + half), observed, expected, len(pairs))


def compute_fleiss(
    ratings: Sequence[Sequence[str]],
    generator: np.random.Generator,
    *,
    least: int = LEAST_ITEMS,
    resamples: int = _RESAMPLES,
) -> Kappa | NotComparable:
    """Returns Fleiss' kappa of several people's grades.

    Convention: one row for each item, with the same number of codes, two at least, in no particular order.

    Args:
        ratings: of independent items.
        generator: draws the resamples.
        least: items below which nothing is said.
        resamples: of the bootstrap.

    Returns:
        kappa with the percentile bootstrap interval over items.

    Raises:
        ValueError: if rows differ in length or have fewer than two codes.

    Source:
        J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychol. Bull. 76 (1971), 378-382, eq. 7;
        B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), section 13.3.

    Limits:
        As of Cohen's kappa. Resamples in which only one code occurs have no kappa and are left out.
    """
    if len(ratings) < max(least, 1):
        return _too_few(len(ratings), least)
    counts = _count_ratings(ratings)
    observed, expected, value = (float(part[0]) for part in _fleiss(counts[None]))
    if expected >= 1.0:
        return _one_category()
    spread = _resample(counts, generator, resamples)
    low, high = np.quantile(spread, [_TAIL, 1 - _TAIL])
    return Kappa(value, float(low), float(high), observed, expected, len(ratings))


def _compute_variance(table: npt.NDArray[np.float64], observed: float, expected: float) -> float:
    """Returns N times the variance of kappa, from the table of shares."""
    both = table.sum(axis=0)[:, None] + table.sum(axis=1)[None, :]  # p.i + pj. of cell (i, j)
    agreeing = np.diag(table) @ ((1 - expected) - np.diag(both) * (1 - observed)) ** 2
    others = (1 - observed) ** 2 * float((table * both**2).sum() - np.diag(table) @ np.diag(both) ** 2)
    middle = (observed * expected - 2 * expected + observed) ** 2
    return max(0.0, float(agreeing + others - middle)) / (1 - expected) ** 4


def _resample(
    counts: npt.NDArray[np.float64], generator: np.random.Generator, resamples: int
) -> npt.NDArray[np.float64]:
    """Returns kappas of items drawn with replacement; equal rows are drawn together, so memory does not grow."""
    rows, times = np.unique(counts, axis=0, return_counts=True)
    drawn = generator.multinomial(len(counts), times / len(counts), size=resamples).astype(np.float64)
    people = counts[0].sum()
    per_item = ((rows**2).sum(axis=1) - people) / (people * (people - 1))
    observed = drawn @ per_item / len(counts)
    shares = drawn @ rows / (len(counts) * people)
    expected = (shares**2).sum(axis=1)
    is_defined = expected < 1.0
    kappas: npt.NDArray[np.float64] = (observed - expected)[is_defined] / (1 - expected[is_defined])
    return kappas


def _fleiss(counts: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """Returns observed and expected agreement and kappa of (R, N, C) counts, each (R,)."""
    people = counts[0, 0].sum()
    observed = (((counts**2).sum(axis=2) - people) / (people * (people - 1))).mean(axis=1)
    expected = ((counts.sum(axis=1) / (counts.shape[1] * people)) ** 2).sum(axis=1)
    room = np.where(expected < 1.0, 1 - expected, 1.0)
    return observed, expected, (observed - expected) / room


def _count_pairs(pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float64]:
    """Returns the (C, C) table of shares: first codes down, second codes across."""
    place = {code: number for number, code in enumerate(sorted({code for pair in pairs for code in pair}))}
    table = np.zeros((len(place), len(place)))
    for first, second in pairs:
        table[place[first], place[second]] += 1
    return table / len(pairs)


def _count_ratings(ratings: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
    """Returns (N, C) counts of each code for each item."""
    people = {len(row) for row in ratings}
    if len(people) != 1 or min(people) < 2:
        raise ValueError("every item needs the same number of grades, two at least")
    place = {code: number for number, code in enumerate(sorted({code for row in ratings for code in row}))}
    counts = np.zeros((len(ratings), len(place)))
    for number, row in enumerate(ratings):
        for code in row:
            counts[number, place[code]] += 1
    return counts


def _too_few(items: int, least: int) -> NotComparable:
    return NotComparable(Reason.TOO_FEW_RATINGS, f"{items} items were graded twice; a figure needs {least} at least.")


def _one_category() -> NotComparable:
    return NotComparable(Reason.ONE_CATEGORY, "Everybody chose one code: chance alone would give the same agreement.")
