from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from varde.camera.weighting import FLOOR, level_and_weigh
from varde.camera.workspace import Workspace


def weigh(values: np.ndarray, usable: np.ndarray) -> tuple[Workspace, float]:
    height, width = values.shape
    space = Workspace(height, width)
    space.noise[:], space.usable[:] = values, usable
    energy = level_and_weigh(space.noise, np.zeros((height, 2), np.float32), np.zeros((16, width), np.float32), space)
    return space, energy


@pytest.mark.parametrize("size", [(60, 70), (31, 33), (5, 7)])
def test_weights_equal_the_slow_reference(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    values, usable = rng.normal(0, 2, size).astype(np.float32), rng.random(size) < 0.8
    space, energy = weigh(values, usable)
    hidden = np.where(usable, values, 0).astype(np.float64)
    squares = uniform_filter(hidden**2, 9, mode="constant")
    variance = squares / np.maximum(uniform_filter(usable.astype(np.float64), 9, mode="constant"), 1e-9)
    assert np.allclose(space.weights, np.where(usable, 1 / (variance + FLOOR), 0), rtol=1e-4)
    assert np.array_equal(space.noise, hidden.astype(np.float32))
    assert energy == pytest.approx((hidden**2).sum(), rel=1e-5)


def test_texture_weighs_less_than_a_smooth_field() -> None:
    values = np.random.default_rng(2).normal(0, 1, (64, 64)).astype(np.float32)
    values[:, 32:] *= 8
    space, _ = weigh(values, np.ones((64, 64), bool))
    assert space.weights[:, :28].mean() > 10 * space.weights[:, 36:].mean()


def test_nothing_usable_weighs_nothing() -> None:
    space, energy = weigh(np.ones((20, 20), np.float32), np.zeros((20, 20), bool))
    assert not space.weights.any()
    assert energy == 0


def test_row_and_column_means_are_taken_away() -> None:
    space = Workspace(20, 21)
    space.noise[:], space.usable[:] = 5, 1
    rows, columns = np.full((20, 2), 3, np.float32), np.full((16, 21), 2, np.float32)
    assert level_and_weigh(space.noise, rows, columns, space) == 0
    assert not space.noise.any()
