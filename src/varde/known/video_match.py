"""From frames that look alike to what two videos share: which stretch of one is which stretch of the other.

A single frame says little: black frames, titles and test cards are in many videos. So a match of two videos needs a few
frames that differ from one another, in the same order and at the same pace in both. A still picture needs but one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from varde.core.signal import Method
from varde.known.time_lines import TimeLine, find_time_line
from varde.known.video_frames import FramePairs, VideoFrames, count_distinct, keep_closest, merge_still
from varde.known.video_stretch import NoVideoMatch, Stretch, VideoMatch, VideoMatchKind

METHOD = Method("pdq-video", "1")

LEAST_DISTINCT = 3
"""Frames, each further than a match from the others, that a stretch must have; fewer where a video has no more."""

LONG_RUN_S = 10.0
"""A stretch this long counts even if nothing moves in it: titles are shorter."""

TOLERANCE_S = 0.35
"""How far from the line a pair of frames may lie, beyond the time for which each stands."""

FEATURE_TOLERANCE_S = 1.0
"""The same for pairs found by local features: these are of frames about a second apart on both sides."""

MOST_OF = 0.8
"""Share of a video's length from which on a stretch counts as all of it; also vPDQ's share of a query's frames."""

_MOST_STRETCHES = 8
_MOST_KNOWN_PER_FRAME = 24
_LEAST_COVER_OF_LONG_RUN = 0.5
_LAST_FRAME_S = 2.0
_STILL_GAIN = 1.5
_LONGEST_GAP_S = 10.0


def match_video(
    query: VideoFrames, known: VideoFrames, pairs: FramePairs, tolerance_s: float = TOLERANCE_S
) -> VideoMatch | NoVideoMatch:
    """Returns what a content and a known entry share, or why their equal frames are no match.

    How to call it: collect all hits of one content's frames (with their variants) on one entry; the frame of a hit in
    the query is the position of its signal, in the known entry the position in its hash id
    (``entry_id << 20 | position``); `VideoFrames` are all frames of each, in the order of their positions. Give all
    frames, also those below the least quality; give only pairs whose frames both reach it. `compare_frames` makes the
    pairs where no index is at hand. Either may be a picture.

    Args:
        query: frames of the content.
        known: frames of the known entry.
        pairs: which of them look alike; `keep_closest` must have been applied where variants were searched. Frames that
            local features found alike come from `pair_by_time`.
        tolerance_s: `FEATURE_TOLERANCE_S` for pairs found by local features.

    Source: ours; evaluations/video_robustness.md states recall per edit and false matches per pair.

    Limits: a stretch of one or two frames between others is refused if both videos have three or more that differ: it
        may be a title. Where nothing moves, offsets are within the time in which nothing moves.
    """
    if not len(pairs):
        return NoVideoMatch("no frame looks like one of the other", 0)
    shares = _compute_share(query, pairs.query), _compute_share(known, pairs.known)
    if query.is_picture or known.is_picture:
        return VideoMatch(VideoMatchKind.FRAME, (_match_frame(query, known, pairs),), *shares)
    count = len(np.unique(pairs.query))
    query, of_query = merge_still(query)
    known, of_known = merge_still(known)
    pairs = keep_closest(replace(pairs, query=of_query[pairs.query], known=of_known[pairs.known]))
    stretches = tuple(sorted(_find_stretches(query, known, pairs, tolerance_s), key=lambda each: -each.duration_s))
    if not stretches:
        what = "1 frame looks" if count == 1 else f"{count} frames look"
        return NoVideoMatch(f"{what} alike, too few that differ at one pace: it may be a title or a test card", count)
    return VideoMatch(_tell_kind(query, known, stretches[0]), stretches, *shares)


def _compute_share(frames: VideoFrames, matched: NDArray[np.int64]) -> float:
    """Returns the share of different hashes that matched, as vPDQ counts: equal ones once."""
    words = np.ascontiguousarray(frames.values).view("V32").ravel()
    good = frames.quality >= min(int(frames.quality[matched].min()), 50)
    return len(np.unique(words[np.unique(matched)])) / max(1, len(np.unique(words[good])))


