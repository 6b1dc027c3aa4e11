from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from varde.camera.whitening import BANDS, EXPONENT, Spectrum, flatten


def _transform(shape: tuple[int, int], *, smooth: bool) -> Spectrum:
    noise = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    if smooth:
        noise += np.roll(noise, 1, 0) + np.roll(noise, 1, 1)
    spectrum: Spectrum = scipy.fft.rfft2(noise)
    return spectrum


def _band(place: int, length: int) -> int:
    return min(place * BANDS // length, BANDS - 1)


@pytest.mark.parametrize("shape", [(60, 80), (61, 79), (16, 16)])
def test_each_frequency_is_divided_by_a_power_of_its_bands_mean(shape: tuple[int, int]) -> None:
    spectrum = _transform(shape, smooth=True)
    rows, columns = spectrum.shape
    down = [_band(min(row, rows - row), rows // 2 + 1) for row in range(rows)]
    right = [_band(column, columns) for column in range(columns)]
    places = np.add.outer(np.array(down) * BANDS, right)
    power = np.bincount(places.ravel(), (np.abs(spectrum) ** 2).ravel(), BANDS**2)
    count = np.bincount(places.ravel(), minlength=BANDS**2)
    means = power / np.maximum(count, 1)
    wanted = spectrum * ((np.maximum(means, 1e-30) / means[means > 0].mean()) ** -EXPONENT)[places]
    np.testing.assert_allclose(flatten(spectrum.copy()), wanted, rtol=1e-4)


def test_white_noise_stays_as_it_is() -> None:
    spectrum = _transform((512, 480), smooth=False)
    near = np.abs(flatten(spectrum.copy()) / spectrum)
    assert 0.9 < np.median(near) < 1.1
    assert near.std() < 0.02


def test_how_strong_it_is_does_not_matter() -> None:
    spectrum = _transform((60, 80), smooth=True)
    np.testing.assert_allclose(flatten(spectrum * np.complex64(64)), 64 * flatten(spectrum.copy()), rtol=1e-4)


@pytest.mark.parametrize("value", [0, np.nan])
def test_what_has_no_power_stays_as_it_is(value: float) -> None:
    spectrum = np.full((40, 33), value, np.complex64)
    assert np.array_equal(flatten(spectrum.copy()), spectrum, equal_nan=True)
