"""Key frames of a video, chosen and decoded one at a time, with a record of what went wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.media.text import clean_text

MIN_GAP_S = 0.5

# Only these readers may be chosen by content: no playlist or script that names further files is among them.
_DEMUXERS = (
    *("mov", "mp4", "matroska", "webm", "avi", "mpeg", "mpegts", "mpegvideo", "asf", "flv", "ogg", "rm", "mxf"),
    *("ivf", "yuv4mpegpipe", "wtv", "h264", "hevc", "dv", "m4v"),
)
_OPTIONS = {"format_whitelist": ",".join(_DEMUXERS), "protocol_whitelist": "none"}
_ENDED_EARLY_S = 1.0
# What FFmpeg and PyAV were seen to raise on hostile bytes, besides MemoryError.
_FAILURES = (av.error.FFmpegError, ValueError, EOFError, ArithmeticError, LookupError)


@dataclass(slots=True)
class Progress:
    """What has happened so far while reading one video.

    Attributes:
        key_frames: how many were decoded.
        last_s: latest time met in the stream, decoded or not.
        bad_frames: key frames that could not be decoded, or not whole.
        failure: why reading stopped before the end, "" while it has not.
    """

    key_frames: int = 0
    last_s: float = 0.0
    bad_frames: int = 0
    failure: str = ""


@contextmanager
def ffmpeg_errors(doing: str) -> Iterator[None]:
    """Turns what FFmpeg raises inside into `Unreadable`; MemoryError passes.

    Args:
        doing: what could not be done, for the message: ``cannot be opened as a video``.
    """
    try:
        yield
    except MemoryError:
        raise
    except (av.error.DecoderNotFoundError, av.error.PatchWelcomeError) as error:
        raise Unreadable(IssueCode.UNSUPPORTED, clean_text(f"no decoder: {error}")) from error
    except _FAILURES as error:
        raise Unreadable(IssueCode.DAMAGED, clean_text(f"{doing}: {_describe(error)}")) from error


def open_video(file: BinaryIO) -> InputContainer:
    """Returns the opened container; the caller closes it. The file must be seekable and is left open.

    Raises:
        Unreadable: UNSUPPORTED if it is of another format, DAMAGED if none is recognised or its header is broken.
    """
    with ffmpeg_errors("cannot be opened as a video"):
        try:
            return av.open(file, mode="r", options=_OPTIONS, metadata_errors="replace")
        except av.error.ArgumentError as error:
            # FFmpeg's answer when it recognises a format that is not among those allowed.
            raise Unreadable(IssueCode.UNSUPPORTED, "not one of the video formats that are opened here") from error


def get_stream(container: InputContainer, limits: DecodeLimits) -> VideoStream:
    """Returns the first real video stream, set up to decode key frames only, on this thread.

    Raises:
        Unreadable: UNSUPPORTED if there is none or no decoder for it, TOO_LARGE.
    """
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        raise Unreadable(IssueCode.UNSUPPORTED, "there is no video stream in it")
    context: Any = streams[0].codec_context
    if context is None:
        raise Unreadable(IssueCode.UNSUPPORTED, "no decoder here reads its video stream")
    check_frame_size(context.width, context.height, limits)
    context.thread_type, context.thread_count = "NONE", 1
    context.skip_frame = "NONKEY"
    return streams[0]


def check_frame_size(width: int, height: int, limits: DecodeLimits) -> None:
    """Refuses frames with more pixels than the limit.

    Raises:
        Unreadable: TOO_LARGE.
    """
    if width * height > limits.max_pixels:
        raise Unreadable(IssueCode.TOO_LARGE, f"{width} x {height} pixels, the limit is {limits.max_pixels}")


def get_duration(container: InputContainer, stream: VideoStream) -> float:
    """Returns the length in seconds, 0 where the container does not say."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base))
    return max(0.0, (container.duration or 0) / av.time_base)


def read_key_frames(
    container: InputContainer, stream: VideoStream, limits: DecodeLimits, progress: Progress
) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yields seconds from the start and frame, in the order of decoding; what goes wrong is noted in `progress`.

    Frames are at least `MIN_GAP_S` apart, and further where there would be more than the limit; where the length is
    not known, reading stops at the limit.
    """
    time_base = float(stream.time_base or 1)
    start_s = (stream.start_time or 0) * time_base
    gap_s = max(MIN_GAP_S, get_duration(container, stream) / limits.max_frames)
    # Bare streams carry no times: there, packets are counted.
    step_s = float(1 / (stream.average_rate or stream.guessed_rate or 25))
    next_s, fed_s = 0.0, deque[float]()
    for number, packet in enumerate(_demux(container, stream, progress)):
        if packet.size:
            time = packet.dts if packet.pts is None else packet.pts
            at_s = number * step_s if time is None else max(0.0, time * time_base - start_s)
            progress.last_s = max(progress.last_s, at_s)
            if not packet.is_keyframe or at_s < next_s:
                continue
            next_s = at_s + gap_s
            fed_s.append(at_s)
        # The empty packet at the end makes the decoder give out what it still holds.
        for frame in _decode(packet, progress):
            if progress.key_frames == limits.max_frames:
                progress.failure = progress.failure or f"only the first {progress.key_frames} key frames were looked at"
                return
            progress.key_frames += 1
            progress.bad_frames += frame.is_corrupt
            # A decoder gives frames out later than it takes packets in, in the same order.
            packet_s = fed_s.popleft() if fed_s else progress.last_s
            yield (packet_s if frame.pts is None else max(0.0, frame.time - start_s)), frame


def make_issues(progress: Progress, duration_s: float) -> tuple[Issue, ...]:
    """Returns what a person should know about how far a video was read.

    Args:
        progress: after the last frame.
        duration_s: the length the container states, 0 where it states none.
    """
    issues = []
    if progress.bad_frames:
        cause = (
            f"{progress.bad_frames} key frames could not be decoded or only in part, {progress.key_frames} were read"
        )
        issues.append(Issue(IssueCode.DAMAGED, Step.DECODE, cause))
    if progress.failure:
        issues.append(Issue(IssueCode.TRUNCATED, Step.DECODE, clean_text(progress.failure)))
    elif duration_s - progress.last_s > max(_ENDED_EARLY_S, duration_s / 50):
        cause = f"ends after {progress.last_s:.1f} s of the {duration_s:.1f} s it states"
        issues.append(Issue(IssueCode.TRUNCATED, Step.DECODE, cause))
    return tuple(issues)


def _demux(container: InputContainer, stream: VideoStream, progress: Progress) -> Iterator[av.Packet[Any]]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except MemoryError:
            raise
        except _FAILURES as error:
            progress.failure = f"cannot be read beyond {progress.last_s:.1f} s: {_describe(error)}"
            return
        yield packet


def _decode(packet: av.Packet[Any], progress: Progress) -> list[av.VideoFrame]:
    try:
        return [frame for frame in packet.decode() if isinstance(frame, av.VideoFrame)]
    except MemoryError:
        raise
    except _FAILURES:
        progress.bad_frames += 1
        return []


def _describe(error: Exception) -> str:
    """Returns FFmpeg's words without its numbers."""
    return getattr(error, "strerror", None) or str(error)
