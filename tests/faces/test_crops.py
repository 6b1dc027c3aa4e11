"""Crops: one stored picture from which every network's picture is cut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from varde.core.errors import FormatError, WrongUse
from varde.faces.align import ARCFACE112, DLIB150, TEMPLATES, Similarity, fit_similarity
from varde.faces.crops import ALIGNMENTS, MOST_K, cut_chip, cut_crop, encode_crop, open_crop, place_landmarks


def draw(landmarks: np.ndarray, size: int = 500) -> np.ndarray:
    """Returns a grey picture with a soft white dot on each landmark."""
    rows, columns = np.mgrid[0:size, 0:size] + 0.5
    dots = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18) for x, y in landmarks)
    return np.repeat((60 + 180 * np.clip(dots, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)


def find_dot(picture: np.ndarray, x: float, y: float) -> tuple[float, float]:
    left, top = int(x) - 5, int(y) - 5
    part = picture[top : top + 11, left : left + 11, 0].astype(np.float64) - 60
    part = np.clip(part, 0, None)
    rows, columns = np.mgrid[0:11, 0:11] + 0.5
    return left + (part * columns).sum() / part.sum(), top + (part * rows).sum() / part.sum()


@pytest.mark.parametrize("turn", [0.0, 0.6, 2.5])
@pytest.mark.parametrize("alignment", ["arcface112", "dlib150"])
def test_landmarks_land_where_the_template_has_them(turn: float, alignment: str) -> None:
    pose = Similarity(1.6 * float(np.cos(turn)), 1.6 * float(np.sin(turn)), 0, 0)
    points = pose.apply(ARCFACE112)
    points += 250 - points.mean(axis=0)
    crop = open_crop(cut_crop(draw(points), points))
    chip = cut_chip(crop, alignment, TEMPLATES[alignment].size_px)
    expected = fit_similarity(ARCFACE112, TEMPLATES[alignment].points).apply(ARCFACE112)
    for x, y in expected:
        assert np.hypot(*np.subtract(find_dot(chip, x, y), (x, y))) < 0.6


def test_fitted_templates_lie_within_a_pixel_or_two_of_their_points() -> None:
    assert np.abs(fit_similarity(ARCFACE112, DLIB150).apply(ARCFACE112) - DLIB150).max() < 4


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.0, 3.0, 40.0])
def test_crops_have_8k_by_9k_pixels_and_stay_small(factor: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    data = cut_crop(noise, ARCFACE112 * factor + 20)
    height, width = open_crop(data).shape[:2]
    assert width % 8 == 0
    assert height * 8 == width * 9
    assert width <= 8 * MOST_K
    assert len(data) < 150_000


def test_a_face_outside_the_picture_is_black() -> None:
    data = cut_crop(np.full((50, 50, 3), 200, np.uint8), ARCFACE112 + 5000)
    assert open_crop(data).max() < 8


def test_placed_landmarks_are_where_the_crop_shows_them() -> None:
    points = Similarity(1.1, 0.5, 120, 100).apply(ARCFACE112)
    picture = draw(points)
    crop = open_crop(cut_crop(picture, points))
    shares = place_landmarks(points / 500, 500, 500)
    for x, y in shares * (crop.shape[1], crop.shape[0]):
        assert np.hypot(*np.subtract(find_dot(crop, x, y), (x, y))) < 0.8


def test_encoding_and_opening_keep_the_picture() -> None:
    pixels = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (216, 192, 3), np.uint8), (0, 0), 4)
    assert np.abs(open_crop(encode_crop(pixels)).astype(int) - pixels).mean() < 2


@pytest.mark.parametrize("data", [b"", b"no picture", encode_crop(np.zeros((100, 100, 3), np.uint8))])
def test_what_is_no_crop_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        open_crop(data)


def test_unknown_alignments_and_useless_landmarks_are_refused() -> None:
    with pytest.raises(FormatError, match="aligned"):
        cut_chip(np.zeros((144, 128, 3), np.uint8), "other", 112)
    with pytest.raises(WrongUse):
        cut_crop(np.zeros((50, 50, 3), np.uint8), np.ones((5, 2)))
    assert set(ALIGNMENTS) == {"arcface112", "dlib150", "age112"}
