"""The signed PCE against a slow obvious one, at corners, with wrong planes."""

from __future__ import annotations

import numpy as np
import pytest

from varde.camera.pce import compute_pce
from varde.core.errors import WrongUse


def _slow(plane: np.ndarray, row: int, column: int) -> float:
    kept = [
        float(plane[r, c]) ** 2
        for r in range(plane.shape[0])
        for c in range(plane.shape[1])
        if not (
            min((r - row) % plane.shape[0], (row - r) % plane.shape[0]) <= 5
            and min((c - column) % plane.shape[1], (column - c) % plane.shape[1]) <= 5
        )
    ]
    return float(np.sign(plane[row, column]) * plane[row, column] ** 2 / np.mean(kept))


@pytest.mark.parametrize("place", [(0, 0), (0, 30), (39, 49), (20, 25), (38, 1)])
def test_equals_a_slow_one_wherever_the_peak_is(place: tuple[int, int]) -> None:
    plane = np.random.default_rng(1).standard_normal((40, 50), np.float32)
    plane[place] = 60
    peak = compute_pce(plane)
    assert (peak.row, peak.column) == place
    assert peak.pce == pytest.approx(_slow(plane, *place), rel=1e-5)


def test_same_peak_gives_the_same_at_a_corner_as_in_the_middle() -> None:
    plane = np.random.default_rng(2).standard_normal((64, 64), np.float32)
    plane[32, 32] = 50
    plane[30:35, 30:35] += 5
    moved = np.roll(plane, (-32, -32), (0, 1))
    assert compute_pce(moved).pce == pytest.approx(compute_pce(plane).pce, rel=1e-6)


def test_negative_correlation_keeps_its_sign_and_is_no_peak() -> None:
    plane = np.random.default_rng(3).standard_normal((40, 40), np.float32)
    plane[5, 6] = -50
    assert compute_pce(plane, (5, 6)).pce < -1000
    assert (compute_pce(plane).row, compute_pce(plane).column) != (5, 6)


def test_place_outside_the_plane_wraps() -> None:
    plane = np.random.default_rng(4).standard_normal((30, 30), np.float32)
    assert compute_pce(plane, (-1, 31)) == compute_pce(plane, (29, 1))


def test_plane_is_not_changed() -> None:
    plane = np.random.default_rng(5).standard_normal((30, 30), np.float32)
    before = plane.copy()
    compute_pce(plane)
    assert np.array_equal(plane, before)


def test_empty_correlation_is_zero() -> None:
    assert compute_pce(np.zeros((30, 30), np.float32)).pce == 0


def test_plane_without_a_place_outside_the_peak_is_refused() -> None:
    with pytest.raises(WrongUse, match="outside"):
        compute_pce(np.ones((11, 11), np.float32))
    with pytest.raises(WrongUse, match="rows and columns"):
        compute_pce(np.ones((0, 11), np.float32))


def test_mean_is_taken_over_the_places_that_bear_the_energy() -> None:
    plane = np.random.default_rng(6).standard_normal((40, 40), np.float32)
    plane[3, 3] = 40
    padded = np.zeros((40, 80), np.float32)
    padded[:, 6:46] = plane
    assert compute_pce(padded, count=1600).pce == pytest.approx(compute_pce(plane).pce, rel=0.03)
