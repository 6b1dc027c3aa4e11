"""Compares videos: turns frames that look alike into the stretches that a content and a known entry share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from varde.core.finding import OperatingPoint
from varde.core.signal import PerceptualHash
from varde.known.video_frames import FramePairs, VideoFrames, keep_closest, pair_by_time
from varde.known.video_match import FEATURE_TOLERANCE_S, METHOD, match_video
from varde.known.video_stretch import VideoMatch
from varde.store import known_hashes


@dataclass(frozen=True, slots=True)
class FrameHit:
    """A frame of a content that looks like a hash of a known entry.

    Attributes:
        frame: position of the hash among those of the content.
        position: of the hash among those of the entry.
        distance: in bits; smaller is closer.
        variant: code of `varde.hashing.variants`.
    """

    entry_id: int
    frame: int
    position: int
    distance: int
    variant: int


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """What a content shares with a known entry of which at least one is a video."""

    entry_id: int
    match: VideoMatch


def video_point(hashes: OperatingPoint) -> OperatingPoint:
    """Returns the operating point of video comparison by frame hashes compared at theirs."""
    return OperatingPoint(METHOD, hashes.max_distance, hashes.min_quality)


def match_frames(
    connection: Connection, query: VideoFrames, hits: Iterable[FrameHit], point: OperatingPoint
) -> Iterator[FoundVideo]:
    """Yields what a content shares with each entry that its frames hit; pictures with pictures are left out.

    Args:
        connection: the site's.
        query: all frames of the content, in the order of their positions, or its one hash.
        hits: of frames and hashes that reach the least quality.
        point: of the comparison of hashes; names the method they were stored under.
    """
    by_entry: dict[int, list[FrameHit]] = {}
    for hit in hits:
        by_entry.setdefault(hit.entry_id, []).append(hit)
    for entry_id, found in sorted(by_entry.items()):
        known = VideoFrames.of(known_hashes.read_frames(connection, entry_id, point.method.name))
        if query.is_picture and known.is_picture:
            continue
        match = match_video(query, known, keep_closest(_pairs(found)))
        if isinstance(match, VideoMatch):
            yield FoundVideo(entry_id, match)


def match_times(
    connection: Connection, query: VideoFrames, times: Sequence[tuple[int, float, float]], point: OperatingPoint
) -> Iterator[FoundVideo]:
    """Yields what a video shares with known videos by frames that local features found alike.

    Args:
        connection: the site's.
        query: all frames of the content.
        times: entry row, time in the content and time in the known video, in seconds, of each pair found.
        point: of the comparison of hashes; names the method they were stored under.
    """
    by_entry: dict[int, list[tuple[float, float]]] = {}
    for entry_id, query_s, known_s in times:
        by_entry.setdefault(entry_id, []).append((query_s, known_s))
    for entry_id, found in sorted(by_entry.items()):
        known = VideoFrames.of(known_hashes.read_frames(connection, entry_id, point.method.name))
        if not len(known) or known.is_picture:
            continue
        at = np.array(found, np.float64)
        match = match_video(query, known, pair_by_time(query, known, at[:, 0], at[:, 1]), FEATURE_TOLERANCE_S)
        if isinstance(match, VideoMatch):
            yield FoundVideo(entry_id, match)


def make_frames(hashes: Sequence[PerceptualHash], duration_s: float | None) -> VideoFrames:
    """Returns the frames of a content as its signal holds them."""
    return VideoFrames.of(hashes, duration_s or 0.0)


def _pairs(hits: Sequence[FrameHit]) -> FramePairs:
    columns = [(hit.frame, hit.position, hit.distance, hit.variant) for hit in hits]
    return FramePairs(*np.array(columns, np.int64).reshape(-1, 4).T)
