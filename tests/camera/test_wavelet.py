from __future__ import annotations

import numpy as np
import pytest
import slow_residual as slow

from varde.camera.wavelet import compute_joint_noise, compute_noise
from varde.camera.wavelet_kernels import HIGH, LOW, join_planes, split_plane
from varde.camera.workspace import Workspace


def test_filters_are_orthonormal() -> None:
    for shift in range(0, 8, 2):
        same = float((LOW[: 8 - shift] * LOW[shift:]).sum())
        assert same == pytest.approx(1.0 if shift == 0 else 0.0, abs=1e-6)
        assert float((LOW[: 8 - shift] * HIGH[shift:]).sum()) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("size", [(40, 50), (41, 51), (33, 16), (8, 9), (1, 5)])
def test_one_level_equals_the_slow_reference_and_is_undone(size: tuple[int, int]) -> None:
    plane = np.random.default_rng(1).normal(100, 30, size).astype(np.float32)
    space = Workspace(*size)
    split_plane(plane, space.bands[0], space.ring, space.lines)
    low, high = slow.split(plane.astype(np.float64), 1)
    for band, wanted in zip(space.bands[0], (*slow.split(low, 0), *slow.split(high, 0)), strict=True):
        assert np.allclose(band, wanted, atol=2e-4)
    back = np.empty_like(plane)
    join_planes(space.bands[0][0], space.bands[0][1:], back, space.lines)
    assert np.allclose(back, plane, atol=2e-3)


def test_noise_equals_the_slow_reference_also_for_other_variances() -> None:
    plane = np.random.default_rng(2).uniform(0, 255, (131, 94)).astype(np.float32)
    for variance in (25.0, 400.0):
        found = compute_noise(plane, Workspace(131, 94), variance=variance)
        assert np.allclose(found, slow.compute_noise(plane, variance), atol=2e-3)


def test_weak_noise_passes_and_slow_shading_does_not() -> None:
    noise = np.random.default_rng(3).normal(0, 1, (256, 256)).astype(np.float32)
    shading = np.linspace(0, 100, 256, dtype=np.float32)[:, None]
    found = compute_noise(noise + shading, Workspace(256, 256))
    inner = np.s_[32:-32, 32:-32]
    assert np.corrcoef(found[inner].ravel(), noise[inner].ravel())[0, 1] > 0.95
    assert abs(float(found[inner].mean())) < 0.05


def test_joint_noise_is_the_weighted_sum() -> None:
    rng = np.random.default_rng(4)
    planes = [rng.uniform(0, 255, (70, 61)).astype(np.float32) for _ in range(2)]
    found = compute_joint_noise(zip((0.7, 0.3), planes, strict=True), Workspace(70, 61))
    wanted = 0.7 * slow.compute_noise(planes[0]) + 0.3 * slow.compute_noise(planes[1])
    assert np.allclose(found, wanted, atol=1e-3)
