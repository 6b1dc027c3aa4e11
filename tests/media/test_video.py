from __future__ import annotations

import io
import itertools
import struct
from pathlib import Path

import av
import make_media
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.media.sampling import FrameUse, Sampling, SamplingMode
from varde.media.video import VideoReading, read_video, warm_up

LIMITS = DecodeLimits()
CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"

Frames = list[tuple[float, npt.NDArray[np.uint8]]]


def read(data: bytes, limits: DecodeLimits = LIMITS, sampling: Sampling | None = None) -> tuple[VideoReading, Frames]:
    frames: Frames = []
    reading = read_video(
        io.BytesIO(data), limits, lambda offset_s, grey, use: frames.append((offset_s, grey)), sampling
    )
    assert reading.frames == len(frames)
    return reading, frames


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("mp4", "mpeg4", 10),
        ("mp4", "libx264", 10),
        ("mov", "mpeg4", 10),
        ("3gp", "mpeg4", 10),
        ("matroska", "libx264", 10),
        ("webm", "libvpx", 10),
        ("avi", "mpeg4", 10),
        ("avi", "mjpeg", 10),
        ("asf", "wmv2", 10),
        ("flv", "flv", 10),
        ("mpegts", "mpeg2video", 25),
        ("vob", "mpeg2video", 25),
        ("ogg", "libvpx", 10),
    ],
)
def test_key_frames_of_every_container_are_read(container: str, codec: str, rate: int) -> None:
    reading, frames = read(make_media.make_video(container, codec, seconds=3, rate=rate))
    assert len(frames) >= 3
    offsets = [offset_s for offset_s, _ in frames]
    assert offsets[0] == pytest.approx(0, abs=0.2)
    assert all(later - earlier >= 0.45 for earlier, later in itertools.pairwise(offsets))
    assert offsets[-1] <= 3
    assert (reading.facts.width_px, reading.facts.height_px) == (160, 120)
    assert reading.issues == ()
    assert all(grey.shape == (120, 160) and grey.dtype == np.uint8 for _, grey in frames)


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg"])
def test_grey_frames_equal_the_grey_of_converted_frames(codec: str) -> None:
    data = make_media.make_video("avi", codec)
    _, frames = read(data)
    with av.open(io.BytesIO(data)) as container:
        rgb = next(container.decode(video=0)).to_ndarray(format="rgb24")
    luma = np.asarray(Image.fromarray(rgb).convert("L")).astype(int)
    assert np.abs(frames[0][1] - luma).mean() < 2


def test_a_path_is_read_like_a_file(tmp_path: Path) -> None:
    data = make_media.make_video()
    (tmp_path / "clip.jpg").write_bytes(data)
    offsets: list[float] = []
    reading = read_video(tmp_path / "clip.jpg", LIMITS, lambda offset_s, grey, use: offsets.append(offset_s))
    assert reading.facts == read(data)[0].facts
    assert offsets == [0.0, 1.0, 2.0]


def test_a_file_object_is_left_open() -> None:
    file = io.BytesIO(make_media.make_video())
    read_video(file, LIMITS, lambda offset_s, grey, use: None)
    assert not file.closed


def test_facts_state_length_and_container_tags() -> None:
    data = make_media.make_video(
        "mov",
        seconds=4,
        creation_time="2024-01-02T03:04:05.000000Z",
        **{"com.apple.quicktime.make": "Example", "com.apple.quicktime.location.ISO6709": "-33.5100+151.2500+012.0/"},
    )
    facts = read(data)[0].facts
    assert facts.duration_s == pytest.approx(4, abs=0.2)
    assert facts.frames == 40
    tags = dict(facts.metadata)
    assert tags["CreationTime"] == "2024-01-02T03:04:05.000000Z"
    assert tags["Make"] == "Example"
    assert (tags["GPSLatitude"], tags["GPSLongitude"], tags["GPSAltitude"]) == ("-33.5100000", "151.2500000", "12")


