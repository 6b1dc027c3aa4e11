"""Small pictures of a video's frames for people, spread over its length: never sound, never a film."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import BinaryIO, Final

import numpy as np

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode
from varde.core.limits import DecodeLimits
from varde.media.luma import make_small_frame
from varde.media.sampling import Sampling, SamplingMode
from varde.media.video import choose_frames, open_stream
from varde.media.video_stream import Progress, check_frame_size, ffmpeg_errors, get_duration, make_issues
from varde.media.views import Bitmap

MOST_SHOWN: Final = 60
"""Frames of one video that are shown."""

FRAME_PX: Final = 256
_SHORT_S = 15.0
_LEAST_GAP_S = 0.2
_SAME_S = 1e-4


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A frame and its time from the start in seconds."""

    offset_s: float
    picture: Bitmap


@dataclass(frozen=True, slots=True)
class VideoView:
    """What is shown of a video.

    Attributes:
        frames: in the order of time.
        duration_s: as stated, 0 where it is not.
        issues: why it does not cover all of it.
    """

    frames: tuple[ShownFrame, ...]
    duration_s: float
    issues: tuple[Issue, ...] = ()


def read_video_view(source: BinaryIO, limits: DecodeLimits, sampling: Sampling) -> VideoView:
    """Returns small frames in colour about a second apart, or further where there would be more than `MOST_SHOWN`.

    They are chosen as for hashing (key frames, some between them, shot changes), in one pass through the file. Of a
    video of up to 15 seconds they lie closer: up to five a second.

    Args:
        source: a seekable file that starts with the video; it is left open.
        limits: pixels of a frame.
        sampling: how many pixels may be decoded between key frames.

    Raises:
        Unreadable: as `varde.media.video.read_video`.
        MemoryError: if the process may not have the memory.
    """
    bounds = replace(limits, max_frames=MOST_SHOWN)
    progress, shown = Progress(), list[ShownFrame]()
    with open_stream(source, bounds) as (container, stream, length_s):
        duration_s = get_duration(container, stream)
        is_short = 0 < length_s <= _SHORT_S
        chosen = replace(sampling, mode=SamplingMode.ALL) if is_short else sampling
        _, frames = choose_frames(container, stream, bounds, chosen, length_s, progress)
        gap_s = max(_LEAST_GAP_S, length_s / MOST_SHOWN) if is_short else 0.0
        for offset_s, frame in frames:
            if shown and offset_s < shown[-1].offset_s + gap_s - _SAME_S:
                continue
            if len(shown) == MOST_SHOWN:
                progress.failure = f"only the first {MOST_SHOWN} frames are shown"
                break
            progress.frames += 1
            progress.bad_frames += frame.is_corrupt
            check_frame_size(frame.width, frame.height, bounds)
            with ffmpeg_errors("a frame cannot be converted"):
                shown.append(ShownFrame(offset_s, _make_bitmap(make_small_frame(frame, FRAME_PX))))
    if not shown:
        raise Unreadable(IssueCode.DAMAGED, progress.failure or "no frame could be decoded")
    return VideoView(tuple(shown), duration_s, make_issues(progress, duration_s))


def _make_bitmap(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Bitmap:
    height, width, channels = pixels.shape
    return Bitmap(width, height, channels, pixels.tobytes())
