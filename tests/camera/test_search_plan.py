"""Which scales and angles are tried, and that none falls between two."""

from __future__ import annotations

import numpy as np
import pytest

from varde.camera.search_plan import (
    BANDS,
    STEP_PX,
    angle_steps,
    choose_band,
    grid_steps,
    usual_scales,
    whole_scales,
)


@pytest.mark.parametrize("band", [1.0, 0.5])
@pytest.mark.parametrize("size", [(512, 512), (900, 1600), (300, 400)])
def test_scales_leave_no_gap(size: tuple[int, int], band: float) -> None:
    steps = grid_steps(size, (1836, 3264), (1836, 3264), band)
    scales = np.array([each.scale / band for each in steps])
    assert scales[0] >= max(0.25, size[1] / 3264, size[0] / 1836) * (1 - 1 / 1000)
    assert scales[-1] > 1 - STEP_PX / max(size) / band
    moves = np.diff(scales) / scales[:-1] * max(size) * band
    assert moves.min() > 0
    assert moves.max() < STEP_PX * 1.3


def test_planes_keep_the_shape_of_the_sensor() -> None:
    for each in grid_steps((512, 512), (1836, 3264), (1836, 3264), 1.0):
        assert abs(each.plane_px[0] - each.plane_px[1] * 1836 / 3264) <= 0.5


def test_whole_pictures_of_full_width_or_height_are_known() -> None:
    assert set(whole_scales((900, 1600), (1836, 3264))) == {1600 / 3264, 900 / 1836}
    assert whole_scales((1080, 1920), (3000, 4000)) == [0.48]
    assert whole_scales((3000, 4000), (3000, 4000)) == []


def test_crops_of_usual_sizes_are_known_where_they_fit() -> None:
    scales = usual_scales((500, 500), (1836, 3264))
    assert 1600 / 3264 in scales
    assert 960 / 3264 in scales
    assert min(usual_scales((900, 1600), (1836, 3264))) >= 1600 / 3264


def test_angles_go_up_to_five_degrees_each_way_in_steps_of_two_pixels() -> None:
    angles = sorted(angle_steps((2000, 3000)))
    assert (angles[0], angles[-1]) == (-5, 5)
    assert np.radians(np.diff(angles)).max() * 3000 <= 2 * STEP_PX
    assert 0 not in angles


def test_band_narrows_with_the_work() -> None:
    assert choose_band(1e6) == 1
    assert choose_band(1e9) < 1
    assert choose_band(1e15) == BANDS[-1]
