"""The best place of a plane against all places of the whole one."""

from __future__ import annotations

import numpy as np
import pytest
from noise_pictures import lay, make_pattern

from varde.camera.correlation import transform
from varde.camera.geometry import ORIENTATIONS, Orientation, orient, turned_size
from varde.camera.search_plane import MARGIN_PX, search_plane, transform_padded

PATTERN = make_pattern(1, 90, 120)


def _search(picture: np.ndarray, orientation: Orientation) -> tuple[float, tuple[int, int], int]:
    base = np.ascontiguousarray(orient(picture, orientation.base, mirrored=False))
    size = turned_size(picture.shape, orientation.turn)
    place = search_plane(transform_padded(base, (90, 120)), transform(PATTERN, (90, 120)), (90, 120), size, orientation)
    return place.height, place.shift, place.count


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("corner", [(0, 0), (7, 11), (40, 60), (50, 80)])
def test_crop_is_found_at_its_shift_in_every_turn(orientation: Orientation, corner: tuple[int, int]) -> None:
    crop = PATTERN[corner[0] : corner[0] + 40, corner[1] : corner[1] + 40]
    height, shift, count = _search(lay(crop, orientation.turn, mirrored=orientation.mirrored), orientation)
    assert shift == corner
    assert height > 800
    assert count == (50 + 2 * MARGIN_PX + 1) * (80 + 2 * MARGIN_PX + 1)


def test_whole_picture_is_searched_at_the_margin_only() -> None:
    height, shift, count = _search(np.roll(PATTERN, (-2, 3), (0, 1)), ORIENTATIONS[0])
    assert (shift, count) == ((2, -3), (2 * MARGIN_PX + 1) ** 2)
    assert height > 5000


def test_shift_beyond_the_margin_is_not_found() -> None:
    height, _, _ = _search(np.roll(PATTERN, (-20, 30), (0, 1)), ORIENTATIONS[0])
    assert height < 30


def test_padded_spectrum_is_that_of_a_plane_of_zeros() -> None:
    np.testing.assert_allclose(
        transform_padded(PATTERN[:40, :50], (90, 120)), transform(PATTERN[:40, :50], (90, 120)), atol=1e-4
    )


def test_picture_without_signal_has_no_height() -> None:
    height, _, _ = _search(np.zeros((40, 40), np.float32), ORIENTATIONS[0])
    assert height == 0
