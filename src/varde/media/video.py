"""Videos: key frames as grey pixels for hashing, facts, and a contact sheet for people."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode
from varde.core.limits import DecodeLimits
from varde.core.media import Facts, Thumbnail
from varde.media.contact_sheet import ContactSheet
from varde.media.container_tags import read_container_tags
from varde.media.key_frames import (
    Progress,
    check_frame_size,
    ffmpeg_errors,
    get_duration,
    get_stream,
    make_issues,
    open_video,
    read_key_frames,
)
from varde.media.luma import compute_frame_grey

OnFrame = Callable[[float, npt.NDArray[np.uint8]], None]


@dataclass(frozen=True, slots=True)
class VideoReading:
    """What was read of one video; its frames went to the callback.

    Attributes:
        facts: size as stored, number of frames where the container states it, duration, container tags.
        thumbnail: contact sheet of up to nine frames spread over the length, upright.
        issues: TRUNCATED or DAMAGED where only part of it could be decoded.
        key_frames: how many frames went to the callback.
    """

    facts: Facts
    thumbnail: Thumbnail
    issues: tuple[Issue, ...]
    key_frames: int


def read_video(source: Path | BinaryIO, limits: DecodeLimits, on_frame: OnFrame) -> VideoReading:
    """Returns a video's facts and contact sheet after handing its key frames, one at a time, to `on_frame`.

    Key frames are chosen at least half a second apart, and further apart where there would be more than
    `limits.max_frames` of them, so that they cover the whole length. One decoded frame is in memory at a time.

    Args:
        source: a path, or a seekable binary file that starts with the video; it is left open.
        limits: pixels of a frame, number of frames, longest side of the contact sheet.
        on_frame: called with the frame's time from the start in seconds and its (H, W) uint8 luma, 0-255, rotation tag
            not applied; what it raises passes through.

    Raises:
        Unreadable: UNSUPPORTED (no video in it, unknown codec), DAMAGED (nothing could be decoded), TOO_LARGE.
        OSError: if the path cannot be opened.
        MemoryError: if the process may not have the memory.

    Limits: the first video stream only; frames between key frames are not looked at.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_video(file, limits, on_frame)
    progress, sheet = Progress(), ContactSheet(limits)
    with open_video(source) as container:
        with ffmpeg_errors("its video stream cannot be read"):
            stream = get_stream(container, limits)
        for offset_s, frame in read_key_frames(container, stream, limits, progress):
            check_frame_size(frame.width, frame.height, limits)
            with ffmpeg_errors("a frame cannot be converted"):
                sheet.add(frame)
                grey = compute_frame_grey(frame)
            on_frame(offset_s, grey)
        if not progress.key_frames:
            raise Unreadable(IssueCode.DAMAGED, progress.failure or "no key frame could be decoded")
        duration_s = get_duration(container, stream)
        facts = Facts(
            stream.codec_context.width,
            stream.codec_context.height,
            frames=stream.frames or None,
            duration_s=duration_s or None,
            metadata=read_container_tags(container.metadata, stream.metadata),
        )
    return VideoReading(facts, sheet.make(), make_issues(progress, duration_s), progress.key_frames)


def warm_up() -> None:
    """Writes and reads tiny videos in memory, so that nothing is imported later inside a sandbox."""
    for name, codec, pixels in (
        ("mp4", "mpeg4", "yuv420p"),
        ("matroska", "ffv1", "bgr0"),
        ("avi", "mjpeg", "yuvj420p"),
    ):
        with io.BytesIO() as file:
            with av.open(file, mode="w", format=name) as container:
                stream = cast(VideoStream, container.add_stream(codec, rate=10))
                stream.width, stream.height, stream.pix_fmt = 32, 32, pixels
                frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), format="rgb24")
                for packet in (*stream.encode(frame), *stream.encode(None)):
                    container.mux(packet)
            file.seek(0)
            read_video(file, DecodeLimits(), lambda offset_s, grey: None)
