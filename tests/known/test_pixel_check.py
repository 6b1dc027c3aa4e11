from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pictures_in_pictures import get_points, make_picture

from varde.known.pixel_check import _correlate, _sample, _smooth, compare_pixels

IDENTITY = np.array([[1.0, 0, 0], [0, 1, 0]])


def test_a_picture_agrees_with_itself() -> None:
    points = get_points(make_picture(1))
    found = compare_pixels(points, points, IDENTITY)
    assert (found.agreement, found.parts, found.middle, found.overlap) == (pytest.approx(1), 1.0, 1.0, 1.0)


def test_a_picture_contradicts_its_negative() -> None:
    points = get_points(make_picture(1))
    found = compare_pixels(points.invert(), points, IDENTITY)
    assert found.agreement == pytest.approx(-1, abs=0.01)
    assert found.parts == 0.0


def test_a_picture_beside_the_query_does_not_overlap() -> None:
    points = get_points(make_picture(1))
    found = compare_pixels(points, points, np.array([[1.0, 0, 900], [0, 1, 0]]))
    assert (found.agreement, found.checked, found.overlap) == (0.0, 0, 0.0)


def test_overlap_of_a_part_is_the_share_of_the_query() -> None:
    points = get_points(make_picture(1))
    found = compare_pixels(points, points, np.array([[2.0, 0, 0], [0, 2, 0]]))
    assert found.overlap == 1.0


def test_a_flat_overlap_says_nothing() -> None:
    points = get_points(make_picture(1))
    flat = replace(points, thumbnail=np.full_like(points.thumbnail, 80))
    found = compare_pixels(flat, flat, IDENTITY)
    assert (found.agreement, found.parts, found.checked) == (0.0, 0.0, 0)


@pytest.mark.parametrize("size", [(1, 1), (2, 80), (80, 1)])
def test_tiny_thumbnails_are_no_trouble(size: tuple[int, int]) -> None:
    points = replace(get_points(make_picture(1)), thumbnail=np.arange(size[0] * size[1], dtype=np.uint8).reshape(size))
    assert -1 <= compare_pixels(points, points, IDENTITY).agreement <= 1


def test_correlation_of_flat_and_structured_is_nothing() -> None:
    ramp = np.linspace(0, 255, 50)
    assert _correlate(ramp, ramp * 0.5 + 3) == pytest.approx(1)
    assert _correlate(ramp, np.full(50, 9.0)) == 0.0
    assert _correlate(np.full(50, 9.0), np.full(50, 10.0)) is None


def test_smoothing_equals_the_slow_mean() -> None:
    grey = np.random.default_rng(0).uniform(0, 255, (9, 12))
    padded = np.pad(grey, 1, mode="edge")
    slow = np.array([[padded[y : y + 3, x : x + 3].mean() for x in range(12)] for y in range(9)])
    assert np.allclose(_smooth(grey, 2.6), slow)
    assert _smooth(grey, 1.0) is grey


def test_smoothing_by_more_than_the_picture_costs_no_more_memory() -> None:
    grey = np.random.default_rng(0).uniform(0, 255, (9, 12))
    np.testing.assert_array_equal(_smooth(grey, 1e9), _smooth(grey, 25))


def test_sampling_between_pixels_interpolates() -> None:
    grey = np.array([[0.0, 10.0], [20.0, 30.0]])
    x, y = np.array([0.5, 1.0, 1.5, 9.0]), np.array([0.5, 0.5, 1.5, -5.0])
    assert np.allclose(_sample(grey, x, y), [0, 5, 30, 10])
