from __future__ import annotations

import io
import itertools
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.core.limits import DecodeLimits
from varde.media.frame_choice import Budget, FrameReader, Plan, cut_into_stretches
from varde.media.luma import compute_frame_grey
from varde.media.sampling import Sampling
from varde.media.video_stream import Progress, TimedPacket, get_duration, get_stream, open_video, read_packets
from varde.testing.videos import make_scene

RATE = 10


def write_video(
    times_s: list[float], *, codec: str = "libx264", keys: tuple[int, ...] = (0,), bframes: int = 2, form: str = "mp4"
) -> bytes:
    """One moving scene, a frame at each time, key frames where asked."""
    scene = make_scene(np.random.default_rng(3), 400)
    with io.BytesIO() as file:
        with av.open(file, mode="w", format=form) as out:
            stream = cast(Any, out.add_stream(codec, rate=RATE))
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.gop_size = 10_000
            stream.options = {"x264-params": f"scenecut=0:bframes={bframes}:sync-lookahead=0", "preset": "ultrafast"}
            for number, at_s in enumerate(times_s):
                frame = av.VideoFrame.from_ndarray(scene[number % 400], format="rgb24")
                frame.pts, frame.time_base = round(at_s * 1000), Fraction(1, 1000)
                is_key = number in keys
                frame.pict_type = av.video.frame.PictureType.I if is_key else av.video.frame.PictureType.NONE
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return file.getvalue()


def read(
    data: bytes, limits: DecodeLimits | None = None, sampling: Sampling | None = None
) -> tuple[dict[float, np.ndarray], Progress]:
    progress, limits = Progress(), limits or DecodeLimits()
    with open_video(io.BytesIO(data)) as container:
        stream = get_stream(container, limits)
        packets = read_packets(container, stream, progress)
        reader = FrameReader(stream, limits, sampling or Sampling(), get_duration(container, stream), progress)
        found = [(round(at_s, 3), compute_frame_grey(frame)) for at_s, frame in reader.read(packets)]
    times = [at_s for at_s, _ in found]
    assert times == sorted(set(times))
    return dict(found), progress


def decode_all(data: bytes) -> dict[float, np.ndarray]:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        start = stream.start_time or 0
        return {
            round(float((frame.pts - start) * stream.time_base), 3): compute_frame_grey(frame)
            for frame in container.decode(stream)
            if frame.pts is not None and stream.time_base
        }


def tick(seconds: float) -> list[float]:
    return [number / RATE for number in range(int(seconds * RATE))]


@pytest.mark.parametrize("bframes", [0, 2])
def test_between_distant_key_frames_there_is_a_frame_a_second(bframes: int) -> None:
    data = write_video(tick(8), keys=(0, 43), bframes=bframes)
    found, progress = read(data)
    times = sorted(found)
    assert {0.0, 4.3} <= set(times)
    assert all(0.7 <= later - earlier <= 1.4 for earlier, later in itertools.pairwise(times))
    assert times[-1] >= 6.9
    assert progress.bad_frames == 0
    assert progress.dense_s == progress.wanted_s > 7


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_frames_equal_those_of_full_decoding_to_the_last_pixel(codec: str) -> None:
    data = write_video(tick(6), keys=(0, 25), codec=codec)
    whole = decode_all(data)
    for at_s, grey in read(data)[0].items():
        assert np.array_equal(grey, whole[at_s]), at_s


def test_where_key_frames_are_a_second_apart_nothing_else_is_decoded() -> None:
    progress = read(write_video(tick(6), keys=tuple(range(0, 60, 10))))[1]
    assert progress.wanted_s == 0


def test_times_are_right_where_the_frame_rate_changes() -> None:
    times_s = [*tick(2), *(2 + number for number in range(6)), *(8 + at_s / 3 for at_s in tick(3))]
    data = write_video(times_s)
    found = read(data)[0]
    assert set(found) <= set(decode_all(data))
    assert {0, 1, 2, 3, 4, 5, 6, 7, 8} <= {round(at_s) for at_s in found}
    assert all(any(abs(at_s - stated) < 0.002 for stated in times_s) for at_s in found)


def test_a_frame_shown_for_long_is_taken_once() -> None:
    found = read(write_video([0, 0.1, 0.2, 7.0, 7.1]))[0]
    assert sorted(found) in ([0, 0.1, 7.0], [0, 0.2, 7.0])  # nothing builds on the frame at 0.2


def cut_front(data: bytes, from_s: float) -> bytes:
    """A copy that begins at a time between key frames: an edit list hides what lies before."""
    with io.BytesIO() as file, av.open(io.BytesIO(data)) as source:
        stream = source.streams.video[0]
        assert stream.time_base
        with av.open(file, mode="w", format="mp4", options={"avoid_negative_ts": "disabled"}) as out:
            copy = out.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.size and packet.pts is not None and packet.dts is not None:
                    packet.pts -= round(from_s / stream.time_base)
                    packet.dts -= round(from_s / stream.time_base)
                    packet.stream = copy
                    out.mux(packet)
        return file.getvalue()


