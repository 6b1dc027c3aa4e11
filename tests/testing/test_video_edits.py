from __future__ import annotations

import numpy as np
import pytest

from varde.testing.video_edits import (
    VideoEdit,
    add_bars,
    crop,
    edit_video,
    list_edits,
    make_moving_scene,
    read_frames,
    write_frames,
)

FRAMES = make_moving_scene(np.random.default_rng(1), 40, 96, 64)


def test_what_is_written_is_read() -> None:
    frames, rate = read_frames(write_frames(FRAMES, 10, crf=10))
    assert (len(frames), rate) == (40, 10)
    assert np.abs(frames[20].astype(int) - FRAMES[20]).mean() < 8


def test_a_clip_and_its_time_in_the_original() -> None:
    edit = VideoEdit("clip", part=(0.25, 0.75))
    frames, _ = read_frames(edit_video(FRAMES, 10, edit, np.random.default_rng(2)))
    assert len(frames) == 20
    assert edit.to_original(0.5, 4.0) == 1.5
    assert np.abs(frames[5].astype(int) - FRAMES[15]).mean() < 12


def test_faster_means_fewer_frames() -> None:
    frames, rate = read_frames(edit_video(FRAMES, 10, VideoEdit("fast", speed=2.0), np.random.default_rng(2)))
    assert (len(frames), rate) == (20, 10)
    assert VideoEdit("fast", speed=2.0).to_original(1.0, 4.0) == 2.0


def test_other_scenes_around_it_shift_it() -> None:
    edit = VideoEdit("inside", around_s=2.0)
    frames, _ = read_frames(edit_video(FRAMES, 10, edit, np.random.default_rng(2)))
    assert len(frames) == 80
    assert edit.to_original(3.0, 4.0) == 1.0


@pytest.mark.parametrize(("change", "shape"), [(add_bars(0.25, sides=True), (64, 144)), (crop(0.75), (32, 48))])
def test_sizes_change_as_stated(change: object, shape: tuple[int, int]) -> None:
    assert callable(change)
    assert change(FRAMES[0]).shape[:2] == shape


def test_every_edit_gives_a_video_of_even_size() -> None:
    for edit in list_edits(np.random.default_rng(3)):
        frames, _ = read_frames(edit_video(FRAMES, 10, edit, np.random.default_rng(4)))
        assert frames, edit.name
