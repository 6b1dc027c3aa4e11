"""Looking for faces in several sizes and turns."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.errors import WrongUse
from varde.faces.align import ARCFACE112
from varde.faces.detect import Looks, choose_sizes, find_faces
from varde.faces.raw import Pixels, RawFace


class BrightSquare:
    """Takes a bright square of at most so many pixels for a face, if the corner that says so is on the left top."""

    def __init__(self, largest_px: int = 300) -> None:
        self.largest_px = largest_px
        self.sizes: list[tuple[int, int]] = []

    def detect(self, rgb: Pixels) -> list[RawFace]:
        self.sizes.append(rgb.shape[:2])
        rows, columns = np.nonzero(rgb[..., 0] > 128)
        if len(rows) == 0:
            return []
        left, top, size = float(columns.min()), float(rows.min()), float(np.ptp(columns)) + 1
        is_upright = rgb[int(top) + int(size) // 5, int(left) + int(size) // 5, 1] > 128
        if size > self.largest_px or not is_upright:
            return []
        return [RawFace(left, top, size, size, (ARCFACE112 * size / 112 + (left, top)).astype(np.float32), 0.9)]


def draw(width: int, height: int, left: int, top: int, size: int) -> Pixels:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[top : top + size, left : left + size, 0] = 255
    picture[top : top + size // 2, left : left + size // 2, 1] = 255
    return picture


def test_a_face_is_found_where_it_is() -> None:
    found = find_faces(draw(400, 300, 50, 60, 100), BrightSquare(), Looks())
    assert [(face.left, face.top, face.angle) for face in found.faces] == [(50, 60, 0)]
    assert found.looked_at == "400 px, 0"


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_face_is_found_in_its_turn_and_brought_back(angle: int) -> None:
    upright = draw(400, 300, 50, 60, 100)
    turned = np.ascontiguousarray(np.rot90(upright, -(angle // 90)))
    (face,) = find_faces(turned, BrightSquare(), Looks()).faces
    assert face.angle == angle
    columns = np.nonzero(turned[..., 0])[1]
    assert face.left == columns.min()


def test_turning_can_be_left_out() -> None:
    detector = BrightSquare()
    assert find_faces(np.zeros((300, 400, 3), np.uint8), detector, Looks(), turned=False).faces == ()
    assert len(detector.sizes) == 1


def test_a_face_too_large_for_the_detector_is_found_in_the_smaller_look() -> None:
    (face,) = find_faces(draw(1600, 1200, 300, 200, 700), BrightSquare(), Looks(refined_px=0)).faces
    assert face.left == pytest.approx(300, abs=4)
    assert face.width == pytest.approx(700, abs=6)


def test_no_picture_is_looked_at_larger_than_the_bound() -> None:
    detector = BrightSquare()
    find_faces(np.zeros((3000, 4000, 3), np.uint8), detector, Looks(), thorough=True)
    assert max(max(size) for size in detector.sizes) == 1600


def test_sizes_leave_out_looks_that_add_nothing() -> None:
    assert choose_sizes(700, Looks(), thorough=False) == [700]
    assert choose_sizes(5000, Looks(), thorough=False) == [1600, 640]
    assert choose_sizes(700, Looks(), thorough=True) == [1400, 640]
    assert choose_sizes(700, Looks(longest_px=2400, enlarged=3, further_px=()), thorough=False) == [2100]


def test_a_picture_whose_face_is_seen_with_doubt_is_turned_and_the_surer_sight_kept() -> None:
    class Doubting(BrightSquare):
        def detect(self, rgb: Pixels) -> list[RawFace]:
            if rgb[0, 0, 2]:
                return super().detect(rgb)
            rows, columns = np.nonzero(rgb[..., 0] > 128)
            left, top = float(columns.min()), float(rows.min())
            points = (ARCFACE112 * 100 / 112 + (left, top)).astype(np.float32)
            return [RawFace(left, top, 100, 100, points, 0.8)]

    upright = draw(400, 300, 50, 60, 100)
    upright[0, 0, 2] = 1
    (face,) = find_faces(np.ascontiguousarray(np.rot90(upright, -1)), Doubting(), Looks()).faces
    assert (face.angle, face.confidence) == (90, 0.9)


def test_an_unlikely_face_in_a_turned_picture_is_not_believed() -> None:
    upright = np.ascontiguousarray(np.rot90(draw(400, 300, 50, 60, 100), 1))
    assert find_faces(upright, BrightSquare(), Looks(turned_confidence=0.95)).faces == ()


def test_grey_arrays_are_refused() -> None:
    with pytest.raises(WrongUse):
        find_faces(np.zeros((10, 10), np.uint8), BrightSquare(), Looks())


class GuessingSquare(BrightSquare):
    """Takes lying squares for faces too, and places their landmarks as if they were upright."""

    def __init__(self, upright: tuple[float, float], lying: tuple[float, float]) -> None:
        super().__init__()
        self._upright = upright
        self._lying = lying

    def detect(self, rgb: Pixels) -> list[RawFace]:
        rows, columns = np.nonzero(rgb[..., 0] > 128)
        if len(rows) == 0:
            return []
        left, top, size = float(columns.min()), float(rows.min()), float(np.ptp(columns)) + 1
        landmarks = (ARCFACE112 * size / 112 + (left, top)).astype(np.float32)
        return [RawFace(left, top, size, size, landmarks, self._choose(rgb, left, top, size)[0])]

    def measure_scatter(self, rgb: Pixels, face: RawFace) -> float:
        return self._choose(rgb, face.left, face.top, face.width)[1]

    def _choose(self, rgb: Pixels, left: float, top: float, size: float) -> tuple[float, float]:
        is_upright = rgb[round(top + size / 5), round(left + size / 5), 1] > 128
        return self._upright if is_upright else self._lying


@pytest.mark.parametrize(
    ("upright", "lying"),
    [((0.95, 0.1), (0.9, 0.1)), ((0.9, 0.01), (0.95, 0.1)), ((0.95, 0.06), (0.8, 0.05))],
    ids=["surer", "steadier", "much surer and a little less steady"],
)
def test_a_lying_face_whose_landmarks_are_guessed_is_turned_upright(
    upright: tuple[float, float], lying: tuple[float, float]
) -> None:
    detector = GuessingSquare(upright, lying)
    standing = draw(200, 160, 60, 40, 80)
    (expected,) = find_faces(standing, detector, Looks()).faces
    (found,) = find_faces(np.ascontiguousarray(np.rot90(standing, 1)), detector, Looks()).faces
    x, y = expected.landmarks[:, 0], expected.landmarks[:, 1]
    assert (expected.angle, found.angle) == (0, 270)
    assert np.abs(found.landmarks - np.stack((y, 200 - x), axis=1)).max() < 3
