"""Fillers: alike but never the person, never twice, and figures that point at nobody."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_people import make_people

from varde.core.outcome import NotComparable, Reason
from varde.faces.fillers import FalseAccepts, choose_fillers, compute_interval, measure_false_accepts

LOOSE = 2.0


def test_fillers_are_among_the_most_similar_people() -> None:
    cohort, people = make_people([2] * 50)
    probe = make_people([1], seed=9)[0][0]
    rows = choose_fillers(probe, cohort, people, 4, np.random.default_rng(1), ceiling=LOOSE)
    assert not isinstance(rows, NotComparable)
    best = np.array([(cohort @ probe)[people == person].max() for person in range(50)])
    assert set(people[rows]) <= set(np.argsort(-best)[:12])
    assert len(set(people[rows])) == 4


def test_somebody_who_may_be_the_person_is_no_filler_with_any_picture() -> None:
    cohort, people = make_people([3] * 30, spread=0.3)
    for draw in range(20):
        rows = choose_fillers(cohort[0], cohort, people, 5, np.random.default_rng(draw), ceiling=0.9)
        assert not isinstance(rows, NotComparable)
        assert 0 not in people[rows]


def test_fillers_are_not_always_the_same() -> None:
    cohort, people = make_people([1] * 60)
    draws = [
        choose_fillers(cohort[0], cohort[1:], people[1:], 3, np.random.default_rng(s), ceiling=LOOSE) for s in (1, 2)
    ]
    assert sorted(draws[0].tolist()) != sorted(draws[1].tolist())  # type: ignore[union-attr]


def test_too_small_a_cohort_has_a_reason() -> None:
    cohort, people = make_people([5, 5])
    refused = choose_fillers(cohort[0], cohort, people, 3, np.random.default_rng(1), ceiling=LOOSE)
    assert isinstance(refused, NotComparable)
    assert "has 2 people" in refused.detail


def test_an_empty_cohort_has_a_reason() -> None:
    none = np.empty((0, 8), np.float32)
    refused = choose_fillers(
        np.ones(8, np.float32), none, np.empty(0, np.int64), 1, np.random.default_rng(1), ceiling=1
    )
    assert isinstance(refused, NotComparable)


def test_false_accepts_of_three_reviewers_are_summed() -> None:
    found = measure_false_accepts({"a": (40, 2), "b": (30, 0), "c": (30, 1), "d": (0, 0)}, 3)
    assert isinstance(found, FalseAccepts)
    assert (found.shown, found.accepted, found.share) == (100, 3, 0.03)
    assert found.low < 0.03 < found.high


def test_false_accepts_of_two_reviewers_are_not_told() -> None:
    refused = measure_false_accepts({"a": (40, 2), "b": (30, 0), "c": (0, 0)}, 3)
    assert isinstance(refused, NotComparable)
    assert refused.reason is Reason.TOO_FEW_RATINGS


def test_interval_is_wilson_s() -> None:
    assert compute_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-3)
    assert compute_interval(0, 0) == (0, 1)
