"""Two faces laid over one another."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.errors import WrongUse
from varde.faces.align import ARCFACE112, Similarity
from varde.faces.compare import overlay

SHARES = (ARCFACE112 / 112).astype(np.float32)


def test_the_same_face_at_another_size_fits_without_rest() -> None:
    found = overlay(SHARES, (192, 216), SHARES, (96, 108))
    assert found.transform.scale == pytest.approx(2)
    assert found.residual == pytest.approx(0, abs=1e-6)


def test_css_numbers_move_a_point_as_the_transform_does() -> None:
    moved = Similarity(0.9, 0.2, 0.1, -0.05).apply(SHARES).astype(np.float32)
    found = overlay(SHARES, (100, 100), moved, (100, 100))
    a, b, c, d, e, f = found.css
    x, y = moved[2] * 100
    np.testing.assert_allclose((a * x + c * y + e, b * x + d * y + f), SHARES[2] * 100, atol=1e-3)


def test_a_turned_head_leaves_a_rest_and_eyes_can_be_brought_together_alone() -> None:
    turned = SHARES.copy()
    turned[2, 0] += 0.15
    assert overlay(SHARES, (100, 100), turned, (100, 100)).residual > 0.05
    both = overlay(SHARES, (100, 100), turned, (100, 100), eyes_only=True)
    np.testing.assert_allclose(both.transform.apply(turned[:2] * 100), SHARES[:2] * 100, atol=1e-4)


def test_landmarks_in_one_place_are_refused() -> None:
    with pytest.raises(WrongUse):
        overlay(SHARES, (100, 100), np.ones((5, 2), np.float32), (100, 100))
