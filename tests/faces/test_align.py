"""Aligning: the similarity between landmarks and templates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import WrongUse
from varde.faces.align import ARCFACE112, DLIB150, Similarity, complete_dlib_points, compute_tilt, fit_similarity

NUMBERS = st.floats(-50, 50)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_fit_finds_the_similarity_that_moved_the_points(a: float, b: float, c: float, d: float) -> None:
    moved = Similarity(a, b, c, d)
    found = fit_similarity(ARCFACE112, moved.apply(ARCFACE112))
    np.testing.assert_allclose(found.matrix, moved.matrix, atol=1e-8)


def test_fit_equals_the_solution_of_least_squares() -> None:
    target = ARCFACE112 + np.random.default_rng(2).normal(0, 5, (5, 2))
    rows = [row for x, y in ARCFACE112 for row in ((x, -y, 1, 0), (y, x, 0, 1))]
    expected = np.linalg.lstsq(np.array(rows), target.reshape(-1), rcond=None)[0]
    found = fit_similarity(ARCFACE112, target)
    np.testing.assert_allclose((found.a, found.b, found.c, found.d), expected)


def test_inverse_and_chain_bring_points_back() -> None:
    one = Similarity(1.2, -0.4, 7, -3)
    np.testing.assert_allclose(one.follow(one.invert()).matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_tilt_is_clockwise_as_seen() -> None:
    turn = Similarity(float(np.cos(0.5)), float(np.sin(0.5)), 10, 0)
    assert compute_tilt(turn.apply(ARCFACE112)) == pytest.approx(np.degrees(0.5), abs=1e-6)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.zeros((1, 2)), np.zeros((4, 2))])
def test_points_that_say_nothing_are_refused(points: np.ndarray) -> None:
    with pytest.raises(WrongUse):
        fit_similarity(points, ARCFACE112)


def test_dlib_points_of_the_mean_face_give_the_mean_landmarks() -> None:
    own = np.array([[110.96, 46.35], [89.61, 47.90], [37.06, 46.37], [58.41, 47.91], [74.01, 87.78]])
    assert np.abs(complete_dlib_points(own) - DLIB150).max() < 2.5
