from __future__ import annotations

import numpy as np
import pytest
from reference_sets import SIZE, take

from varde.camera.fingerprint_sums import FingerprintSums


def _slow_estimate(numbers: range) -> np.ndarray:
    above = sum(r.weights * r.values * r.luma for r in (take(1, n) for n in numbers))
    below = sum(r.weights * r.luma.astype(np.float64) ** 2 for r in (take(1, n) for n in numbers))
    return np.asarray(above / below)


def test_estimate_equals_the_formula() -> None:
    sums = FingerprintSums(SIZE, SIZE)
    for n in range(4):
        sums.add(take(1, n))
    np.testing.assert_allclose(sums.estimate(), _slow_estimate(range(4)), rtol=1e-3, atol=1e-7)


def test_what_was_subtracted_never_was_there() -> None:
    sums, fewer = FingerprintSums(SIZE, SIZE), FingerprintSums(SIZE, SIZE)
    for n in range(3):
        sums.add(take(1, n))
        if n:
            fewer.add(take(1, n))
    sums.subtract(take(1, 0))
    np.testing.assert_allclose(sums.numerator, fewer.numerator, atol=1e-2)


def test_measuring_inside_leaves_out_the_own_share() -> None:
    inside, outside = FingerprintSums(SIZE, SIZE), FingerprintSums(SIZE, SIZE)
    for n in range(5):
        inside.add(take(1, n))
        if n:
            outside.add(take(1, n))
    one, other = inside.measure(take(1, 0), is_inside=True), outside.measure(take(1, 0), is_inside=False)
    assert one.pce == pytest.approx(other.pce, rel=1e-3)
    assert one.gain == pytest.approx(other.gain, rel=1e-3)
    assert 0.02 < one.gain < 2


def test_a_foreign_residual_has_no_gain() -> None:
    sums = FingerprintSums(SIZE, SIZE)
    for n in range(5):
        sums.add(take(1, n))
    own, foreign = sums.measure(take(1, 5), is_inside=False), sums.measure(take(2, 0), is_inside=False)
    assert own.pce > 100 and abs(foreign.pce) < 20
    assert abs(foreign.gain) < 0.2 * own.gain


def test_what_is_never_usable_stays_zero() -> None:
    sums = FingerprintSums(SIZE, SIZE)
    residual = take(1, 0)
    residual = type(residual)(residual.values.copy(), residual.weights.copy(), residual.luma, 0.9, residual.method)
    residual.weights[:40] = 0
    residual.values[:40] = 0
    sums.add(residual)
    assert not sums.estimate()[:40].any()
    assert sums.estimate()[40:].any()
    assert not sums.clean().numerator[:40].any()


def test_nothing_agrees_with_nothing() -> None:
    assert FingerprintSums(SIZE, SIZE).measure(take(1, 0), is_inside=False).pce == 0
