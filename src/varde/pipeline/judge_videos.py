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
    judged, entries = list[Match](), dict[int, VideoFrames]()
    contents: dict[int, tuple[Sequence[PerceptualHash], VideoFrames]] = {}
    for match in matches:
        if match.content_id not in contents:
            found_hashes, duration_s = read_content_hashes(connection, match.content_id, point.method.name)
            contents[match.content_id] = (found_hashes, VideoFrames.of(found_hashes, duration_s))
        if match.entry_id not in entries:
            hashes = known_hashes.read_frames(connection, match.entry_id, point.method.name)
            entries[match.entry_id] = VideoFrames.of(hashes)
        (of_query, query), known = contents[match.content_id], entries[match.entry_id]
        if query.is_picture and known.is_picture:
            judged.append(match)
            continue
        pairs = compare_frames(of_query, known, point.max_distance, point.min_quality)
        found = match_video(query, known, pairs)
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