def test_frames_beyond_the_limit_are_spread_over_the_length() -> None:
    _, frames = read(make_media.make_video(seconds=12), DecodeLimits(max_frames=4))
    assert [round(offset_s) for offset_s, _ in frames] == [0, 3, 6, 9]


def test_where_the_length_is_unknown_reading_stops_at_the_limit_and_says_so() -> None:
    data = make_media.make_video("mpeg2video", "mpeg2video", seconds=6, rate=25)
    reading, frames = read(data, DecodeLimits(max_frames=2))
    assert len(frames) == 2
    assert reading.facts.duration_s is None
    assert reading.issues[0].code is IssueCode.TRUNCATED
    assert reading.issues[0].cause == "only the first 2 frames were looked at"


def test_in_a_stream_without_times_packets_are_counted() -> None:
    _, frames = read(make_media.make_video("h264", "libx264", seconds=4, rate=25))
    assert len(frames) >= 4
    assert [round(offset_s) for offset_s, _ in frames] == [0, 1, 2, 3, 4][: len(frames)]


def test_a_length_that_is_not_there_does_not_thin_the_frames_out() -> None:
    data = bytearray(make_media.make_video("matroska", "libx264", seconds=6))
    place = data.index(b"\x44\x89\x88") + 3
    data[place : place + 8] = struct.pack(">d", 1e9)
    reading, frames = read(bytes(data))
    assert reading.facts.duration_s == pytest.approx(1e6)
    assert len(frames) >= 6
    assert reading.issues[0].code is IssueCode.TRUNCATED


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("mpegts", "mpeg2video"), ("flv", "flv")])
def test_frames_of_a_long_video_cover_its_length(container: str, codec: str) -> None:
    data = make_media.make_video(container, codec, seconds=125, rate=25)
    reading, frames = read(data, DecodeLimits(max_frames=40))
    assert 30 <= len(frames) <= 40
    assert frames[-1][0] > 115
    assert reading.sampling == "1/3.12s"
    assert reading.issues == ()


def test_what_was_done_is_said() -> None:
    data = make_media.make_video("mp4", "libx264", seconds=4)
    assert read(data)[0].sampling == "1/s"
    assert read(data, sampling=Sampling(SamplingMode.KEY_FRAMES))[0].sampling == "key"
    reading, frames = read(data, sampling=Sampling(SamplingMode.ALL))
    assert (reading.sampling, len(frames)) == ("all", 40)


def test_a_video_too_large_for_every_frame_is_read_every_second() -> None:
    data = make_media.make_video("mp4", "libx264", seconds=4)
    reading, frames = read(data, sampling=Sampling(SamplingMode.ALL, max_pixels=160 * 120 * 20))
    assert reading.sampling == "1/s"
    assert len(frames) == 4


def test_frames_closer_than_half_a_second_are_skipped() -> None:
    _, frames = read(make_media.make_video("avi", "mjpeg", seconds=3, rate=10))
    assert [round(offset_s, 1) for offset_s, _ in frames] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


@pytest.mark.parametrize("seconds", [1, 3, 12, 30])
def test_contact_sheet_is_small_and_a_jpeg(seconds: int) -> None:
    reading, _ = read(make_media.make_video(seconds=seconds))
    assert max(reading.thumbnail.width_px, reading.thumbnail.height_px) <= 256
    with Image.open(io.BytesIO(reading.thumbnail.data)) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.size == (reading.thumbnail.width_px, reading.thumbnail.height_px)


def test_contact_sheet_is_upright_and_frames_are_as_stored() -> None:
    plain, _ = read(make_media.make_video(seconds=1))
    turned, frames = read(make_media.make_video(seconds=1, rotation=90))
    assert frames[0][1].shape == (120, 160)
    assert plain.thumbnail.width_px > plain.thumbnail.height_px
    assert turned.thumbnail.width_px < turned.thumbnail.height_px


