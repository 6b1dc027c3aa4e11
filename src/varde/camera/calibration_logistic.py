"""Logistic regression of two kinds of scores, held to rise with the score, and how many independent ones there are."""

from __future__ import annotations

from typing import Final

import numpy as np

from varde.measures.estimate import Floats, Ints, number_groups

_ROUNDS: Final = 60
_RIDGE: Final = 1e-4
"""Pull on the two slopes towards 0, per unit of weight: where scores separate wholly, they would grow without end."""


def fit_curve(matches: Floats, non_matches: Floats) -> tuple[float, float, float]:
    """Returns the log10 likelihood ratio at strength 0, its rise per unit, and per unit of the square above 0.

    Both kinds weigh the same whatever their numbers, so that the log odds fitted are the log likelihood ratio. A rise
    that would fall is held at 0.

    Args:
        matches, non_matches: strengths, in any order; at least one each.

    Source: logistic-regression calibration as in Brümmer and du Preez (2006), section 6; the square, held not to
        fall, is ours: non-matches are about normal and matches spread widely, so that the ratio rises faster than
        linearly (evaluations/camera_attribution.md).
    """
    strengths = np.concatenate([matches, non_matches])
    is_match = np.concatenate([np.ones(len(matches)), np.zeros(len(non_matches))])
    weights = np.where(is_match > 0, 0.5 / len(matches), 0.5 / len(non_matches))
    design = np.stack([np.ones(len(strengths)), strengths, np.maximum(strengths, 0) ** 2], axis=1)
    # A strength of hundreds says no more than one of thirty, and would set the scale of everything.
    design[:, 1:] = np.clip(design[:, 1:], [-30, 0], [30, 900])
    used = [0, 1, 2]
    while True:
        found = _fit(design[:, used], is_match, weights)
        falling = [column for column, value in zip(used, found, strict=True) if column and value < 0]
        if not falling:
            break
        used.remove(falling[-1])
    curve = np.zeros(3)
    curve[used] = found / np.log(10)
    return float(curve[0]), float(curve[1]), float(curve[2])


def compute_support(values: Floats, groups: Ints) -> float:
    """Returns how many independent values grouped ones are worth: as many as there are, or as few as the groups.

    Args:
        values: strengths.
        groups: of each, such as the picture that it is a part of.

    Source: Kish (1965), design effect 1 + (m - 1) r with the intraclass correlation r by analysis of variance (Donner
        1986) for groups of unequal size.
    """
    numbers = number_groups(groups)
    sizes = np.bincount(numbers).astype(np.float64)
    total, count = float(sizes.sum()), len(sizes)
    if count < 2 or total <= count:
        return float(min(total, count))
    means = np.bincount(numbers, values) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (count - 1)
    within = float(((values - means[numbers]) ** 2).sum()) / (total - count)
    size = (total - float((sizes**2).sum()) / total) / (count - 1)
    spread = between + (size - 1) * within
    correlation = min(1.0, max(0.0, (between - within) / spread)) if spread > 0 else 1.0
    return total / (1 + (total / count - 1) * correlation)


def _fit(design: Floats, is_match: Floats, weights: Floats) -> Floats:
    """Returns the coefficients of a weighted, slightly ridged logistic regression, by Newton's method."""
    scale = np.maximum(np.sqrt(weights @ design**2), 1e-9)
    scaled = design / scale
    ridge = np.full(design.shape[1], _RIDGE)
    ridge[0] = 1e-9
    found = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(scaled @ found, -500, 500)))
        slope = scaled.T @ (weights * (is_match - chance)) - ridge * found
        bend = (scaled * (weights * chance * (1 - chance))[:, None]).T @ scaled + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        # A full step from far away overshoots; one unit of log odds at a time does not.
        found += step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    return np.asarray(found / scale, np.float64)
