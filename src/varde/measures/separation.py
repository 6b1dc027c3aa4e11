"""How well two kinds of scores are told apart by a threshold."""

from __future__ import annotations

import numpy as np

from varde.measures.estimate import Floats


def compute_separation(mated: Floats, mated_weights: Floats, others: Floats, weights: Floats) -> tuple[float, float]:
    """Returns AUC and equal error rate of weighted scores, both rising."""
    below = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    left = below[np.searchsorted(others, mated, side="left")]
    right = below[np.searchsorted(others, mated, side="right")]
    auc = float(((left + right) / 2 * mated_weights).sum() / mated_weights.sum())
    missed = (np.cumsum(mated_weights) - mated_weights) / mated_weights.sum()
    accepted = 1 - left
    crossing = int(np.argmin(np.abs(missed - accepted)))
    return auc, float((missed[crossing] + accepted[crossing]) / 2)


def find_true_accepts(mated: Floats, others: Floats, rate: float) -> tuple[float, float]:
    """Returns the share of the mated scores at or above a threshold, and the threshold.

    Args:
        mated, others: scores in any order.
        rate: share of the others that the threshold lets through at most; below one of them it lets none through.

    Limits:
        With fewer than 1 / rate others the threshold is their highest score: the rate itself is then not shown.
    """
    falling = np.sort(others)[::-1]
    threshold = float(np.nextafter(falling[min(int(rate * len(falling)), len(falling) - 1)], np.inf))
    return float((mated >= threshold).mean()), threshold
