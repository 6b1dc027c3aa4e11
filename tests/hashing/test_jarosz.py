from __future__ import annotations

import numpy as np
import pytest
import reference_pdq
from hypothesis import given
from hypothesis import strategies as st

from varde.hashing.jarosz import compute_bands, sample_64x64


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 64), (64, 64), (128, 129), (130, 300), (257, 390)])
def test_samples_equal_those_of_the_slow_filter(height: int, width: int) -> None:
    grey = np.random.default_rng(height).integers(0, 256, (height, width), np.uint8)
    samples = sample_64x64(grey)
    assert samples.shape == (64, 64)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, reference_pdq.sample(grey.astype(np.float64)), atol=1e-3)


@given(st.integers(1, 9000))
def test_each_band_is_a_mean_inside_the_line(length: int) -> None:
    bands = compute_bands(length)
    assert len(bands) == 64
    for band in bands:
        assert 0 <= band.start < band.start + len(band.weights) <= length
        assert band.weights.min() >= -1e-6
        assert band.weights.sum() == pytest.approx(1, abs=1e-4)


def test_samples_of_a_flat_picture_are_its_value() -> None:
    np.testing.assert_allclose(sample_64x64(np.full((333, 777), 200, np.uint8)), 200, atol=1e-3)


def test_samples_of_a_64_pixel_picture_are_its_pixels() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    np.testing.assert_array_equal(sample_64x64(grey), grey.astype(np.float32))


def test_samples_do_not_depend_on_the_memory_layout() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (400, 300), np.uint8)
    np.testing.assert_array_equal(sample_64x64(np.asfortranarray(grey)), sample_64x64(grey))
    np.testing.assert_array_equal(sample_64x64(grey[::-1, ::-1][::-1, ::-1]), sample_64x64(grey))
