import cv2
import numpy as np
import numpy.typing as npt
import pytest

from varde.camera.residual import Residual
from varde.camera.video_template import FOUND_Z, find_template

_SENSOR = (360, 480)


def _make_pattern(seed: int) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal(_SENSOR, np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.float32)


def _make_frame(
    pattern: npt.NDArray[np.float32], scale: float, shift: tuple[int, int], size: tuple[int, int]
) -> Residual:
    """Returns a frame's residual with the part of a pattern that begins at a shift, at a scale."""
    rows, columns = round(size[0] / scale), round(size[1] / scale)
    part = pattern[shift[0] : shift[0] + rows, shift[1] : shift[1] + columns]
    seen = cv2.resize(part, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(9).standard_normal(size, np.float32) + 2 * np.asarray(seen, np.float32)
    return Residual(noise, np.ones(size, np.float32), np.full(size, 128, np.uint8), 1.0)


@pytest.mark.parametrize(("scale", "shift"), [(0.8, (15, 40)), (0.9, (60, 20)), (1.0, (30, 80))])
def test_place_and_scale_of_a_frame_are_found(scale: float, shift: tuple[int, int]) -> None:
    size = (256, 320)
    template = find_template(_make_frame(_make_pattern(1), scale, shift, size), _make_pattern(1))
    assert template.z > 2 * FOUND_Z
    assert template.geometry.scale == pytest.approx(scale, rel=0.006)
    assert template.geometry.shift == pytest.approx(shift, abs=2)
    assert template.values.shape == size


def test_template_lies_under_the_frame() -> None:
    frame = _make_frame(_make_pattern(1), 0.8, (15, 40), (256, 320))
    template = find_template(frame, _make_pattern(1))
    assert np.corrcoef(template.values.ravel(), frame.values.ravel())[0, 1] > 0.15


def test_another_cameras_frame_is_not_found() -> None:
    frame = _make_frame(_make_pattern(2), 0.8, (15, 40), (256, 320))
    assert find_template(frame, _make_pattern(1)).z < FOUND_Z


def test_frame_of_the_whole_sensor_is_found_where_it_lies() -> None:
    template = find_template(_make_frame(_make_pattern(1), 1.0, (0, 0), _SENSOR), _make_pattern(1))
    assert template.geometry.scale == pytest.approx(1, rel=0.01)
    assert template.geometry.shift == pytest.approx((0, 0), abs=2)
