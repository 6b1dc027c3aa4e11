"""Measured shares with their intervals, drawn again by groups: pictures of one person or device are not independent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]
Ints = NDArray[np.int64]

DRAWS: Final = 200
"""How often groups are drawn again for an interval."""

_EDGES: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured figure and its 95 % interval over groups."""

    value: float
    low: float
    high: float


def estimate(value: float, draws: Floats, groups: int) -> Estimate:
    """Returns a share with the interval in which 95 % of the draws lie, widened to hold the share itself.

    Args:
        value: share from 0 to 1.
        draws: the share, measured again on groups drawn again; what is not finite does not count.
        groups: how many there were. A share of exactly 0 or 1, which is the same in every draw, takes the end of the
            exact interval for so many groups of whom none, or all, did it (Clopper and Pearson 1934).
    """
    known = draws[np.isfinite(draws)]
    low, high = np.quantile(known, _EDGES) if len(known) else (0.0, 1.0)
    exact = float(_EDGES[0] ** (1 / max(groups, 1)))
    low = min(value, float(low), exact if value >= 1 else 1.0)
    return Estimate(value, low, max(value, float(high), 1 - exact if value <= 0 else 0.0))


def estimate_share(hits: int, trials: int) -> Estimate:
    """Returns the share of independent trials that hit, with its exact 95 % interval.

    Source: Clopper and Pearson (1934); its ends by bisection of the binomial distribution.
    """
    if not 0 <= hits <= trials or trials < 1:
        raise WrongUse(f"{hits} of {trials} is no share")
    low = 0.0 if hits == 0 else _bisect(lambda chance: 1 - _sum_binomial(hits - 1, trials, chance) < _EDGES[0])
    high = 1.0 if hits == trials else _bisect(lambda chance: _sum_binomial(hits, trials, chance) > _EDGES[0])
    return Estimate(hits / trials, low, high)


def draw_groups(count: int, rng: np.random.Generator) -> Floats:
    """Returns how often each of some groups was drawn when as many were drawn with replacement.

    Convention: (count,) float64, sums to `count`.
    """
    return rng.multinomial(count, np.full(count, 1 / count)).astype(np.float64)


def number_groups(labels: Ints) -> Ints:
    """Returns labels as 0, 1, 2 ... in the order of the labels."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _sum_binomial(hits: int, trials: int, chance: float) -> float:
    """Returns the probability of at most so many hits, each of probability strictly between 0 and 1."""
    counts = np.arange(hits + 1)
    ways = np.array([math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in counts])
    return float(np.exp(ways + counts * math.log(chance) + (trials - counts) * math.log1p(-chance)).sum())


def _bisect(is_below: Callable[[float], bool]) -> float:
    """Returns the probability at which a condition that holds for all smaller ones ends."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2
