"""Edited copies of made-up scenes against the dense hashes of the originals, by frame hashes alone."""

from __future__ import annotations

import io

import numpy as np
import pytest

from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing.video_hash import list_references
from varde.known.video_frames import VideoFrames, compare_frames
from varde.known.video_match import match_video
from varde.known.video_stretch import NoVideoMatch, VideoMatch
from varde.media.sampling import Sampling, SamplingMode
from varde.media.video import read_video
from varde.pipeline.steps import FrameHasher
from varde.testing.video_edits import VideoEdit, edit_video, list_edits, make_moving_scene, write_frames

RATE = 12.0
SCENES = [
    [frame for scene in range(3) for frame in make_moving_scene(np.random.default_rng(seed + scene), 48, 160, 120)]
    for seed in (0, 50)
]
FOUND_BY_FRAMES = {
    *("re-encoded", "half size", "half the frame rate", "speed 1.5", "speed 0.8", "clip from the middle"),
    *("inside a longer video", "grey", "brighter", "mirrored", "bars at the sides", "letterbox"),
}
EDITS = [edit for edit in list_edits(np.random.default_rng(7)) if edit.name in FOUND_BY_FRAMES]


def hash_video(data: bytes, mode: SamplingMode) -> tuple[PerceptualHash, ...]:
    hasher = FrameHasher(2000)
    read_video(io.BytesIO(data), DecodeLimits(), hasher.add, Sampling(mode))
    outcome = hasher.signals()[0].outcome
    assert not isinstance(outcome, NotComparable)
    return outcome


@pytest.fixture(scope="module")
def known() -> list[VideoFrames]:
    videos = (hash_video(write_frames(frames, RATE, crf=18), SamplingMode.ALL) for frames in SCENES)
    return [VideoFrames.of(list(list_references(hashes))) for hashes in videos]


def test_every_edit_that_frames_can_find_is_listed() -> None:
    assert {edit.name for edit in EDITS} == FOUND_BY_FRAMES


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edited_copy_is_found_at_its_place_and_no_other(edit: VideoEdit, known: list[VideoFrames]) -> None:
    data = edit_video(SCENES[0], RATE, edit, np.random.default_rng(99))
    query = hash_video(data, SamplingMode.SECONDS)
    found, other = (match_video(VideoFrames.of(query), each, compare_frames(query, each)) for each in known)
    assert isinstance(found, VideoMatch), found
    assert isinstance(other, NoVideoMatch)
    first = found.stretches[0]
    assert first.known_offset_s == pytest.approx(edit.to_original(first.offset_s, len(SCENES[0]) / RATE), abs=1.0)
    assert first.speed == pytest.approx(edit.speed, rel=0.05)
