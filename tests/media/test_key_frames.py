from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any, cast

import av
import av.error
import make_media
import pytest
from av.container import InputContainer

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.media.key_frames import (
    Progress,
    check_frame_size,
    ffmpeg_errors,
    get_duration,
    get_stream,
    make_issues,
    open_video,
    read_key_frames,
)


def test_progress_counts_what_was_met() -> None:
    progress, limits = Progress(), DecodeLimits()
    with open_video(io.BytesIO(make_media.make_video(seconds=3))) as container:
        stream = get_stream(container, limits)
        offsets = [offset_s for offset_s, _ in read_key_frames(container, stream, limits, progress)]
        assert get_duration(container, stream) == pytest.approx(3)
    assert offsets == [0, 1, 2]
    assert progress.key_frames == 3
    assert progress.last_s == pytest.approx(2.9)


def test_a_whole_video_has_no_issues() -> None:
    assert make_issues(Progress(key_frames=3, last_s=9.5), 10) == ()
    assert make_issues(Progress(key_frames=3, last_s=9.5), 0) == ()


def test_each_shortcoming_is_an_issue_of_its_own() -> None:
    early, *none = make_issues(Progress(key_frames=3, last_s=4), 10)
    assert (early.code, early.cause, none) == (IssueCode.TRUNCATED, "ends after 4.0 s of the 10.0 s it states", [])
    bad, stopped = make_issues(Progress(key_frames=3, last_s=4, bad_frames=1, failure="stopped"), 10)
    assert (bad.code, stopped.code, stopped.cause) == (IssueCode.DAMAGED, IssueCode.TRUNCATED, "stopped")


def test_errors_of_ffmpeg_lose_their_numbers() -> None:
    with pytest.raises(Unreadable, match=r"^cannot: Invalid data$"), ffmpeg_errors("cannot"):
        raise av.error.InvalidDataError(1, "Invalid data")


def test_running_out_of_memory_is_not_blamed_on_the_file() -> None:
    with pytest.raises(MemoryError), ffmpeg_errors("cannot"):
        raise MemoryError


def test_frame_size_is_checked() -> None:
    check_frame_size(10, 10, DecodeLimits(max_pixels=100))
    with pytest.raises(Unreadable, match="10 x 11 pixels, the limit is 100"):
        check_frame_size(10, 11, DecodeLimits(max_pixels=100))


def test_a_reader_that_fails_midway_leaves_what_was_read() -> None:
    # PyAV was seen to raise this on a transport stream in which bit errors announce another stream.
    class Failing:
        def __init__(self, container: InputContainer) -> None:
            self.duration, self.packets = container.duration, container.demux(video=0)

        def demux(self, stream: object) -> Iterator[av.Packet[Any]]:
            yield from itertools.islice(self.packets, 12)
            raise IndexError("list index out of range")

    progress, limits = Progress(), DecodeLimits()
    with open_video(io.BytesIO(make_media.make_video(seconds=3))) as container:
        stream = get_stream(container, limits)
        frames = list(read_key_frames(cast(InputContainer, Failing(container)), stream, limits, progress))
    assert len(frames) >= 1
    assert progress.failure == "cannot be read beyond 1.1 s: list index out of range"
