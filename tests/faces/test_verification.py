"""Verification: figures against a slow reference, intervals that hold, rates that the pairs bear."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_people import make_people

from varde.core.outcome import NotComparable, Reason
from varde.faces.pair_scores import compare_all
from varde.faces.verification import TrueAccepts, Verification, find_threshold, verify
from varde.measures.estimate import Estimate


def _verify(sizes: list[int], spread: float) -> Verification:
    vectors, people = make_people(sizes, spread=spread)
    rng = np.random.default_rng(3)
    return verify(compare_all(vectors, people, rng), rng, draws=60)


def test_rates_and_auc_are_those_of_all_scores_sorted() -> None:
    vectors, people = make_people([2] * 60, spread=1.2)
    rng = np.random.default_rng(3)
    found = verify(compare_all(vectors, people, rng), rng, draws=60)
    rows, columns = np.triu_indices(len(people), 1)
    scores, same = (vectors @ vectors.T)[rows, columns], people[rows] == people[columns]
    accepts = found.accepts[1e-2]
    assert isinstance(accepts, TrueAccepts)
    assert (scores[~same] >= accepts.threshold).mean() <= 1e-2 < (scores[~same] >= accepts.threshold - 1e-3).mean()
    assert accepts.share.value == pytest.approx((scores[same] >= accepts.threshold).mean())
    slow = (scores[same][:, None] > scores[~same][None, :]).mean()
    assert isinstance(found.auc, Estimate)
    assert found.auc.value == pytest.approx(slow, abs=1e-3)
    assert found.auc.low < slow < found.auc.high


def test_scores_without_meaning_have_an_error_of_one_half() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(800, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = verify(compare_all(vectors, np.repeat(np.arange(400), 2), rng), rng, draws=40)
    assert isinstance(found.equal_error, Estimate)
    assert found.equal_error.value == pytest.approx(0.5, abs=0.05)
    assert found.equal_error.low < found.equal_error.value < found.equal_error.high


def test_a_rate_that_the_pairs_do_not_bear_has_a_reason() -> None:
    found = _verify([2] * 30, 0.2)
    refused = found.accepts[1e-5]
    assert isinstance(refused, NotComparable)
    assert refused.reason is Reason.TOO_FEW_PAIRS
    assert "100,000 non-mated pairs; there are 1,740" in refused.detail


def test_nothing_missed_still_has_an_interval() -> None:
    accepts = _verify([2] * 30, 0.01).accepts[1e-2]
    assert isinstance(accepts, TrueAccepts)
    assert (accepts.share.value, accepts.share.high) == (1, 1)
    assert accepts.share.low == pytest.approx(0.025 ** (1 / 30))


def test_without_a_second_picture_of_anybody_there_is_no_figure() -> None:
    found = _verify([1] * 20, 0.1)
    assert isinstance(found.auc, NotComparable)
    assert all(isinstance(one, NotComparable) for one in found.accepts.values())


def test_equal_scores_are_let_through_together_or_not_at_all() -> None:
    vectors = np.tile(np.eye(4, dtype=np.float32)[0], (40, 1))
    pairs = compare_all(vectors, np.repeat(np.arange(20), 2), np.random.default_rng(1))
    threshold = find_threshold(pairs, 1e-2)
    assert isinstance(threshold, float)
    assert threshold > 1
