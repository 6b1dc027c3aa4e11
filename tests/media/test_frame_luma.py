import io
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.media.frame_luma import FrameKind, LumaFrame, LumaFrames, open_luma_frames
from varde.testing.camera_videos import take_video
from varde.testing.cameras import SyntheticSensor
from varde.testing.pictures import make_photo
from varde.testing.video_edits import write_frames

_SIZE = (96, 160)
_CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"


@cache
def _make_video(frames: int = 24, gop: int = 6) -> bytes:
    sensor = SyntheticSensor(1, *_SIZE)
    return take_video(sensor, np.random.default_rng(1), size=_SIZE, frames=frames, bit_rate=800_000, gop=gop)


def _read(data: bytes, max_frames: int = 1000, max_pixels: int = 10**8) -> tuple[list[LumaFrame], LumaFrames]:
    limits = DecodeLimits(max_pixels=max_pixels, max_frames=max_frames)
    with open_luma_frames(io.BytesIO(data), limits) as frames:
        return list(frames), frames


def _decode(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data)) as container:
        return list(container.decode(video=0))


def test_every_frame_comes_whole_and_in_order() -> None:
    frames, reading = _read(_make_video())
    slow = [frame.to_ndarray(format="gray") for frame in _decode(_make_video())]
    assert [frame.luma.shape for frame in frames] == [_SIZE] * 24
    assert all(np.abs(frame.luma.astype(int) - grey).max() <= 2 for frame, grey in zip(frames, slow, strict=True))
    assert [frame.offset_s for frame in frames] == pytest.approx([number / 30 for number in range(24)])
    assert (reading.read, reading.codec, reading.rate, reading.issues) == (24, "h264", 30, ())


def test_frames_say_how_they_are_coded_and_what_they_cost() -> None:
    frames, _ = _read(_make_video())
    kinds = [frame.kind for frame in frames]
    assert kinds[::6] == [FrameKind.INTRA] * 4
    assert FrameKind.PREDICTED in kinds
    with av.open(io.BytesIO(_make_video())) as container:
        sizes = {packet.pts: packet.size for packet in container.demux(video=0) if packet.size}
    assert [frame.coded_bytes for frame in frames] == [sizes[pts] for pts in sorted(sizes, key=lambda pts: pts or 0)]
    assert frames[0].coded_bytes > frames[1].coded_bytes


def test_steps_of_blocks_are_finer_where_more_is_spent() -> None:
    sensor = SyntheticSensor(1, *_SIZE)
    coarse, fine = (
        _read(take_video(sensor, np.random.default_rng(1), size=_SIZE, frames=6, bit_rate=rate))[0][0].steps
        for rate in (100_000, 4_000_000)
    )
    assert coarse is not None
    assert fine is not None
    assert coarse.shape == fine.shape == (6, 10)
    assert coarse.dtype == np.float32
    assert 0 <= fine.mean() < coarse.mean() <= 51


def test_sides_that_are_no_multiple_of_a_block_still_have_steps() -> None:
    sensor = SyntheticSensor(1, 104, 168)
    frames, _ = _read(take_video(sensor, np.random.default_rng(1), size=(104, 168), frames=2))
    assert frames[0].luma.shape == (104, 168)
    assert frames[0].steps is not None
    assert frames[0].steps.shape == (7, 11)


def test_codings_that_do_not_say_their_steps_are_read_too() -> None:
    with io.BytesIO() as file:
        with av.open(file, mode="w", format="mp4") as out:
            stream = out.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
            frame = av.VideoFrame.from_ndarray(make_photo(np.random.default_rng(1), 160, 96), format="rgb24")
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        frames, _ = _read(file.getvalue())
    assert [frame.steps for frame in frames] == [None]
    assert frames[0].coded_bytes > 0


def test_display_matrix_is_not_applied() -> None:
    with io.BytesIO(_make_video()) as source, io.BytesIO() as file:
        with av.open(source) as there, av.open(file, mode="w", format="mp4") as out:
            stream = out.add_stream_from_template(there.streams.video[0])
            for packet in there.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
        data = bytearray(file.getvalue())
    place = data.find(b"tkhd") + 4 + 40  # version 0: the matrix begins 40 bytes into the box
    turned = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    data[place : place + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in turned)
    assert abs(_decode(bytes(data))[0].rotation) == 90
    plain, marked = (_read(each)[0][0].luma for each in (_make_video(), bytes(data)))
    assert np.array_equal(plain, marked)


def test_of_too_many_frames_the_first_of_each_stretch_are_given() -> None:
    frames, reading = _read(_make_video(), max_frames=8)
    assert len(frames) == 8
    assert sum(frame.kind is FrameKind.INTRA for frame in frames) == 4
    assert frames[-1].offset_s > 0.5
    assert reading.issues == ()


def test_fewer_frames_than_stretches_are_spread_too() -> None:
    frames, _ = _read(_make_video(), max_frames=2)
    assert 1 <= len(frames) <= 2


def test_truncated_video_keeps_what_was_decoded() -> None:
    data = write_frames([make_photo(np.random.default_rng(1), 160, 96)] * 20, 10, gop=5)
    with io.BytesIO() as file:
        with av.open(io.BytesIO(data)) as there, av.open(file, mode="w", format="matroska") as out:
            stream = out.add_stream_from_template(there.streams.video[0])
            for packet in there.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
        whole = file.getvalue()
    frames, reading = _read(whole[: len(whole) * 2 // 3])
    assert 0 < len(frames) < 20
    assert IssueCode.TRUNCATED in {issue.code for issue in reading.issues}


def test_damaged_frames_are_left_out_and_counted() -> None:
    data = bytearray(_make_video())
    begin = data.find(b"mdat") + 4
    rng = np.random.default_rng(3)
    for place in rng.integers(begin + 3000, len(data) - 3000, 40):
        data[place] ^= 0xFF
    frames, reading = _read(bytes(data))
    assert 0 < len(frames) <= 24
    assert reading.read == len(frames)
    if len(frames) < 24:
        assert IssueCode.DAMAGED in {issue.code for issue in reading.issues}


@pytest.mark.parametrize("data", [b"", b"no video at all" * 40, make_photo(np.random.default_rng(1)).tobytes()[:9000]])
def test_what_is_no_video_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        _read(data)


def test_frames_larger_than_the_limit_are_refused() -> None:
    with pytest.raises(Unreadable) as raised:
        _read(_make_video(), max_pixels=1000)
    assert raised.value.issue_code == IssueCode.TOO_LARGE


@pytest.mark.shared_data
@pytest.mark.skipif(not _CLIPS.is_dir(), reason="no ../shared/data/video beside the repository")
def test_real_clips_are_read_whole() -> None:
    frames, reading = _read((_CLIPS / "pattern-hd-no-bar.mp4").read_bytes(), max_frames=20)
    assert 10 < len(frames) <= 20
    assert {frame.luma.shape for frame in frames} == {(1280, 720)}
    assert reading.issues == ()
