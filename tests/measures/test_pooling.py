"""Pooling adjacent violators: every score is kept, ratios rise, and ties and a single score do no harm."""

from __future__ import annotations

import numpy as np
import pytest

from varde.measures.pooling import fit_ratios, pool_scores


def test_pooling_keeps_every_score() -> None:
    rng = np.random.default_rng(1)
    mated, others = rng.normal(0.6, 0.15, 300), rng.normal(0.1, 0.15, 900)
    blocks = pool_scores(mated, others)
    assert blocks[:, :2].sum(axis=0) == pytest.approx([1, 1])
    assert blocks[:, 3].sum() == 1200
    scores, ratios = fit_ratios(mated, others)
    assert (np.diff(scores) > 0).all()
    assert (np.diff(ratios) > 0).all()


def test_scores_that_say_the_opposite_are_one_block() -> None:
    blocks = pool_scores(np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0]))
    assert blocks[:, :2].tolist() == [[1, 1]]


def test_scores_that_separate_wholly_have_infinite_ratios() -> None:
    assert fit_ratios(np.array([4.0, 5.0]), np.array([0.0, 1.0]))[1].tolist() == [-np.inf, np.inf]