def test_a_cut_video_gives_what_there_is_and_an_issue() -> None:
    data = make_media.make_video("matroska", "mpeg4", seconds=8)
    reading, frames = read(data[: len(data) // 2])
    assert 1 <= len(frames) < 8
    assert reading.issues[0].code is IssueCode.TRUNCATED


def test_a_video_that_lost_its_index_is_damaged() -> None:
    data = make_media.make_video("mp4", seconds=3)
    with pytest.raises(Unreadable, match="cannot be opened as a video") as caught:
        read(data[: len(data) // 2])
    assert caught.value.issue_code is IssueCode.DAMAGED
    assert "Errno" not in str(caught.value)


def test_overwritten_frames_are_an_issue_and_the_rest_is_read() -> None:
    data = bytearray(make_media.make_video("avi", "libx264", seconds=6))
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    reading, frames = read(bytes(data))
    assert len(frames) >= 3
    assert {issue.code for issue in reading.issues} <= {IssueCode.DAMAGED, IssueCode.TRUNCATED}


def test_sound_alone_is_unsupported() -> None:
    with io.BytesIO() as file:
        with av.open(file, mode="w", format="mp4") as container:
            stream = container.add_stream("aac", rate=44_100)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 44_100
            for packet in (*stream.encode(frame), *stream.encode(None)):  # type: ignore[union-attr,arg-type]
                container.mux(packet)
        data = file.getvalue()
    with pytest.raises(Unreadable, match="no video stream") as caught:
        read(data)
    assert caught.value.issue_code is IssueCode.UNSUPPORTED


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(make_media.make_video())
    playlists = (
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{clip}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{clip}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=No\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    )
    for playlist in playlists:
        with pytest.raises(Unreadable):
            read(playlist.encode())


@pytest.mark.parametrize("data", [b"", b"abc", b"hello" * 500, bytes(5000)])
def test_what_is_no_video_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data)
    assert caught.value.issue_code in (IssueCode.DAMAGED, IssueCode.UNSUPPORTED)


def test_more_pixels_than_allowed_are_refused() -> None:
    with pytest.raises(Unreadable, match="160 x 120 pixels, the limit is 1000") as caught:
        read(make_media.make_video(), DecodeLimits(max_pixels=1000))
    assert caught.value.issue_code is IssueCode.TOO_LARGE


def test_what_the_callback_raises_passes_through() -> None:
    def refuse(offset_s: float, grey: npt.NDArray[np.uint8], use: FrameUse) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        read_video(io.BytesIO(make_media.make_video()), LIMITS, refuse)


def test_warming_up_twice_does_no_harm() -> None:
    warm_up()
    warm_up()


SEEDS = {
    (container, codec): make_media.make_video(container, codec, seconds=2, rate=25)
    for container, codec in (("mp4", "libx264"), ("matroska", "mpeg4"), ("avi", "mjpeg"), ("mpegts", "mpeg2video"))
}


@given(st.sampled_from(sorted(SEEDS)), st.data())
@settings(max_examples=60, deadline=None)
def test_mutated_videos_give_a_reading_or_a_reason(name: tuple[str, str], data: st.DataObject) -> None:
    changed = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(0, 10))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        reading, _ = read(bytes(changed[: data.draw(st.integers(0, 2 * len(changed)))]), DecodeLimits(1_000_000))
    except Unreadable as error:
        assert str(error).isprintable()
    else:
        assert reading.thumbnail.data


@pytest.mark.shared_data
@pytest.mark.skipif(not CLIPS.is_dir(), reason="no ../shared/data/video beside the repository")
def test_real_clips_are_read_without_issues() -> None:
    clips = sorted(CLIPS.glob("*.mp4"))
    assert len(clips) >= 9
    for path in clips:
        reading = read_video(path, LIMITS, lambda offset_s, grey, use: None)
        assert reading.issues == ()
        assert reading.frames >= 1
