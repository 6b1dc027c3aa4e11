"""Quality: falls with everything that makes a face bear less."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from varde.core.outcome import NotComparable, Reason
from varde.faces.align import ARCFACE112, Similarity
from varde.faces.crops import cut_crop, open_crop
from varde.faces.quality import compute_quality, compute_turn, judge, measure

LANDMARKS = np.array([[205.0, 110.0], [242.0, 108.0], [224.0, 130.0], [209.0, 148.0], [241.0, 147.0]])
"""Of the one real face in scikit-image's `astronaut`, by eye."""


def rate(picture: np.ndarray, landmarks: np.ndarray = LANDMARKS, width_px: float = 80, confidence: float = 0.9) -> int:
    return compute_quality(measure(open_crop(cut_crop(picture, landmarks)), landmarks, width_px, confidence))


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut())


def test_a_good_face_is_good(face: np.ndarray) -> None:
    assert rate(face) > 60


def test_blur_darkness_size_and_doubt_lower_it(face: np.ndarray) -> None:
    good = rate(face)
    assert rate(cv2.GaussianBlur(face, (0, 0), 4)) < good
    assert rate((face * 0.02).astype(np.uint8)) < good
    assert rate(face, width_px=22) < good
    assert rate(face, confidence=0.5) < good


def test_a_plain_patch_is_worth_nothing() -> None:
    assert rate(np.full((300, 300, 3), 128, np.uint8)) == 0


def test_turn_of_the_frontal_template_is_none_and_of_a_profile_much() -> None:
    assert compute_turn(ARCFACE112) < 0.05
    profile = ARCFACE112.copy()
    profile[2, 0] += 18
    assert compute_turn(profile) > 0.35
    assert compute_turn(Similarity(0.3, 2.0, 5, 5).apply(profile)) == pytest.approx(compute_turn(profile))


def test_small_and_poor_faces_are_not_compared_with_their_reason() -> None:
    assert judge(60, 80) is None
    small, poor = judge(14, 80), judge(60, 5)
    assert isinstance(small, NotComparable)
    assert small.reason is Reason.TOO_SMALL
    assert isinstance(poor, NotComparable)
    assert poor.reason is Reason.QUALITY_TOO_LOW