def _match_frame(query: VideoFrames, known: VideoFrames, pairs: FramePairs) -> Stretch:
    best = int(np.lexsort((pairs.known, pairs.query, pairs.distance))[0])
    offset_s = 0.0 if query.is_picture else float(query.offsets_s[pairs.query[best]])
    known_s = 0.0 if known.is_picture else float(known.offsets_s[pairs.known[best]])
    matched = len(np.unique(pairs.query))
    return Stretch(offset_s, known_s, 0.0, 1.0, 1, matched, int(pairs.variant[best]), int(pairs.distance[best]))


def _tell_kind(query: VideoFrames, known: VideoFrames, stretch: Stretch) -> VideoMatchKind:
    is_all = stretch.duration_s >= MOST_OF * query.duration_s
    is_all_known = stretch.duration_s * stretch.speed >= MOST_OF * known.duration_s
    if is_all and is_all_known:
        return VideoMatchKind.COPY
    if is_all:
        return VideoMatchKind.CLIP
    return VideoMatchKind.CONTAINS if is_all_known else VideoMatchKind.PART


def _find_stretches(query: VideoFrames, known: VideoFrames, pairs: FramePairs, tolerance_s: float) -> Iterator[Stretch]:
    """Yields stretches until no more can be found, each pair of frames in one at most."""
    left = _drop_surplus(pairs)
    for _ in range(_MOST_STRETCHES):
        if not len(left):
            return
        line = _find_line(query, known, left, tolerance_s)
        on_line = _is_on_line(query, known, left, line, tolerance_s)
        for run in _cut_at_gaps(query, left, on_line):
            stretch = _accept(query, known, left.select(run), line)
            if stretch is not None:
                yield stretch
                left = _drop_covered(query, known, left.select(~run), stretch)
                break
        else:
            if not on_line.any():
                return
            left = left.select(~on_line)


def _drop_covered(query: VideoFrames, known: VideoFrames, pairs: FramePairs, stretch: Stretch) -> FramePairs:
    """Returns the pairs outside a stretch of both videos: those inside say the same once more."""
    query_s, known_s = query.offsets_s[pairs.query], known.offsets_s[pairs.known]
    in_query = (query_s >= stretch.offset_s - 1) & (query_s <= stretch.offset_s + stretch.duration_s + 1)
    end_s = stretch.known_offset_s + stretch.duration_s * stretch.speed
    in_known = (known_s >= stretch.known_offset_s - 1) & (known_s <= end_s + 1)
    return pairs.select(~(in_query & in_known))


