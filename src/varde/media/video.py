"""Videos: chosen frames as grey pixels for hashing, facts, and a contact sheet for people."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.stream import VideoStream

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode
from varde.core.limits import DecodeLimits
from varde.core.media import Facts, Thumbnail
from varde.media.contact_sheet import ContactSheet
from varde.media.container_tags import read_container_tags
from varde.media.frame_choice import GAP_S, FrameReader, TimedFrame
from varde.media.key_frames import read_key_frames
from varde.media.luma import compute_frame_grey, make_small_frame
from varde.media.sampling import (
    DEFAULT_SAMPLING,
    ColourFrames,
    FrameMarker,
    FrameUse,
    Sampling,
    SamplingMode,
    Spread,
    describe_sampling,
)
from varde.media.video_stream import (
    Progress,
    check_frame_size,
    decode_packet,
    ffmpeg_errors,
    find_end,
    get_duration,
    get_rate,
    get_stream,
    make_issues,
    open_video,
    read_packets,
)

_DOUBTED_FROM_S = 120.0
"""Videos that state more are looked at near their end before frames are spread over their length."""

_LEAST_COLOUR_GAP_S = 0.2

OnFrame = Callable[[float, npt.NDArray[np.uint8], FrameUse], None]


@dataclass(frozen=True, slots=True)
class VideoReading:
    """What was read of one video; its frames went to the callback.

    Attributes:
        facts: size as stored, number of frames where the container states it, duration, container tags.
        thumbnail: contact sheet of up to nine frames spread over the length, upright.
        issues: TRUNCATED or DAMAGED where only part of it could be decoded.
        frames: how many frames went to the callback.
        sampling: how they were chosen, as `describe_sampling` writes it: what was done, not what was asked for.
    """

    facts: Facts
    thumbnail: Thumbnail
    issues: tuple[Issue, ...]
    frames: int
    sampling: str


def read_video(
    source: Path | BinaryIO,
    limits: DecodeLimits,
    on_frame: OnFrame,
    sampling: Sampling | None = None,
    colour: ColourFrames | None = None,
) -> VideoReading:
    """Returns a video's facts and contact sheet after handing chosen frames, one at a time, to `on_frame`.

    There are at most `limits.max_frames` of them and they cover the whole length; only of a video whose length is not
    known the first ones are taken. With `SamplingMode.ALL` every frame is handed over, to be thinned out by whoever
    hashes them; a video with more pixels than `sampling.max_pixels` is read as with `SamplingMode.SECONDS`.
    Two decoded frames are in memory at a time, and up to 64 MiB of the file.

    Args:
        source: a path, or a seekable binary file that starts with the video; it is left open.
        limits: pixels of a frame, number of frames, longest side of the contact sheet.
        on_frame: called with the frame's time from the start in seconds, its (H, W) uint8 luma, 0-255, rotation tag
            not applied, and what it may be used for; what it raises passes through. The time is that of the stream:
            edit lists, late starts and changing frame rates are allowed for, and the stream's first frame is at 0.
        sampling: which frames; None takes the defaults.
        colour: who wants some of them in colour too, evenly spread over the length.

    Raises:
        Unreadable: UNSUPPORTED (no video in it, unknown codec), DAMAGED (nothing could be decoded), TOO_LARGE.
        OSError: if the path cannot be opened.
        MemoryError: if the process may not have the memory.

    Source: ours; what each choice costs and finds stands in evaluations/video_robustness.md.

    Limits: the first video stream only.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_video(file, limits, on_frame, sampling, colour)
    progress, sheet = Progress(), ContactSheet(limits)
    with open_stream(source, limits) as (container, stream, length_s):
        duration_s = get_duration(container, stream)
        marker, painter = FrameMarker(length_s), _Painter(colour, length_s)
        mode, frames = choose_frames(container, stream, limits, sampling or DEFAULT_SAMPLING, length_s, progress)
        for offset_s, frame in frames:
            if progress.frames >= limits.max_frames and mode is not SamplingMode.ALL:
                progress.failure = progress.failure or f"only the first {progress.frames} frames were looked at"
                break
            progress.frames += 1
            progress.bad_frames += frame.is_corrupt
            check_frame_size(frame.width, frame.height, limits)
            with ffmpeg_errors("a frame cannot be converted"):
                sheet.add(frame)
                grey = compute_frame_grey(frame)
            on_frame(offset_s, grey, marker.mark(offset_s))
            painter.show(offset_s, frame)
        if not progress.frames:
            raise Unreadable(IssueCode.DAMAGED, progress.failure or "no frame could be decoded")
        facts = Facts(
            stream.codec_context.width,
            stream.codec_context.height,
            frames=stream.frames or None,
            duration_s=duration_s or None,
            metadata=read_container_tags(container.metadata, stream.metadata),
        )
    share = progress.dense_s / progress.wanted_s if progress.wanted_s else 1.0
    described = describe_sampling(mode, max(GAP_S, length_s / limits.max_frames), share)
    return VideoReading(facts, sheet.make(), make_issues(progress, duration_s), progress.frames, described)


