"""Making a calibration: known distributions come out, bounds hold, too few people are refused."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.age import AgeBand
from varde.core.outcome import NotComparable, Reason
from varde.faces.calibration import BandTable
from varde.faces.calibration_fit import Measured, compute_bounds, fit_band
from varde.measures.ratio_check import check_ratios


def _measure(seed: int = 1, mated: int = 4000, others: int = 60_000) -> Measured:
    """Two normal distributions, so that the true log-likelihood ratio is a straight line."""
    rng = np.random.default_rng(seed)
    return Measured(rng.normal(0.6, 0.15, mated), rng.normal(0.1, 0.15, others), people=350, mated_people=200)


def _true_log10_lr(score: float) -> float:
    return float((0.5 / 0.15**2) * (score - 0.35) / np.log(10))


def _fit(measured: Measured) -> BandTable:
    table = fit_band(measured, AgeBand.ADULT, 40)
    assert isinstance(table, BandTable)
    return table


@pytest.mark.parametrize("score", [0.2, 0.3, 0.35, 0.4, 0.5])
def test_ratios_of_known_distributions_come_out(score: float) -> None:
    table = _fit(_measure())
    assert np.interp(score, table.scores, table.log10_lrs) == pytest.approx(_true_log10_lr(score), abs=0.35)


def test_ratios_never_fall_and_stay_within_what_the_people_bear() -> None:
    measured = _measure()
    table = _fit(measured)
    low, high = compute_bounds(measured)
    assert (np.diff(table.log10_lrs) >= 0).all()
    assert table.log10_lrs[0] >= low - 1e-3
    assert table.log10_lrs[-1] <= high + 1e-3
    assert high == pytest.approx(np.log10(350 * 349 / 2 / 3))


def test_scores_that_separate_wholly_are_still_bounded() -> None:
    measured = Measured(np.linspace(0.8, 0.9, 500), np.linspace(-0.2, 0.3, 5000), people=100, mated_people=90)
    table = _fit(measured)
    assert np.isfinite(table.log10_lrs).all()
    assert table.log10_lrs[-1] == pytest.approx(np.log10(100 * 99 / 2 / 3), abs=1e-3)
    assert len(table.scores) >= 2


def test_thresholds_are_kept_as_far_as_the_pairs_bear_them() -> None:
    measured = _measure()
    table = _fit(measured)
    assert min(rate for rate, _ in table.thresholds) == 3e-4
    for rate, threshold in table.thresholds:
        assert (measured.non_mated > threshold).mean() <= rate + 1e-6


def test_few_people_have_a_reason_instead_of_a_table() -> None:
    refused = fit_band(Measured(np.ones(50), np.zeros(90), 40, 29), AgeBand.CHILD, 0)
    assert isinstance(refused, NotComparable)
    assert refused.reason is Reason.TOO_FEW_PAIRS


def test_calibration_holds_on_people_it_was_not_made_of() -> None:
    table, other = _fit(_measure(seed=1)), _measure(seed=2)
    given = [np.interp(part, table.scores, table.log10_lrs) for part in (other.mated, other.non_mated)]
    check = check_ratios(*given, other.mated, other.non_mated)
    assert check.least_cost <= check.cost < check.least_cost + 0.02
    assert check.error < 0.03
