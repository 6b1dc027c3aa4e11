from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures
from varde.hashing import local_features
from varde.hashing.local_features import METHOD, MIN_POINTS, compute_local_features, compute_points, warm_up
from varde.hashing.local_points import Points, read_points
from varde.testing.pictures import make_photo


def make_grey(seed: int = 0, width: int = 640, height: int = 480) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(make_photo(np.random.default_rng(seed), width, height)).convert("L"))


def get_points(grey: npt.NDArray[np.uint8]) -> Points:
    outcome = compute_points(grey)
    assert isinstance(outcome, Points)
    return outcome


def share_of_common(a: Points, b: Points) -> float:
    """Returns which share of a's points b has too: same place, size and angle, and nearly the same signature."""
    apart = np.hypot(a.x[:, None] - b.x, a.y[:, None] - b.y)
    turned = np.abs((a.angle[:, None] - b.angle + np.pi) % (2 * np.pi) - np.pi)
    differing = np.bitwise_count(a.signatures[:, None] ^ b.signatures[None]).sum(axis=2)
    return float(((apart < 2) & (turned < 0.2) & (differing <= 24)).any(axis=1).mean())


def test_method_has_a_name_and_a_version() -> None:
    assert str(METHOD) == "local-features/1"


def test_a_picture_takes_about_eight_kilobytes() -> None:
    outcome = compute_local_features(make_grey())
    assert isinstance(outcome, LocalFeatures)
    assert outcome.points >= 100
    assert len(outcome.data) <= 9000
    assert outcome.offset_s is None


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert compute_local_features(make_grey()) == compute_local_features(make_grey())


def test_points_of_the_mirrored_picture_follow_from_the_picture() -> None:
    grey = make_grey(1)
    assert share_of_common(get_points(grey).mirror(), get_points(np.ascontiguousarray(grey[:, ::-1]))) > 0.8


def test_points_of_the_negative_follow_from_the_picture() -> None:
    grey = make_grey(2)
    assert share_of_common(get_points(grey).invert(), get_points(255 - grey)) > 0.9


@pytest.mark.parametrize("turn", ["mirror", "invert"])
def test_turning_twice_gives_the_first_points(turn: str) -> None:
    points = get_points(make_grey(3))
    again = getattr(getattr(points, turn)(), turn)()
    assert np.array_equal(again.words, points.words)
    assert np.array_equal(again.signatures, points.signatures)
    assert np.allclose(again.x, points.x, atol=1e-3)
    assert np.allclose(np.cos(again.angle - points.angle), 1)


def test_every_part_of_the_picture_keeps_points() -> None:
    grey = make_grey(4).copy()
    grey[:, :320] = grey[:, :320] // 2 + 60
    points = get_points(grey)
    assert np.count_nonzero(points.x < 256) >= 20
    assert np.count_nonzero(points.x > 256) >= 40


def test_a_flat_picture_is_not_comparable() -> None:
    outcome = compute_local_features(np.full((300, 300), 80, np.uint8))
    assert outcome == NotComparable(Reason.QUALITY_TOO_LOW, f"0 points; local features need {MIN_POINTS}")


def test_a_tiny_picture_is_not_comparable() -> None:
    outcome = compute_local_features(np.zeros((10, 300), np.uint8))
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.TOO_SMALL


@pytest.mark.parametrize("array", [np.zeros((4, 4, 3), np.uint8), np.zeros((40, 40), np.float32)])
def test_what_is_no_grey_picture_is_refused(array: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(WrongUse):
        compute_local_features(array)


@given(st.integers(24, 200), st.integers(24, 200), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_any_picture_gives_readable_features_or_a_reason(height: int, width: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 1 + 80 * seed, (height, width), np.uint8)
    outcome = compute_local_features(grey)
    if isinstance(outcome, LocalFeatures):
        assert len(read_points(outcome.data)) == outcome.points >= MIN_POINTS
    else:
        assert outcome.detail


def test_a_long_strip_has_features() -> None:
    outcome = compute_local_features(make_grey(5, 2000, 60))
    assert isinstance(outcome, LocalFeatures | NotComparable)


def test_warming_up_leaves_one_thread() -> None:
    import cv2

    warm_up()
    assert cv2.getNumThreads() == 1


def test_an_error_of_opencv_is_a_reason_and_not_the_end_of_the_item(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def detect(self, *_: object) -> None:
            cv2.resize(np.zeros((0, 0), np.uint8), (1, 1))

    monkeypatch.setattr(local_features, "_make_sift", Failing)
    outcome = compute_local_features(np.zeros((64, 64), np.uint8))
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.NOT_DECODED
