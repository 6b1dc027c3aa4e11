"""Separation of two kinds of scores against slow references, with weights."""

from __future__ import annotations

import numpy as np
import pytest

from varde.measures.estimate import Floats
from varde.measures.separation import compute_separation, find_true_accepts


def _separate(mated: Floats, others: Floats) -> tuple[float, float]:
    return compute_separation(np.sort(mated), np.ones(len(mated)), np.sort(others), np.ones(len(others)))


def test_auc_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(3)
    mated, others = rng.normal(1, 1, 80), rng.normal(0, 1, 200)
    auc, equal = _separate(mated, others)
    assert auc == pytest.approx((mated[:, None] > others[None]).mean())
    assert 0.2 < equal < 0.45


def test_equal_scores_separate_nothing() -> None:
    auc, _ = _separate(np.zeros(5), np.zeros(7))
    assert auc == pytest.approx(0.5)


def test_weights_count_as_repeated_scores() -> None:
    mated, others = np.array([0.2, 0.7, 0.9]), np.array([0.1, 0.3, 0.8])
    weighted = compute_separation(mated, np.array([1.0, 2.0, 1.0]), others, np.array([1.0, 1.0, 3.0]))
    repeated = _separate(np.array([0.2, 0.7, 0.7, 0.9]), np.array([0.1, 0.3, 0.8, 0.8, 0.8]))
    assert weighted[0] == pytest.approx(repeated[0])


def test_true_accepts_at_a_rate_are_those_above_all_but_that_share_of_the_others() -> None:
    others = np.arange(1000.0)
    share, threshold = find_true_accepts(np.array([998.0, 998.5, 999.5, 1200.0]), others, 1e-3)
    assert share == 0.75
    assert (others >= threshold).mean() <= 1e-3


def test_a_rate_below_one_of_the_others_lets_none_of_them_through() -> None:
    share, threshold = find_true_accepts(np.array([9.0, 9.5]), np.arange(10.0), 1e-3)
    assert threshold > 9
    assert share == 0.5
