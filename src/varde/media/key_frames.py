"""Key frames of a video alone: the cheapest way through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import av
from av.video.stream import VideoStream

from varde.core.limits import DecodeLimits
from varde.media.video_stream import Progress, TimedPacket, decode_packet

MIN_GAP_S = 0.5


def read_key_frames(
    packets: Iterable[TimedPacket], stream: VideoStream, limits: DecodeLimits, duration_s: float, progress: Progress
) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yields seconds from the start and frame, in the order of decoding; what goes wrong is noted in `progress`.

    Frames are at least `MIN_GAP_S` apart, and further where there would be more than the limit.

    Args:
        packets: of `read_packets`.
        stream: the same.
        limits: number of frames.
        duration_s: length of the video, 0 where it is not known.
        progress: of `read_packets`.
    """
    context: Any = stream.codec_context
    context.skip_frame = "NONKEY"
    gap_s = max(MIN_GAP_S, duration_s / limits.max_frames)
    next_s = 0.0
    for timed in packets:
        if timed.packet.size:
            if not timed.packet.is_keyframe or timed.at_s < next_s:
                continue
            next_s = timed.at_s + gap_s
        yield from decode_packet(stream, timed.packet if timed.packet.size else None, progress)
