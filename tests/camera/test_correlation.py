"""Correlation by half spectra against sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from noise_pictures import make_fingerprint, make_pattern, make_residual

from varde.camera.correlation import (
    choose_length,
    compute_signal,
    correlate,
    interpolate,
    multiply,
    prepare,
    prepare_values,
    read_place,
    transform,
)
from varde.camera.pce import compute_pce
from varde.core.errors import WrongUse


def _slow(probe: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Returns sum over (y, x) of probe(y, x) pattern(y + r, x + c), wrapping, for every (r, c)."""
    plane = np.zeros(pattern.shape)
    for row in range(pattern.shape[0]):
        for column in range(pattern.shape[1]):
            plane[row, column] = (probe * np.roll(pattern, (-row, -column), (0, 1))).sum()
    return plane


@pytest.mark.parametrize("size", [(17, 20), (18, 21)])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("flipped", [False, True])
def test_plane_equals_sums_written_out(size: tuple[int, int], turned: bool, flipped: bool) -> None:
    rng = np.random.default_rng(1)
    probe, pattern = (rng.standard_normal(size, np.float32) for _ in range(2))
    prepared = prepare_values(pattern)
    laid = probe
    if flipped:
        laid = np.roll(laid[::-1], 1, 0)
    if turned:
        laid = np.roll(laid[::-1, ::-1], (1, 1), (0, 1))
    plane = correlate(transform(probe, size), prepared, turned=turned, flipped=flipped)
    expected = _slow(laid.astype(np.float64), pattern.astype(np.float64))
    assert plane.dtype == np.float32
    np.testing.assert_allclose(plane, expected, atol=1e-4)
    peak = read_place(transform(probe, size), prepared, (3, 19), turned=turned, flipped=flipped)
    assert peak.value == pytest.approx(expected[3, 19 % size[1]], abs=1e-4)
    assert peak.pce == pytest.approx(compute_pce(expected.astype(np.float32), (3, 19)).pce, rel=1e-4)


def test_signal_is_weight_times_residual_times_root_of_luma_with_mean_zero_where_it_is_usable() -> None:
    residual = make_residual(make_pattern(1))
    before = residual.values.copy(), residual.weights.copy(), residual.luma.copy()
    signal = compute_signal(residual)
    product = residual.weights.astype(np.float64) * residual.values * np.sqrt(residual.luma.astype(np.float64))
    usable = residual.weights > 0
    product[usable] -= product[usable].mean()
    np.testing.assert_allclose(signal, product, atol=1e-3)
    assert not signal[~usable].any()
    for old, new in zip(before, (residual.values, residual.weights, residual.luma), strict=True):
        assert np.array_equal(old, new)


def test_preparing_leaves_the_fingerprint_as_it_was() -> None:
    values = make_pattern(2)
    before = values.copy()
    prepare(make_fingerprint(values))
    assert np.array_equal(values, before)


def test_length_with_a_large_prime_is_padded_and_others_are_kept() -> None:
    assert [choose_length(each) for each in (2000, 3008, 3264, 1)] == [2000, 3008, 3264, 1]
    assert choose_length(2003) > 2003


def test_padded_plane_gives_nearly_the_same_score() -> None:
    pattern = make_pattern(3, 347, 467)
    residual = make_residual(pattern)
    prepared = prepare_values(pattern)
    assert prepared.plane_px != prepared.size_px
    padded = read_place(transform(compute_signal(residual), prepared.plane_px), prepared, (0, 0))
    signal = compute_signal(residual).astype(np.float64)
    plane = np.fft.irfft2(np.conj(np.fft.rfft2(signal)) * np.fft.rfft2(pattern), pattern.shape)
    assert padded.pce == pytest.approx(compute_pce(plane.astype(np.float32), (0, 0)).pce, rel=0.02)


def test_values_between_places_follow_a_wave() -> None:
    rows, columns = np.mgrid[:20, :32]
    probe = np.zeros((20, 32), np.float32)
    probe[0, 0] = 1
    pattern = np.cos(2 * np.pi * (3 * rows / 20 + 5 * columns / 32)).astype(np.float32)
    spectrum = transform(pattern, (20, 32))
    product = np.empty_like(spectrum)
    multiply(transform(probe, (20, 32)), spectrum, True, False, False, product)
    values = interpolate(product, (20, 32), np.array([0.25, 2.0]), np.array([-1.5, 7.75]))
    expected = np.cos(2 * np.pi * (3 * np.array([[0.25], [2.0]]) / 20 + 5 * np.array([[-1.5, 7.75]]) / 32))
    np.testing.assert_allclose(values, expected, atol=1e-5)


@pytest.mark.parametrize("values", [np.ones((8, 100), np.float32), np.ones(100, np.float32)])
def test_too_small_a_fingerprint_is_refused(values: np.ndarray) -> None:
    with pytest.raises(WrongUse, match="16 rows"):
        prepare_values(values)


def test_fingerprint_that_is_not_finite_is_refused() -> None:
    values = make_pattern(4)
    values[3, 3] = np.nan
    with pytest.raises(WrongUse, match="finite"):
        prepare_values(values)
