"""Intervals of shares: exact ends, published values, what was drawn again, and none of nothing."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.errors import WrongUse
from varde.measures.estimate import draw_groups, estimate, estimate_share, number_groups


def test_exact_interval_has_the_published_ends() -> None:
    # Clopper and Pearson's interval of 8 in 20, as every table of it has it.
    found = estimate_share(8, 20)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.1912, 0.6395), abs=1e-4)


@pytest.mark.parametrize("trials", [1, 44, 3000])
def test_none_of_some_is_bounded_by_their_number(trials: int) -> None:
    found = estimate_share(0, trials)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / trials), rel=1e-6)
    assert estimate_share(trials, trials).low == pytest.approx(0.025 ** (1 / trials), rel=1e-6)


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(hits: int, trials: int) -> None:
    with pytest.raises(WrongUse, match="is no share"):
        estimate_share(hits, trials)


def test_interval_of_draws_holds_the_share_itself() -> None:
    found = estimate(0.9, np.array([0.2, 0.3, float("nan")]), 10)
    assert found.low < 0.3 < found.high == 0.9


def test_a_share_of_all_has_the_exact_lower_end() -> None:
    assert estimate(1.0, np.ones(50), 30).low == pytest.approx(0.025 ** (1 / 30))


def test_drawn_groups_are_as_many_as_there_are() -> None:
    assert draw_groups(7, np.random.default_rng(1)).sum() == 7
    assert number_groups(np.array([9, 4, 9])).tolist() == [1, 0, 1]
