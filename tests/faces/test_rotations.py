"""Turned pictures: places brought back, sights joined."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.errors import WrongUse
from varde.faces.align import ARCFACE112
from varde.faces.raw import RawFace
from varde.faces.rotations import ANGLES, is_steep, join_sights, rescale, shift, turn, turn_back


def make_face(left: float, top: float, confidence: float = 0.9, size: float = 112.0) -> RawFace:
    points = (ARCFACE112 * size / 112 + (left, top)).astype(np.float32)
    return RawFace(left, top, size, size, points, confidence)


@pytest.mark.parametrize("angle", ANGLES)
def test_a_place_in_the_turned_picture_is_brought_back(angle: int) -> None:
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[20:24, 70:76] = 255
    rows, columns = np.nonzero(turn(picture, angle)[..., 0])
    left, top = float(columns.min()), float(rows.min())
    width, height = float(np.ptp(columns)) + 1, float(np.ptp(rows)) + 1
    face = RawFace(left, top, width, height, np.array([[left, top]] * 5, np.float32), 0.9)
    back = turn_back(face, angle, 100, 60)
    assert (back.left, back.top, back.width, back.height) == (70, 20, 6, 4)
    assert back.angle == angle


def test_a_face_upright_in_its_turn_is_not_steep_and_one_on_its_side_is() -> None:
    upright = make_face(10, 10)
    assert not is_steep(upright)
    assert not is_steep(turn_back(upright, 90, 300, 200))
    lying = turn_back(upright, 90, 300, 200)
    assert is_steep(RawFace(lying.left, lying.top, lying.width, lying.height, lying.landmarks, 0.9, angle=0))


def test_sights_of_one_face_are_joined_and_neighbours_kept() -> None:
    faces = [make_face(0, 0, 0.8), make_face(4, 2, 0.9), make_face(200, 0, 0.7), make_face(30, 30, 0.6, size=40)]
    assert [(face.left, face.confidence) for face in join_sights(faces)] == [(4, 0.9), (200, 0.7)]


def test_an_upright_sight_is_better_than_a_more_confident_lying_one() -> None:
    upright = make_face(50, 50, 0.7)
    points = np.stack([162 - (upright.landmarks[:, 1] - 50), upright.landmarks[:, 0]], axis=1)
    lying = RawFace(50, 50, 112, 112, points.astype(np.float32), 0.99)
    assert join_sights([lying, upright]) == [upright]


def test_nothing_joined_is_nothing() -> None:
    assert join_sights([]) == []


def test_rescaling_and_shifting_move_box_and_landmarks() -> None:
    moved = shift(rescale(make_face(10, 20), 2), 5, -5)
    assert (moved.left, moved.top, moved.width) == (25, 35, 224)
    np.testing.assert_allclose(moved.landmarks, make_face(10, 20).landmarks * 2 + (5, -5))


def test_other_angles_are_refused() -> None:
    with pytest.raises(WrongUse):
        turn(np.zeros((4, 4, 3), np.uint8), 45)