class _Painter:
    """Hands over frames in colour, as many as may be."""

    def __init__(self, wanted: ColourFrames | None, length_s: float) -> None:
        self._wanted, self._length_s = wanted, length_s
        self._spread: Spread | None = None

    def show(self, offset_s: float, frame: av.VideoFrame) -> None:
        if self._wanted is None:
            return
        if self._spread is None:
            scale = min(1.0, self._wanted.longest_px / max(frame.width, frame.height))
            most = int(self._wanted.max_pixels / (frame.width * frame.height * scale * scale))
            self._spread = Spread(max(1, most), _LEAST_COLOUR_GAP_S, self._length_s)
        if not self._spread.take(offset_s):
            return
        with ffmpeg_errors("a frame cannot be converted"):
            pixels = make_small_frame(frame, self._wanted.longest_px)
        is_upright = (pixels.shape[1] >= pixels.shape[0]) == (frame.width >= frame.height)
        self._wanted.on_frame(offset_s, pixels, frame.width if is_upright else frame.height)


@contextmanager
def open_stream(source: BinaryIO, limits: DecodeLimits) -> Iterator[tuple[InputContainer, VideoStream, float]]:
    """Gives container, stream and over how many seconds frames are to be spread.

    That is the stated length, unless a long one is not there.
    """
    stated_s = found_s = 0.0
    with open_video(source) as container:
        with ffmpeg_errors("its video stream cannot be read"):
            stream = get_stream(container, limits)
            stated_s = get_duration(container, stream)
        if stated_s <= _DOUBTED_FROM_S:
            yield container, stream, stated_s
            return
        found_s = find_end(container, stream, stated_s)
    source.seek(0)
    with open_video(source) as container:
        with ffmpeg_errors("its video stream cannot be read"):
            stream = get_stream(container, limits)
        yield container, stream, found_s if 0 < found_s < stated_s / 2 else stated_s


def choose_frames(
    container: InputContainer,
    stream: VideoStream,
    limits: DecodeLimits,
    sampling: Sampling,
    length_s: float,
    progress: Progress,
) -> tuple[SamplingMode, Iterator[TimedFrame]]:
    """Returns how frames are really chosen, and the frames."""
    packets = read_packets(container, stream, progress)
    if sampling.mode is SamplingMode.KEY_FRAMES:
        return sampling.mode, read_key_frames(packets, stream, limits, length_s, progress)
    pixels = length_s * get_rate(stream) * stream.codec_context.width * stream.codec_context.height
    if sampling.mode is SamplingMode.ALL and 0 < pixels <= sampling.max_pixels:
        frames = (
            found
            for timed in packets
            for found in decode_packet(stream, timed.packet if timed.packet.size else None, progress)
        )
        return sampling.mode, frames
    reader = FrameReader(stream, limits, sampling, length_s, progress)
    return SamplingMode.SECONDS, reader.read(packets)


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
            read_video(file, DecodeLimits(), lambda offset_s, grey, use: None)