def test_what_an_edit_list_hides_is_not_shown_and_does_not_count() -> None:
    data = write_video(tick(8), keys=(0, 50))
    found = read(cut_front(data, 2.0))[0]
    whole = decode_all(data)
    assert min(found) <= 0.15
    assert max(found) <= 6
    for at_s, grey in found.items():
        near = min(whole, key=lambda stated_s: abs(stated_s - at_s - 2.0))
        assert abs(near - at_s - 2.0) < 0.01
        assert np.array_equal(grey, whole[near])


def test_a_cut_between_key_frames_is_found() -> None:
    scenes = [make_scene(np.random.default_rng(seed), 17) for seed in (1, 2)]
    with io.BytesIO() as file:
        with av.open(file, mode="w", format="mp4") as out:
            stream = cast(Any, out.add_stream("mpeg4", rate=RATE, options={"sc_threshold": "1000000000"}))
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            stream.codec_context.gop_size = 300
            for pixels in scenes[0] + scenes[1]:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            out.mux(stream.encode(None))
        found = read(file.getvalue())[0]
    assert sorted(found) == [0, 1, 1.7, 2, 3]


def test_of_a_costly_video_some_stretches_are_decoded_and_all_key_frames() -> None:
    data = write_video(tick(40), keys=tuple(range(0, 400, 40)))
    whole_cost = 400 * 320 * 240
    found, progress = read(data, sampling=Sampling(max_pixels=whole_cost // 3))
    assert {4.0 * number for number in range(10)} <= set(found)
    assert 0.2 < progress.dense_s / progress.wanted_s < 0.6
    between = [at_s for at_s in found if at_s % 4]
    assert min(between) < 15
    assert max(between) > 25


def test_without_budget_key_frames_are_left() -> None:
    data = write_video(tick(12), keys=(0, 40, 80))
    found, progress = read(data, sampling=Sampling(max_pixels=0))
    assert sorted(found) == [0, 4, 8]
    assert progress.dense_s == 0


@pytest.mark.parametrize("most", [2, 5, 9])
def test_the_limit_of_frames_is_kept_and_the_length_covered(most: int) -> None:
    found, _ = read(write_video(tick(30), keys=(0, 100, 200)), DecodeLimits(max_frames=most))
    assert len(found) <= most
    assert max(found) >= 14


def test_stretches_run_from_key_frame_to_key_frame_and_are_cut_where_endless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("varde.media.frame_choice._MOST_PACKETS", 20)
    data = write_video(tick(5), keys=(0, 35), bframes=0)
    with open_video(io.BytesIO(data)) as container:
        stream = get_stream(container, DecodeLimits())
        stretches = list(cut_into_stretches(read_packets(container, stream, Progress())))
    assert [len(stretch.packets) for stretch in stretches] == [20, 15, 15]
    assert [stretch.begins_with_key for stretch in stretches] == [True, False, True]
    assert [stretch.next_key_s for stretch in stretches] == [None, pytest.approx(3.5), None]
    assert [stretch.is_last for stretch in stretches] == [False, False, True]
    assert sorted(read(data)[0]) == pytest.approx([0, 1, 2.2, 3.5, 4.5])


def test_a_stream_cut_in_parts_gives_the_same_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_video(tick(6))
    whole = decode_all(data)
    monkeypatch.setattr("varde.media.frame_choice._MOST_PACKETS", 7)
    found = read(data)[0]
    assert len(found) == 6
    assert all(np.array_equal(grey, whole[at_s]) for at_s, grey in found.items())


def test_a_budget_is_spread_over_the_length() -> None:
    budget = Budget(1000, 100.0)
    spent = [at_s for at_s in range(100) if budget.spend(50, float(at_s))]
    assert len(spent) == 20
    assert max(later - earlier for earlier, later in itertools.pairwise(spent)) <= 6


@given(st.lists(st.floats(0.01, 30), min_size=1, max_size=60), st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_any_plan_keeps_to_the_limit_and_rises(gaps: list[float], most: int) -> None:
    class Key:
        is_keyframe, size = True, 1

    keys = list(itertools.accumulate(gaps))
    plan = Plan(DecodeLimits(max_frames=most), keys[-1])
    wanted: list[float] = []
    packets = [TimedPacket(at_s, cast(Any, Key())) for at_s in keys]
    for stretch in cut_into_stretches(packets):
        wanted += plan.choose(stretch)
    assert wanted == sorted(wanted)
    assert len(wanted) <= most + 1
