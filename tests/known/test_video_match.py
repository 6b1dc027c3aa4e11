from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.core.signal import PerceptualHash
from varde.hashing.pdq import distance
from varde.hashing.video_hash import read_vpdq_line
from varde.known.video_frames import VideoFrames, compare_frames, pair_by_time
from varde.known.video_match import FEATURE_TOLERANCE_S, match_video
from varde.known.video_stretch import NoVideoMatch, VideoMatch, VideoMatchKind

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"
Frames = list[PerceptualHash]


def make_scene(seed: int, duration_s: float, rate: float = 10, *, turnover_s: float = 3.0) -> Frames:
    """Hashes that wander: after `turnover_s` nothing is left of a frame."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, 256)
    found = []
    for number in range(int(duration_s * rate)):
        found.append(PerceptualHash(np.packbits(bits).tobytes(), 100, number / rate))
        flipped = rng.choice(256, round(256 / (turnover_s * rate)), replace=False)
        bits[flipped] ^= 1
    return found


def sample(frames: Frames, step: int, start: int = 0, noise: int = 4, seed: int = 5) -> Frames:
    """Every n-th frame with its own small changes, times counted from the first one taken."""
    rng = np.random.default_rng(seed)
    taken = frames[start::step]
    found = []
    for frame in taken:
        bits = np.unpackbits(np.frombuffer(frame.value, np.uint8))
        bits[rng.choice(256, noise, replace=False)] ^= 1
        offset_s = (frame.offset_s or 0.0) - (taken[0].offset_s or 0.0)
        found.append(PerceptualHash(np.packbits(bits).tobytes(), frame.quality, offset_s))
    return found


def shift(frames: Sequence[PerceptualHash], by_s: float, speed: float = 1.0) -> Frames:
    return [PerceptualHash(f.value, f.quality, (f.offset_s or 0.0) / speed + by_s, f.variants) for f in frames]


def hold(frame: PerceptualHash, from_s: float, count: int, gap_s: float = 1.0) -> Frames:
    return [PerceptualHash(frame.value, frame.quality, from_s + number * gap_s) for number in range(count)]


def match(query: Frames, known: Frames) -> VideoMatch | NoVideoMatch:
    known_frames = VideoFrames.of(known)
    return match_video(VideoFrames.of(query), known_frames, compare_frames(query, known_frames))


def check(
    query: Frames,
    known: Frames,
    kind: VideoMatchKind,
    *,
    offset_s: float = 0.0,
    known_offset_s: float = 0.0,
    speed: float = 1.0,
) -> VideoMatch:
    found = match(query, known)
    assert isinstance(found, VideoMatch), found
    first = found.stretches[0]
    assert found.kind is kind
    assert first.offset_s == pytest.approx(offset_s, abs=1.0)
    error = first.known_offset_s - known_offset_s - (first.offset_s - offset_s) * speed
    assert abs(error) <= 0.5
    assert first.speed == pytest.approx(speed, rel=0.02)
    return found


LONG = make_scene(1, 60)


def test_a_whole_copy_sampled_once_a_second_is_found() -> None:
    found = check(sample(LONG, 10), LONG, VideoMatchKind.COPY)
    assert found.share == 1
    assert found.distance == 4
    assert found.stretches[0].frames >= 15
    assert found.stretches[0].duration_s == pytest.approx(60, abs=1.5)


def test_a_clip_from_the_middle_is_found_with_its_place() -> None:
    found = check(sample(LONG[237:437], 10), LONG, VideoMatchKind.CLIP, known_offset_s=23.7)
    assert found.details()["known_offset_s"] == pytest.approx(23.7, abs=0.3)


def test_a_known_clip_inside_a_longer_video_is_found_with_its_place() -> None:
    query = make_scene(2, 20, 1) + shift(sample(LONG[:200], 10), 20) + shift(make_scene(3, 30, 1), 40)
    check(query, LONG[:200], VideoMatchKind.CONTAINS, offset_s=20)


def test_a_shared_stretch_of_two_videos_is_a_part() -> None:
    query = make_scene(2, 20, 1) + shift(sample(LONG[300:400], 5), 20) + shift(make_scene(3, 30, 1), 30)
    found = check(query, LONG, VideoMatchKind.PART, offset_s=20, known_offset_s=30)
    assert found.stretches[0].duration_s == pytest.approx(10, abs=1.5)


@pytest.mark.parametrize("speed", [0.5, 0.8, 0.96, 1.25, 1.5, 2.0])
def test_another_speed_is_found(speed: float) -> None:
    query = shift(sample(LONG, max(1, round(5 * speed))), 0, speed)
    check(query, LONG, VideoMatchKind.COPY, speed=speed)


def test_the_speed_is_exact_where_nothing_changed() -> None:
    found = match(sample(LONG, 7, 3), LONG)
    assert isinstance(found, VideoMatch)
    assert found.stretches[0].speed == 1.0


def test_both_sampled_once_a_second_at_other_moments_are_found() -> None:
    slow = make_scene(4, 60, turnover_s=30)
    check(sample(slow, 10, 5), slow[::10], VideoMatchKind.COPY, known_offset_s=0.5)


def test_unrelated_videos_do_not_match() -> None:
    assert match(make_scene(7, 60, 1), LONG) == NoVideoMatch("no frame looks like one of the other", 0)


def test_a_title_that_both_have_is_refused() -> None:
    title = make_scene(9, 1)[0]
    query = hold(title, 0, 4) + shift(make_scene(2, 30, 1), 4)
    known = hold(title, 0, 3) + shift(make_scene(3, 40, 1), 3)
    found = match(query, known)
    assert isinstance(found, NoVideoMatch)
    assert found.frames == 4
    assert "4 frames look alike" in found.detail


def test_titles_and_end_cards_at_their_own_pace_are_refused() -> None:
    cards = [make_scene(seed, 1)[0] for seed in (20, 21, 22)]
    query = make_scene(2, 100, 1)
    known = make_scene(3, 200, 1)
    for card, at, known_at in zip(cards, (5, 12, 70), (150, 20, 90), strict=True):
        query[at], known[known_at] = hold(card, at, 1)[0], hold(card, known_at, 1)[0]
    assert isinstance(match(query, known), NoVideoMatch)


def test_black_frames_match_nothing() -> None:
    black = PerceptualHash(bytes(32), 0, 0.0)
    assert isinstance(match(hold(black, 0, 10), hold(black, 0, 10)), NoVideoMatch)


def test_a_scene_in_which_nothing_moves_is_found_whole() -> None:
    still = make_scene(9, 1)[0]
    known = [still, PerceptualHash(make_scene(8, 1)[0].value, 10, 30.0)]  # thinned out: kept once, then black
    found = match(hold(still, 0, 30), known)
    assert isinstance(found, VideoMatch)
    assert found.stretches[0].duration_s == pytest.approx(30, abs=1)


@pytest.mark.parametrize(("step", "known_step"), [(1, 1), (10, 1), (1, 10)])
def test_a_scene_in_which_nothing_moves_is_found_however_densely_sampled(step: int, known_step: int) -> None:
    still = make_scene(9, 1)[0]
    found = match(hold(still, 0, 600 // step, step / 10), hold(still, 0, 600 // known_step, known_step / 10))
    assert isinstance(found, VideoMatch)
    assert found.kind is VideoMatchKind.COPY
    assert len(found.stretches) == 1
    assert found.stretches[0].duration_s == pytest.approx(60, abs=1)


def test_a_long_still_stretch_inside_other_scenes_is_found() -> None:
    still = make_scene(9, 1)[0]
    query = make_scene(2, 10, 1) + hold(still, 10, 15) + shift(make_scene(4, 30, 1), 25)
    known = make_scene(3, 40, 1) + hold(still, 40, 20) + shift(make_scene(5, 40, 1), 60)
    found = match(query, known)
    assert isinstance(found, VideoMatch)
    assert 8 <= found.offset_s <= 12
    assert found.stretches[0].duration_s >= 10


def test_a_video_shown_twice_has_two_stretches() -> None:
    query = sample(LONG[:200], 5) + shift(make_scene(2, 15, 1), 20) + shift(sample(LONG[:200], 5, seed=6), 35)
    found = match(query, LONG[:200])
    assert isinstance(found, VideoMatch)
    assert sorted(round(each.offset_s) for each in found.stretches) == [0, 35]
    further = found.details()["further_stretches"]
    assert isinstance(further, list)
    assert len(further) == 1


def test_parts_in_another_order_are_each_found() -> None:
    query = sample(LONG[400:], 5) + shift(sample(LONG[:200], 5), 20)
    found = match(query, LONG)
    assert isinstance(found, VideoMatch)
    places = {(round(each.offset_s), round(each.known_offset_s)) for each in found.stretches}
    assert places == {(0, 40), (20, 0)}


def test_a_picture_that_is_a_frame_of_a_video_is_found_with_the_time() -> None:
    picture = [PerceptualHash(sample(LONG, 1)[333].value, 100)]
    found = match(picture, LONG)
    assert isinstance(found, VideoMatch)
    assert found.kind is VideoMatchKind.FRAME
    assert found.details()["known_offset_s"] == pytest.approx(33.3, abs=0.2)
    assert found.distance <= 4


def test_a_known_picture_with_two_hashes_is_found_in_a_video() -> None:
    other = make_scene(31, 1)[0].value
    found = match(sample(LONG, 1), [PerceptualHash(other, 100), PerceptualHash(LONG[333].value, 100)])
    assert isinstance(found, VideoMatch)
    assert (found.kind, round(found.offset_s)) == (VideoMatchKind.FRAME, 33)


def test_a_video_that_shows_a_known_picture_is_found_with_the_time() -> None:
    known = [PerceptualHash(LONG[333].value, 100)]
    found = match(sample(LONG, 1), known)
    assert isinstance(found, VideoMatch)
    assert (found.kind, found.details()["known_offset_s"]) == (VideoMatchKind.FRAME, 0.0)
    assert found.offset_s == pytest.approx(33.3, abs=0.2)


def test_a_mirrored_copy_is_found_by_its_variants() -> None:
    mirrored = sample(LONG, 10)
    other = make_scene(11, 60, 1)
    query = [
        PerceptualHash(plain.value, 100, plain.offset_s, b"\1" + turned.value)
        for plain, turned in zip(other, mirrored, strict=True)
    ]
    found = check(query, LONG, VideoMatchKind.COPY)
    assert found.details()["variant"] == "mirrored"


def test_frames_found_by_local_features_make_a_stretch() -> None:
    query, known = VideoFrames.of(make_scene(11, 30, 1)), VideoFrames.of(LONG)
    at_s = np.arange(0.0, 30.0, 3.0)
    pairs = pair_by_time(query, known, at_s, at_s + 12.4)
    found = match_video(query, known, pairs, FEATURE_TOLERANCE_S)
    assert isinstance(found, VideoMatch)
    assert found.stretches[0].known_offset_s == pytest.approx(12.4, abs=1)
    assert found.kind is VideoMatchKind.CLIP


def test_shares_are_those_of_vpdq() -> None:
    query, known = sample(LONG[:300], 10) + shift(make_scene(2, 10, 1), 30), LONG[:300]
    found = match(query, known)
    assert isinstance(found, VideoMatch)

    def count(some: Frames, other: Frames) -> float:
        values = {frame.value for frame in some}
        near = [value for value in values if any(distance(value, frame.value) <= 31 for frame in other)]
        return len(near) / len(values)

    assert found.share == pytest.approx(count(query, known))
    assert found.known_share == pytest.approx(count(known, query))


def test_details_are_plain_words_and_numbers() -> None:
    found = check(sample(LONG, 10), LONG, VideoMatchKind.COPY)
    assert set(found.details()) == {
        *("kind", "offset_s", "known_offset_s", "duration_s", "speed", "share", "known_share", "frames")
    }


@given(
    st.integers(0, 2**32), st.floats(0.5, 2.0), st.integers(0, 300), st.integers(80, 300), st.sampled_from([2, 5, 10])
)
@settings(max_examples=40, deadline=None)
def test_any_clip_at_any_speed_is_placed(seed: int, speed: float, start: int, length: int, step: int) -> None:
    known = make_scene(seed, 60)
    query = shift(sample(known[start : start + length], step), 0, speed)
    found = match(query, known)
    assert isinstance(found, VideoMatch)
    first = found.stretches[0]
    place_s = start / 10 + first.offset_s * speed
    assert abs(first.known_offset_s - place_s) < 1.0


@given(st.integers(0, 2**32), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_chance_pairs_are_no_match(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    query, known = VideoFrames.of(make_scene(seed, 300, 1)), VideoFrames.of(make_scene(seed + 1, 3000, 1))
    spots = rng.choice(300, min(count, 12), replace=False).astype(float)
    pairs = pair_by_time(query, known, spots, rng.uniform(0, 3000, len(spots)))
    assert isinstance(match_video(query, known, pairs), NoVideoMatch)


@pytest.mark.shared_data
@pytest.mark.skipif(not CLIPS.is_dir(), reason="no ../shared/data/video beside the repository")
def test_published_hashes_of_one_scene_match_and_of_others_do_not() -> None:
    clips = {
        path.name: [read_vpdq_line(line) for line in path.read_text().splitlines()]
        for path in sorted(CLIPS.glob("*.vpdq.txt"))
    }
    for name, query in clips.items():
        for other, known in clips.items():
            found = match(query[::15], known)
            is_same = name.split("-")[0] == other.split("-")[0]
            # One has black bars and the other has not: frame hashes alone cannot tell.
            barred = "hd" in name + other and name != other
            assert isinstance(found, VideoMatch) == (is_same and not barred), (name, other)
            if isinstance(found, VideoMatch):
                starts = [{"chair-19": 3.7, "chair-20": 2.0}.get(each[:8], 0.0) for each in (name, other)]
                first = found.stretches[0]
                assert first.known_offset_s - first.offset_s == pytest.approx(starts[0] - starts[1], abs=0.5)
