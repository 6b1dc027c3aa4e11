from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import WrongUse
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import distance
from varde.known.video_frames import FramePairs, VideoFrames, compare_frames, count_distinct, keep_closest, pair_by_time


def make_frames(*offsets_s: float | None, quality: int = 100) -> list[PerceptualHash]:
    rng = np.random.default_rng(len(offsets_s))
    return [PerceptualHash(rng.bytes(32), quality, offset_s) for offset_s in offsets_s]


def test_a_frame_stands_until_the_next_one() -> None:
    frames = VideoFrames.of(make_frames(0.0, 1.0, 1.0, 4.0), 10.0)
    assert frames.shown_s.tolist() == [1, 3, 3, 6]
    assert frames.duration_s == 10


def test_the_last_frame_stands_as_long_as_most_where_the_length_is_not_known() -> None:
    assert VideoFrames.of(make_frames(0.0, 1.0, 2.0)).duration_s == 3
    assert VideoFrames.of(make_frames(0.0)).duration_s == 1
    assert VideoFrames.of([]).duration_s == 0


def test_a_hash_without_a_time_is_a_picture() -> None:
    picture = VideoFrames.of(make_frames(None))
    assert picture.is_picture
    assert picture.duration_s == 0
    assert not VideoFrames.of(make_frames(0.0)).is_picture


def test_several_hashes_without_times_are_of_a_picture_and_one_among_timed_ones_is_at_the_start() -> None:
    assert VideoFrames.of(make_frames(None, None)).is_picture
    mixed = VideoFrames.of(make_frames(None, 2.0))
    assert not mixed.is_picture
    assert mixed.offsets_s.tolist() == [0, 2]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(WrongUse, match="2 times"):
        VideoFrames(np.zeros((3, 32), np.uint8), np.zeros(2), np.zeros(2, np.int64))


hashes = st.builds(
    lambda bits, quality, at: PerceptualHash(((1 << bits) - 1).to_bytes(32), quality, at),
    st.integers(0, 256),
    st.integers(40, 60),
    st.floats(0, 100),
)


@given(st.lists(hashes, max_size=12), st.lists(hashes, max_size=12))
def test_pairs_are_all_that_are_near_and_good(query: list[PerceptualHash], known: list[PerceptualHash]) -> None:
    pairs = compare_frames(query, VideoFrames.of(known))
    expected = {
        (q, k): distance(a.value, b.value)
        for q, a in enumerate(query)
        for k, b in enumerate(known)
        if a.quality >= 50 <= b.quality and distance(a.value, b.value) <= 31
    }
    assert dict(zip(zip(pairs.query, pairs.known, strict=True), pairs.distance, strict=True)) == expected


def test_a_variant_counts_where_it_is_closer() -> None:
    plain, near, far = (((1 << bits) - 1).to_bytes(32) for bits in (0, 3, 40))
    query = [PerceptualHash(far, 100, 0.0, b"\1" + near)]
    pairs = compare_frames(query, VideoFrames.of([PerceptualHash(plain, 100, 0.0), PerceptualHash(far, 100, 1.0)]))
    found = list(zip(pairs.known.tolist(), pairs.distance.tolist(), pairs.variant.tolist(), strict=True))
    assert found == [(0, 3, 1), (1, 0, 0)]


def test_each_pair_of_frames_is_kept_once() -> None:
    columns = ([0, 0, 1], [2, 2, 2], [9, 5, 7], [0, 8, 0])
    kept = keep_closest(FramePairs(*(np.array(column, np.int64) for column in columns)))
    assert (kept.query.tolist(), kept.distance.tolist(), kept.variant.tolist()) == ([0, 1], [5, 7], [8, 0])


def test_distinct_frames_are_counted_up_to_a_limit() -> None:
    values = np.array([list(((1 << bits) - 1).to_bytes(32)) for bits in (0, 20, 40, 60, 200)], np.uint8)
    assert count_distinct(values, 9) == 3
    assert count_distinct(values, 2) == 2
    assert count_distinct(values[:0], 9) == 0


def test_a_time_is_taken_for_the_frame_shown_then() -> None:
    query, known = VideoFrames.of(make_frames(0.0, 1.0, 2.0)), VideoFrames.of(make_frames(0.0, 10.0))
    pairs = pair_by_time(query, known, np.array([1.0, 1.9, 0.0]), np.array([9.0, 10.5, 99.0]))
    assert list(zip(pairs.query.tolist(), pairs.known.tolist(), strict=True)) == [(0, 1), (1, 0), (1, 1)]
