"""Judges frames that look alike as what the videos they are of share: a few frames alone may be a title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from varde.core.finding import Match, OperatingPoint
from varde.core.signal import PerceptualHash
from varde.known.video_frames import VideoFrames, compare_frames
from varde.known.video_match import match_video
from varde.known.video_stretch import VideoMatch
from varde.pipeline.match_videos import video_point
from varde.store import known_hashes
from varde.store.probes import read_content_hashes


def judge(connection: Connection, matches: Iterable[Match], point: OperatingPoint) -> list[Match]:
    """Returns matches of pictures as they are, and one for what each video shares with an entry, if it shares enough.

    All frames of both sides are compared with one another, so that the answer does not depend on which of their pairs
    are among the matches.

    Args:
        connection: the site's.
        matches: at most one of each content and entry.
        point: of the comparison of hashes.
    """
    judged, contents, entries = list[Match](), dict[int, _Frames](), dict[int, _Frames]()
    for match in matches:
        if match.content_id not in contents:
            contents[match.content_id] = _Frames(*read_content_hashes(connection, match.content_id, point.method.name))
        if match.entry_id not in entries:
            hashes = known_hashes.read_frames(connection, match.entry_id, point.method.name)
            entries[match.entry_id] = _Frames(hashes, 0.0)
        query, known = contents[match.content_id], entries[match.entry_id]
        if query.is_picture and known.is_picture:
            judged.append(match)
            continue
        found = _compare(query, known, point)
        if isinstance(found, VideoMatch):
            judged.append(
                Match(
                    match.content_id,
                    match.entry_id,
                    video_point(point),
                    found.distance,
                    found.offset_s,
                    found.details(),
                )
            )
    return judged


class _Frames:
    """The hashes of a content or an entry."""

    def __init__(self, hashes: Sequence[PerceptualHash], duration_s: float) -> None:
        self.hashes = hashes
        self.duration_s = duration_s
        self.is_picture = all(found.offset_s is None for found in hashes)


def _compare(query: _Frames, known: _Frames, point: OperatingPoint) -> object:
    frames = VideoFrames.of(known.hashes, known.duration_s)
    pairs = compare_frames(query.hashes, frames, point.max_distance, point.min_quality)
    return match_video(VideoFrames.of(query.hashes, query.duration_s), frames, pairs)
