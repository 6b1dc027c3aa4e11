"""Measured shares with their intervals: drawn again by people, because pictures of one person are not independent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]
Ints = NDArray[np.int64]

DRAWS: Final = 200
"""How often people are drawn again for an interval."""

_EDGES: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured figure and its 95 % interval over people."""

    value: float
    low: float
    high: float


def estimate(value: float, draws: Floats, people: int) -> Estimate:
    """Returns a share with the interval in which 95 % of the draws lie, widened to hold the share itself.

    Args:
        value: share from 0 to 1.
        draws: the share, measured again on people drawn again; what is not finite does not count.
        people: how many there were. A share of exactly 0 or 1, which is the same in every draw, takes the end of the
            exact interval for so many people of whom none, or all, did it (Clopper and Pearson 1934).
    """
    known = draws[np.isfinite(draws)]
    low, high = np.quantile(known, _EDGES) if len(known) else (0.0, 1.0)
    exact = float(_EDGES[0] ** (1 / max(people, 1)))
    low = min(value, float(low), exact if value >= 1 else 1.0)
    return Estimate(value, low, max(value, float(high), 1 - exact if value <= 0 else 0.0))


def draw_people(count: int, rng: np.random.Generator) -> Floats:
    """Returns how often each of some people was drawn when as many were drawn with replacement.

    Convention: (count,) float64, sums to `count`.
    """
    return rng.multinomial(count, np.full(count, 1 / count)).astype(np.float64)


def number_people(people: Ints) -> Ints:
    """Returns labels as 0, 1, 2 ... in the order of the labels."""
    return np.unique(people, return_inverse=True)[1].astype(np.int64)