def _drop_surplus(pairs: FramePairs) -> FramePairs:
    """Returns the closest pairs of each frame of the query, of equally close ones any, so that cost stays bounded."""
    anyhow = pairs.known * 2654435761 % (1 << 32)
    order = np.lexsort((anyhow, pairs.distance, pairs.query))
    ordered = pairs.query[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    kept = np.zeros(len(pairs), np.bool_)
    kept[order[rank < _MOST_KNOWN_PER_FRAME]] = True
    return pairs.select(kept)


def _find_line(query: VideoFrames, known: VideoFrames, pairs: FramePairs, tolerance_s: float) -> TimeLine:
    """Returns the line most pairs lie on; where nothing moves, the one that begins or ends with the first or last."""
    query_s, known_s = query.offsets_s[pairs.query], known.offsets_s[pairs.known]
    closeness = (1 - pairs.distance / 48.0) ** 2
    busy = np.maximum(np.bincount(pairs.query)[pairs.query], np.bincount(pairs.known)[pairs.known])
    best = find_time_line(query_s, known_s, closeness / busy)
    count = _STILL_GAIN * _count_on_line(query, known, pairs, best, tolerance_s)
    for place in (int(query_s.argmin()), int(query_s.argmax())):
        line = TimeLine(1.0, float(known_s[place] - query_s[place]))
        found = _count_on_line(query, known, pairs, line, tolerance_s)
        if found > count:
            best, count = line, found
    return best


def _count_on_line(
    query: VideoFrames, known: VideoFrames, pairs: FramePairs, line: TimeLine, tolerance_s: float
) -> float:
    return float(len(np.unique(pairs.query[_is_on_line(query, known, pairs, line, tolerance_s)])))


def _is_on_line(
    query: VideoFrames, known: VideoFrames, pairs: FramePairs, line: TimeLine, tolerance_s: float
) -> NDArray[np.bool_]:
    """Returns (K,) bool: whether both frames are shown at one time on the line, give or take the tolerance."""
    query_s, known_s = query.offsets_s[pairs.query], known.offsets_s[pairs.known]
    start_s = line.speed * query_s + line.shift_s
    end_s = start_s + line.speed * query.shown_s[pairs.query]
    found: NDArray[np.bool_] = (start_s <= known_s + known.shown_s[pairs.known] + tolerance_s) & (
        end_s >= known_s - tolerance_s
    )
    return found


def _cut_at_gaps(query: VideoFrames, pairs: FramePairs, on_line: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Yields the pairs on the line in runs without long gaps, the run with most frames first."""
    frames = np.unique(pairs.query[on_line])
    if not len(frames):
        return
    frames = frames[np.argsort(query.offsets_s[frames], kind="stable")]
    starts_s = query.offsets_s[frames]
    ends_s = starts_s + np.minimum(query.shown_s[frames], _LONGEST_GAP_S)
    longest_s = max(_LONGEST_GAP_S, 5 * float(np.median(query.shown_s)))
    runs = np.split(frames, np.flatnonzero(starts_s[1:] - ends_s[:-1] > longest_s) + 1)
    for run in sorted(runs, key=len, reverse=True):
        yield on_line & np.isin(pairs.query, run)


def _accept(query: VideoFrames, known: VideoFrames, run: FramePairs, line: TimeLine) -> Stretch | None:
    """Returns the stretch of a run of pairs on a line, or None if it has too little to go by."""
    stretch = _measure(query, known, run, line)
    needed = min(
        LEAST_DISTINCT,
        count_distinct(query.values[query.quality >= query.quality[run.query].min()], LEAST_DISTINCT),
        count_distinct(known.values[known.quality >= known.quality[run.known].min()], LEAST_DISTINCT),
    )
    is_long = stretch.duration_s >= LONG_RUN_S and _measure_cover(query, run, stretch) >= _LEAST_COVER_OF_LONG_RUN
    is_most = stretch.duration_s >= MOST_OF * min(query.duration_s, known.duration_s / stretch.speed)
    return stretch if stretch.frames >= needed or is_long or is_most else None


def _measure_cover(query: VideoFrames, run: FramePairs, stretch: Stretch) -> float:
    """Returns for which share of a stretch's length a frame that matched was shown."""
    frames = np.unique(run.query)
    ends_s = np.minimum((query.offsets_s + query.shown_s)[frames], stretch.offset_s + stretch.duration_s)
    shown_s = np.maximum(ends_s - np.maximum(query.offsets_s[frames], stretch.offset_s), 0.0)
    return float(shown_s.sum() / stretch.duration_s)


def _measure(query: VideoFrames, known: VideoFrames, run: FramePairs, line: TimeLine) -> Stretch:
    frames = np.unique(run.query)
    order = np.lexsort((run.distance, run.query))
    closest = order[np.searchsorted(run.query[order], frames)]
    start_s = max(float(query.offsets_s[frames].min()), line.to_query(0.0))
    last = int(frames[query.offsets_s[frames].argmax()])
    known_end_s = line.to_query(float((known.offsets_s + known.shown_s)[run.known].max()))
    end_s = min(
        float(query.offsets_s[last] + query.shown_s[last]),
        known_end_s + min(float(query.shown_s[last]), _LAST_FRAME_S),
        line.to_query(known.duration_s),
    )
    distinct = min(
        count_distinct(query.values[frames], len(frames)),
        count_distinct(known.values[np.unique(run.known[closest])], len(frames)),
    )
    codes = np.bincount(run.variant[closest])
    return Stretch(
        offset_s=start_s,
        known_offset_s=max(0.0, line.to_known(start_s)),
        duration_s=max(0.0, end_s - start_s),
        speed=line.speed,
        frames=distinct,
        matched=len(frames),
        variant=int(codes.argmax()),
        distance=int(np.median(run.distance[closest])),
    )
