from __future__ import annotations

import av
import numpy as np
import pytest

from varde.media.shots import ShotDetector
from varde.testing.videos import make_scene


def find_shots(pixels: list[np.ndarray], layout: str = "yuv420p") -> list[int]:
    detector = ShotDetector()
    frames = (av.VideoFrame.from_ndarray(each, format="rgb24").reformat(format=layout) for each in pixels)
    return [number for number, frame in enumerate(frames) if detector.add(frame)]


@pytest.mark.parametrize("layout", ["yuv420p", "yuv420p10le", "rgb24", "nv12"])
def test_cuts_between_scenes_are_shots_and_pans_are_not(layout: str) -> None:
    pixels = [frame for seed in range(4) for frame in make_scene(np.random.default_rng(seed), 6)]
    assert find_shots(pixels, layout) == [6, 12, 18]


def test_a_flat_change_of_brightness_is_a_shot_from_black_to_white_only() -> None:
    frames = [np.full((48, 64, 3), level, np.uint8) for level in (0, 4, 8, 250)]
    assert find_shots(frames) == [3]


def test_after_a_reset_the_first_frame_begins_no_shot() -> None:
    detector = ShotDetector()
    black, white = (av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8)) for level in (0, 255))
    assert not detector.add(black)
    detector.reset()
    assert not detector.add(white)


def test_a_change_of_size_begins_no_shot_and_tiny_frames_are_taken() -> None:
    detector = ShotDetector()
    for side in (2, 8, 200):
        assert not detector.add(av.VideoFrame.from_ndarray(np.full((side, side, 3), side, np.uint8)))
