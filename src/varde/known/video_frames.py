"""The frames of a video as arrays, and which frames of two videos look alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import HASH_BYTES, MAX_DISTANCE, MIN_QUALITY
from varde.hashing.variants import read_variants
from varde.hashing.video_hash import SAME_FRAME_BITS

_PAIRS_AT_ONCE = 1 << 20
_LONE_FRAME_S = 1.0
_QUALITY_STEP = 1


@dataclass(frozen=True)
class VideoFrames:
    """The frame hashes of one video in order, or the single hash of a picture.

    Attributes:
        values: (N, 32) uint8.
        offsets_s: (N,) float64, seconds from the start, several frames at one time allowed; NaN for a picture.
        quality: (N,) int64, 0-100.
        stated_duration_s: length of the video, 0 where it is not known.
    """

    values: NDArray[np.uint8]
    offsets_s: NDArray[np.float64]
    quality: NDArray[np.int64]
    stated_duration_s: float = 0.0

    def __post_init__(self) -> None:
        """Checks the shapes.

        Raises:
            WrongUse: if they do not fit.
        """
        count = len(self.offsets_s)
        if self.values.shape != (count, HASH_BYTES) or self.quality.shape != (count,):
            raise WrongUse(f"{count} times for hashes {self.values.shape} and qualities {self.quality.shape}")

    @classmethod
    def of(cls, hashes: Sequence[PerceptualHash], stated_duration_s: float = 0.0) -> VideoFrames:
        """Returns the frames that the hashes of a signal are; one without a time among others that have one is at 0."""
        values = np.frombuffer(b"".join(found.value for found in hashes), np.uint8).reshape(-1, HASH_BYTES)
        is_video = any(found.offset_s is not None for found in hashes)
        untimed_s = 0.0 if is_video else np.nan
        offsets_s = [untimed_s if found.offset_s is None else found.offset_s for found in hashes]
        quality = [found.quality for found in hashes]
        return cls(values, np.array(offsets_s, np.float64), np.array(quality, np.int64), stated_duration_s)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.offsets_s)

    @property
    def is_picture(self) -> bool:
        """Whether it is a still picture, perhaps with several hashes, rather than a video."""
        return len(self) > 0 and bool(np.isnan(self.offsets_s).all())

    @cached_property
    def shown_s(self) -> NDArray[np.float64]:
        """(N,) float64: for how long each frame stands, that is until the next time of which one was kept."""
        times_s, place = np.unique(self.offsets_s, return_inverse=True)
        gaps = np.diff(times_s)
        last = float(np.median(gaps)) if len(gaps) else _LONE_FRAME_S
        if self.stated_duration_s and len(times_s):
            last = max(0.0, self.stated_duration_s - float(times_s[-1]))
        shown: NDArray[np.float64] = np.append(gaps, last)[place]
        return shown

    @property
    def duration_s(self) -> float:
        """Length in seconds: from 0 to the end of the last frame."""
        return float((self.offsets_s + self.shown_s).max()) if len(self) and not self.is_picture else 0.0


@dataclass(frozen=True)
class FramePairs:
    """Pairs of a frame of one video and a frame of another that look alike; a frame may be in any number of them.

    Attributes:
        query, known: (K,) int64, number of the frame in its `VideoFrames`.
        distance: (K,) int64, bits in which they differ; smaller is closer.
        variant: (K,) int64, what had to be done to the frame of the query (a code of `varde.hashing.variants`), 0 for
            nothing.
    """

    query: NDArray[np.int64]
    known: NDArray[np.int64]
    distance: NDArray[np.int64]
    variant: NDArray[np.int64]

    def select(self, kept: NDArray[np.bool_]) -> FramePairs:
        """Returns some of the pairs: (K,) bool."""
        return FramePairs(self.query[kept], self.known[kept], self.distance[kept], self.variant[kept])

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.query)


def compare_frames(
    query: Sequence[PerceptualHash],
    known: VideoFrames,
    max_distance: int = MAX_DISTANCE,
    min_quality: int = MIN_QUALITY,
) -> FramePairs:
    """Returns every pair of frames within the distance, each frame of the query tried in all variants it carries.

    Compares all with all: for two videos at hand. Against known sets the pairs come from an index.

    Args:
        query: frame hashes of a video, or the one of a picture.
        known: to compare with.
        max_distance: in bits.
        min_quality: of both frames; black, flat and blurred frames are below 50.
    """
    frames, codes, values = _list_probes(query, min_quality)
    good = np.flatnonzero(known.quality >= min_quality)
    words, known_words = values.view(np.uint64), np.ascontiguousarray(known.values[good]).view(np.uint64)
    rows: list[NDArray[np.int64]] = []
    step = max(1, _PAIRS_AT_ONCE // max(1, len(good)))
    for top in range(0, len(words), step):
        bits = np.zeros((len(words[top : top + step]), len(good)), np.int64)
        for word in range(4):
            bits += np.bitwise_count(words[top : top + step, None, word] ^ known_words[:, word])
        probe, found = np.nonzero(bits <= max_distance)
        rows.append(np.stack([frames[top + probe], good[found], bits[probe, found], codes[top + probe]]))
    joined = np.concatenate(rows, axis=1) if rows else np.empty((4, 0), np.int64)
    return keep_closest(FramePairs(*joined))


def keep_closest(pairs: FramePairs) -> FramePairs:
    """Returns each pair of frames once, with the variant in which they are closest, ordered by frames."""
    order = np.lexsort((pairs.variant, pairs.distance, pairs.known, pairs.query))
    query, known = pairs.query[order], pairs.known[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (query[1:] != query[:-1]) | (known[1:] != known[:-1])
    return FramePairs(query[first], known[first], pairs.distance[order][first], pairs.variant[order][first])


def merge_still(frames: VideoFrames) -> tuple[VideoFrames, NDArray[np.int64]]:
    """Returns the frames without those that hardly differ from one kept just before, and which one stands for each.

    So a scene in which nothing moves is one frame that stands for long, however densely it was sampled.
    """
    kept: list[int] = []
    stands_for = np.zeros(len(frames), np.int64)
    words = [int.from_bytes(value.tobytes()) for value in frames.values]
    for number, word in enumerate(words):
        # The last two: a known video with bars has two hashes of one moment.
        same = (place for place in range(len(kept) - 1, max(-1, len(kept) - 3), -1))
        near = next((place for place in same if (words[kept[place]] ^ word).bit_count() <= SAME_FRAME_BITS), None)
        if near is None or frames.quality[kept[near]] < frames.quality[number] - _QUALITY_STEP:
            near = len(kept)
            kept.append(number)
        stands_for[number] = near
    merged = VideoFrames(frames.values[kept], frames.offsets_s[kept], frames.quality[kept], frames.duration_s)
    return merged, stands_for


def count_distinct(values: NDArray[np.uint8], most: int) -> int:
    """Returns how many of the hashes are further than a match from each other, counted greedily up to `most`.

    Args:
        values: (N, 32) uint8; the first one counts, then each that is not within `MAX_DISTANCE` of one that counted.
        most: where counting stops.
    """
    left = np.ascontiguousarray(values).view(np.uint64)
    count = 0
    while len(left) and count < most:
        count += 1
        left = left[np.bitwise_count(left ^ left[0]).sum(axis=1) > MAX_DISTANCE]
    return count


def _list_probes(
    query: Sequence[PerceptualHash], min_quality: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Returns frame number, variant and hash of everything to search with."""
    probes = list(_iterate_probes(query, min_quality))
    values = np.frombuffer(b"".join(value for _, _, value in probes), np.uint8).reshape(-1, HASH_BYTES)
    frames = np.array([frame for frame, _, _ in probes], np.int64)
    return frames, np.array([code for _, code, _ in probes], np.int64), values


