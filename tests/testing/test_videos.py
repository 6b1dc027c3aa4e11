from __future__ import annotations

import io

import numpy as np

from varde.core.limits import DecodeLimits
from varde.core.media import MediaKind
from varde.media.sniff import sniff
from varde.media.video import read_video
from varde.testing.videos import make_scene, make_video


def test_a_video_has_a_key_frame_for_every_scene() -> None:
    offsets: list[float] = []
    reading = read_video(
        io.BytesIO(make_video(np.random.default_rng(1), scenes=3)), DecodeLimits(), lambda at, *_: offsets.append(at)
    )
    assert offsets == [0.0, 1.0, 2.0]
    assert (reading.facts.width_px, reading.facts.height_px, reading.facts.frames) == (320, 240, 36)
    assert not reading.issues


def test_a_video_is_small_and_repeatable() -> None:
    data = make_video(np.random.default_rng(1))
    assert data == make_video(np.random.default_rng(1))
    assert 50_000 < len(data) < 600_000
    assert sniff(data).kind is MediaKind.VIDEO


def test_the_frames_of_a_scene_move() -> None:
    frames = make_scene(np.random.default_rng(1), 4)
    assert [frame.shape for frame in frames] == [(240, 320, 3)] * 4
    assert not np.array_equal(frames[0], frames[1])
    assert np.array_equal(frames[0][:, 2:], frames[1][:, :-2])
