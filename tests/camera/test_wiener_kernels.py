from __future__ import annotations

import numpy as np
import pytest
import slow_residual as slow

from varde.camera.wiener_kernels import damp_band
from varde.camera.workspace import Workspace


def damp(band: np.ndarray, variance: float) -> np.ndarray:
    space, changed = Workspace(*band.shape), band.astype(np.float32)
    space.energies[:] = space.sums[:] = np.nan
    damp_band(changed, np.float32(variance), space.energies, space.sums, space.gains)
    return changed


@pytest.mark.parametrize("size", [(40, 50), (9, 9), (3, 20), (20, 3), (1, 1)])
def test_damping_equals_the_slow_reference(size: tuple[int, int]) -> None:
    band = np.random.default_rng(1).normal(0, 12, size)
    assert np.allclose(damp(band, 25.0), slow.damp(band, 25.0), rtol=1e-5, atol=1e-5)


def test_what_is_weaker_than_noise_stays_as_it_is() -> None:
    band = np.random.default_rng(1).uniform(-4, 4, (30, 30)).astype(np.float32)
    assert np.array_equal(damp(band, 25.0), band)


def test_one_strong_value_is_brought_down_by_its_window() -> None:
    band = np.zeros((21, 21))
    band[10, 10] = 900.0
    assert damp(band, 25.0)[10, 10] == pytest.approx(900.0 * 25.0 / (900.0**2 / 81), rel=1e-5)


def test_long_rows_lose_no_precision() -> None:
    rng = np.random.default_rng(2)
    band = rng.normal(0, 3, (12, 6000))
    band[:, :40] *= 1e4
    assert np.allclose(damp(band, 4.0)[:, 60:], slow.damp(band, 4.0)[:, 60:], rtol=1e-5, atol=1e-6)
