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
from varde.media.video_stream import (
    Progress,
    check_frame_size,
    decode_packet,
    ffmpeg_errors,
    get_duration,
    get_offset,
    get_stream,
    make_issues,
    open_video,
    read_packets,
)


def test_packets_have_times_and_the_last_one_is_empty() -> None:
    progress = Progress()
    with open_video(io.BytesIO(make_media.make_video(seconds=3))) as container:
        stream = get_stream(container, DecodeLimits())
        *packets, end = list(read_packets(container, stream, progress))
        assert get_duration(container, stream) == pytest.approx(3)
    assert [round(timed.at_s, 1) for timed in packets] == [number / 10 for number in range(30)]
    assert not end.packet.size
    assert progress.last_s == pytest.approx(2.9)


def test_decoding_nothing_gives_what_is_held_and_then_takes_a_key_frame() -> None:
    progress = Progress()
    with open_video(io.BytesIO(make_media.make_video(codec="libx264", seconds=3))) as container:
        stream = get_stream(container, DecodeLimits())
        packets = [timed.packet for timed in read_packets(container, stream, progress)]
        for packet, at_s in ((packets[0], 0.0), (next(p for p in packets[1:] if p.is_keyframe), 1.0)):
            frames = decode_packet(stream, packet, progress) + decode_packet(stream, None, progress)
            assert [found_s for found_s, _ in frames] == [at_s]
    assert not progress.bad_frames


def test_a_packet_that_cannot_be_decoded_is_counted() -> None:
    progress = Progress()
    with open_video(io.BytesIO(make_media.make_video(seconds=1))) as container:
        stream = get_stream(container, DecodeLimits())
        assert decode_packet(stream, av.Packet(bytes(50)), progress) == []
    assert progress.bad_frames == 1


def test_times_count_from_the_streams_own_start() -> None:
    with open_video(io.BytesIO(make_media.make_video("mpegts", "mpeg2video", seconds=1, rate=25))) as container:
        stream = get_stream(container, DecodeLimits())
        assert stream.start_time
        assert get_offset(stream, stream.start_time) == 0
        assert get_offset(stream, stream.start_time + 90_000) == 1
        assert get_offset(stream, stream.start_time - 45_000) == -0.5


def test_a_whole_video_has_no_issues() -> None:
    assert make_issues(Progress(frames=3, last_s=9.5), 10) == ()
    assert make_issues(Progress(frames=3, last_s=9.5), 0) == ()


def test_each_shortcoming_is_an_issue_of_its_own() -> None:
    early, *none = make_issues(Progress(frames=3, last_s=4), 10)
    assert (early.code, early.cause, none) == (IssueCode.TRUNCATED, "ends after 4.0 s of the 10.0 s it states", [])
    bad, stopped = make_issues(Progress(frames=3, last_s=4, bad_frames=1, failure="stopped"), 10)
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

    progress = Progress()
    with open_video(io.BytesIO(make_media.make_video(seconds=3))) as container:
        stream = get_stream(container, DecodeLimits())
        packets = list(read_packets(cast(InputContainer, Failing(container)), stream, progress))
    assert len(packets) == 12
    assert progress.failure == "cannot be read beyond 1.1 s: list index out of range"
