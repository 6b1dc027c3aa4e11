"""Checking a calibration on what it was not made of: what its likelihood ratios cost, and whether they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.measures.estimate import Floats
from varde.measures.pooling import pool_scores

_LARGEST: Final = 300.0


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs whose predicted probability lies in one bin, at equal priors."""

    predicted: float
    observed: float
    pairs: int


@dataclass(frozen=True, slots=True)
class CalibrationCheck:
    """How good likelihood ratios are.

    Attributes:
        cost: Cllr: 0 is perfect, 1 is what saying nothing costs.
        least_cost: Cllr that the same scores would have under the best calibration for these very pairs.
        error: expected calibration error at equal priors: mean distance of predicted from observed share.
        bins: of the reliability diagram.
    """

    cost: float
    least_cost: float
    error: float
    bins: tuple[ReliabilityBin, ...]


def check_ratios(mated_lrs: Floats, other_lrs: Floats, mated: Floats, non_mated: Floats) -> CalibrationCheck:
    """Returns how good log10 likelihood ratios of mated and non-mated pairs are.

    Args:
        mated_lrs, other_lrs: log10 likelihood ratios given to the pairs.
        mated, non_mated: their scores, for the least cost.

    Source: Brümmer and du Preez (2006) for Cllr and its minimum.
    """
    bins = _make_bins(mated_lrs, other_lrs)
    total = sum(weight for *_, weight in bins)
    error = sum(abs(one.predicted - one.observed) * weight for one, weight in bins) / total
    return CalibrationCheck(
        compute_cost(mated_lrs, other_lrs), _compute_least(mated, non_mated), error, tuple(one for one, _ in bins)
    )


def compute_cost(mated_lrs: Floats, other_lrs: Floats) -> float:
    """Returns Cllr of log10 likelihood ratios: 0 is perfect, 1 is what always saying "no idea" costs."""
    scale = np.log(10)
    missed = np.logaddexp(0, -np.clip(mated_lrs, -_LARGEST, _LARGEST) * scale).mean()
    accepted = np.logaddexp(0, np.clip(other_lrs, -_LARGEST, _LARGEST) * scale).mean()
    return float((missed + accepted) / (2 * np.log(2)))


def _compute_least(mated: Floats, non_mated: Floats) -> float:
    blocks = pool_scores(mated, non_mated)
    shares = blocks[:, :2]
    against = shares[:, ::-1][shares > 0]
    own = shares[shares > 0]
    return float((own * np.log2(1 + against / own)).sum() / 2)


def _make_bins(mated_lrs: Floats, other_lrs: Floats) -> list[tuple[ReliabilityBin, float]]:
    """Returns ten bins of probability at equal priors, each with its weight: mated and others weigh the same."""
    found = []
    chances = [1 / (1 + 10 ** -np.clip(values, -_LARGEST, _LARGEST)) for values in (mated_lrs, other_lrs)]
    weights = [1 / max(len(values), 1) for values in chances]
    for edge in np.linspace(0, 0.9, 10):
        inside = [values[(values >= edge) & ((values < edge + 0.1) | (edge > 0.85))] for values in chances]
        mass = [len(values) * weight for values, weight in zip(inside, weights, strict=True)]
        if sum(mass):
            predicted = sum(values.sum() * weight for values, weight in zip(inside, weights, strict=True)) / sum(mass)
            count = len(inside[0]) + len(inside[1])
            found.append((ReliabilityBin(float(predicted), mass[0] / sum(mass), count), float(sum(mass))))
    return found
