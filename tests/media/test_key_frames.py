from __future__ import annotations

import io

import make_media
import pytest

from varde.core.limits import DecodeLimits
from varde.media.key_frames import read_key_frames
from varde.media.video_stream import Progress, get_duration, get_stream, open_video, read_packets


def read_offsets(data: bytes, limits: DecodeLimits) -> list[float]:
    progress = Progress()
    with open_video(io.BytesIO(data)) as container:
        stream = get_stream(container, limits)
        packets = read_packets(container, stream, progress)
        frames = read_key_frames(packets, stream, limits, get_duration(container, stream), progress)
        return [round(offset_s, 3) for offset_s, _ in frames]


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_key_frames_alone_are_read(codec: str) -> None:
    assert read_offsets(make_media.make_video(codec=codec), DecodeLimits()) == [0, 1, 2]


def test_key_frames_are_half_a_second_apart_or_more() -> None:
    assert read_offsets(make_media.make_video("avi", "mjpeg", seconds=2), DecodeLimits()) == [0, 0.5, 1, 1.5]


def test_key_frames_beyond_the_limit_are_spread_over_the_length() -> None:
    assert read_offsets(make_media.make_video(seconds=12), DecodeLimits(max_frames=4)) == [0, 3, 6, 9]
