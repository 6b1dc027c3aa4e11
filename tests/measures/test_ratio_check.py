"""What likelihood ratios cost: nothing when they are right, one bit when they say nothing, more when they are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from varde.measures.ratio_check import check_ratios, compute_cost


def test_saying_nothing_costs_one_and_being_wrong_more() -> None:
    none = np.zeros(10)
    assert compute_cost(none, none) == pytest.approx(1)
    assert compute_cost(none - 3, none + 3) > 9
    assert check_ratios(none, none, none, none).least_cost == pytest.approx(1)


def test_calibrated_ratios_cost_no_more_than_the_least() -> None:
    rng = np.random.default_rng(2)
    mated, others = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
    # Of two normal distributions at +1 and -1 with deviation 1 the natural logarithm of the ratio is twice the score.
    check = check_ratios(*(2 * part / np.log(10) for part in (mated, others)), mated, others)
    assert check.least_cost <= check.cost < check.least_cost + 0.02
    assert check.error < 0.03


def test_ratios_that_exaggerate_cost_more_than_the_least() -> None:
    rng = np.random.default_rng(2)
    mated, others = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
    check = check_ratios(10 * mated, 10 * others, mated, others)
    assert check.cost > check.least_cost + 0.5
    assert sum(one.pairs for one in check.bins) == 8000
