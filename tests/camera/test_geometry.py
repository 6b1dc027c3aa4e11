"""Turns, mirrors, and where a plane holds which shift."""

from __future__ import annotations

import numpy as np
import pytest

from varde.camera.correlation import correlate, prepare_values, transform
from varde.camera.geometry import ORIENTATIONS, Orientation, orient, place_of, turned_size


def test_there_are_eight_different_ones_and_the_picture_as_it_is_comes_first() -> None:
    picture = np.arange(6).reshape(2, 3)
    laid = {orient(picture, each.turn, mirrored=each.mirrored).tobytes() for each in ORIENTATIONS}
    assert len(laid) == 8
    assert (ORIENTATIONS[0].turn, ORIENTATIONS[0].mirrored) == (0, False)


def test_turns_are_counter_clockwise_after_mirroring() -> None:
    picture = np.array([[1, 2], [3, 4]])
    assert orient(picture, 90, mirrored=False).tolist() == [[2, 4], [1, 3]]
    assert orient(picture, 90, mirrored=True).tolist() == [[1, 3], [2, 4]]


def test_size_is_swapped_by_a_quarter_turn_only() -> None:
    assert [turned_size((2, 3), turn) for turn in (0, 90, 180, 270)] == [(2, 3), (3, 2), (2, 3), (3, 2)]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("shift", [(0, 0), (4, 7), (-3, 2)])
def test_place_holds_the_correlation_of_the_turned_picture_at_the_shift(
    orientation: Orientation, shift: tuple[int, int]
) -> None:
    rng = np.random.default_rng(1)
    pattern, picture = rng.standard_normal((24, 30), np.float32), rng.standard_normal((14, 17), np.float32)
    laid = orient(picture, orientation.turn, mirrored=orientation.mirrored)
    base = np.ascontiguousarray(orient(picture, orientation.base, mirrored=False))
    plane = correlate(
        transform(base, (24, 30)), prepare_values(pattern), turned=orientation.turned, flipped=orientation.flipped
    )
    rolled = np.roll(pattern, (-shift[0], -shift[1]), (0, 1))[: laid.shape[0], : laid.shape[1]]
    place = place_of(shift, orientation, laid.shape, (24, 30))
    assert plane[place] == pytest.approx(float((laid * rolled).sum()), abs=1e-3)