def _iterate_probes(query: Sequence[PerceptualHash], min_quality: int) -> Iterator[tuple[int, int, bytes]]:
    for number, found in enumerate(query):
        if found.quality >= min_quality:
            yield number, 0, found.value
            for code, value in zip(*read_variants(found.variants), strict=True):
                yield number, int(code), value.tobytes()


def pair_by_time(
    query: VideoFrames, known: VideoFrames, query_s: NDArray[np.float64], known_s: NDArray[np.float64]
) -> FramePairs:
    """Returns pairs of frames that something other than their hashes found alike, such as local features.

    Args:
        query, known: frames of both.
        query_s, known_s: (K,) times of what was found alike; each is taken for the frame shown then.
    """
    nothing = np.zeros(len(query_s), np.int64)
    return keep_closest(FramePairs(_find_shown(query, query_s), _find_shown(known, known_s), nothing, nothing))


def _find_shown(frames: VideoFrames, at_s: NDArray[np.float64]) -> NDArray[np.int64]:
    order = np.argsort(frames.offsets_s, kind="stable")
    place = np.searchsorted(frames.offsets_s[order], at_s + 1e-3, "right") - 1
    found: NDArray[np.int64] = order[np.clip(place, 0, len(order) - 1)].astype(np.int64)
    return found
