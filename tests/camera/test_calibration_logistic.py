"""Logistic fits: known distributions come out, never falling, never without end; grouped values are worth fewer."""

from __future__ import annotations

import numpy as np
import pytest

from varde.camera.calibration_logistic import compute_support, fit_curve
from varde.measures.estimate import Floats


def _read(curve: tuple[float, float, float], strengths: Floats) -> Floats:
    return curve[0] + curve[1] * strengths + curve[2] * np.maximum(strengths, 0) ** 2


def test_two_normal_distributions_give_the_straight_line_between_them() -> None:
    rng = np.random.default_rng(1)
    curve = fit_curve(rng.normal(3, 1, 5000), rng.normal(0, 1, 20_000))
    # The true natural logarithm of the ratio is 3 z - 4.5.
    points = np.array([0.0, 1.5, 3.0])
    assert _read(curve, points) == pytest.approx((3 * points - 4.5) / np.log(10), abs=0.15)


def test_widely_spread_matches_rise_faster_than_a_line() -> None:
    rng = np.random.default_rng(1)
    constant, slope, square = fit_curve(rng.normal(0, 6, 5000), rng.normal(0, 1, 5000))
    assert square > 0.05
    assert slope >= 0
    assert constant < 0


def test_numbers_of_each_kind_do_not_move_the_ratio() -> None:
    rng = np.random.default_rng(3)
    matches, others = rng.normal(4, 2, 400), rng.normal(0, 1.2, 800)
    few, many = fit_curve(matches, others), fit_curve(matches, np.repeat(others, 9))
    assert many == pytest.approx(few, rel=1e-6)


def test_scores_that_mean_nothing_give_a_ratio_of_one() -> None:
    rng = np.random.default_rng(4)
    constant, slope, square = fit_curve(rng.normal(0, 1, 9000), rng.normal(0, 1, 9000))
    assert (constant, slope, square) == pytest.approx((0, 0, 0), abs=0.05)


def test_a_ratio_never_falls_though_the_scores_say_the_opposite() -> None:
    rng = np.random.default_rng(5)
    assert fit_curve(rng.normal(-5, 1, 200), rng.normal(5, 1, 200)) == pytest.approx((0, 0, 0), abs=1e-6)


def test_scores_that_separate_wholly_cross_between_the_two_kinds() -> None:
    curve = fit_curve(np.array([10.0, 20.0, 400.0, 900.0]), np.linspace(-4, 4, 200))
    values = _read(curve, np.array([4.0, 10.0]))
    assert np.isfinite(values).all()
    assert values[0] < 0 < values[1]


def test_independent_values_are_worth_their_number() -> None:
    rng = np.random.default_rng(6)
    assert compute_support(rng.standard_normal(4000), np.repeat(np.arange(80), 50)) == pytest.approx(4000, rel=0.15)


def test_parts_that_are_all_alike_are_worth_their_pictures() -> None:
    rng = np.random.default_rng(7)
    levels = np.repeat(rng.normal(0, 10, 40), 25)
    assert compute_support(levels + rng.normal(0, 0.1, 1000), np.repeat(np.arange(40), 25)) == pytest.approx(
        40, rel=0.1
    )


def test_single_pictures_are_worth_their_number() -> None:
    assert compute_support(np.array([1.0, 2.0, 5.0]), np.array([3, 8, 9])) == 3
    assert compute_support(np.array([1.0, 2.0, 5.0]), np.array([3, 3, 3])) == 1
    assert compute_support(np.ones(6), np.array([1, 1, 1, 2, 2, 2])) == pytest.approx(2)
