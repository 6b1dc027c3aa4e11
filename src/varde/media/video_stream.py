"""A video's compressed stream: opened safely, read packet by packet with times, decoded with a record of failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
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

# Only these readers may be chosen by content: no playlist or script that names further files is among them.
_DEMUXERS = (
    *("mov", "mp4", "matroska", "webm", "avi", "mpeg", "mpegts", "mpegvideo", "asf", "flv", "ogg", "rm", "mxf"),
    *("ivf", "yuv4mpegpipe", "wtv", "h264", "hevc", "dv", "m4v"),
)
_OPTIONS = {"format_whitelist": ",".join(_DEMUXERS), "protocol_whitelist": "none"}
_ENDED_EARLY_S = 1.0
_MOST_PACKETS_AT_END = 20_000
# What FFmpeg and PyAV were seen to raise on hostile bytes, besides MemoryError.
_FAILURES = (av.error.FFmpegError, ValueError, EOFError, ArithmeticError, LookupError)


@dataclass(slots=True)
class Progress:
    """What has happened so far while reading one video.

    Attributes:
        frames: how many were handed on.
        last_s: latest time met in the stream, decoded or not.
        bad_frames: packets that could not be decoded and frames that were handed on although not whole.
        failure: why reading stopped before the end, "" while it has not.
        wanted_s, dense_s: seconds of the length in which frames between key frames were wanted, and were decoded.
    """

    frames: int = 0
    last_s: float = 0.0
    bad_frames: int = 0
    failure: str = ""
    wanted_s: float = 0.0
    dense_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet of compressed data.

    Attributes:
        at_s: time of its frame from the start of the stream in seconds; below 0 where an edit list hides the frame.
        packet: its own time is set even where the container states none; empty for the last one of the stream.
    """

    at_s: float
    packet: av.Packet[Any]


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
    """Returns the first real video stream, set up to decode on this thread.

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


def find_end(container: InputContainer, stream: VideoStream, duration_s: float) -> float:
    """Returns the time of the last frame in seconds as far as it can be found near the stated end, 0 where it cannot.

    Headers may state any length, and frames that are spread over a length that is not there are few. Afterwards the
    container must be opened again.

    Args:
        container, stream: just opened.
        duration_s: as stated.
    """
    time_base = float(stream.time_base or 1)
    last_s = 0.0
    try:
        container.seek(int(duration_s / time_base) + (stream.start_time or 0), stream=stream, backward=True)
        for number, packet in enumerate(container.demux(stream)):
            if packet.pts is not None:
                last_s = max(last_s, get_offset(stream, packet.pts))
            if number == _MOST_PACKETS_AT_END:
                return duration_s
    except MemoryError:
        raise
    except _FAILURES:
        return last_s
    return last_s


def get_rate(stream: VideoStream) -> float:
    """Returns frames per second as stated or guessed, 25 where nothing speaks for any other."""
    return float(stream.average_rate or stream.guessed_rate or 25)


def get_offset(stream: VideoStream, ticks: int) -> float:
    """Returns seconds from the stream's own start of a time in its units.

    The times of edit lists, of streams that start late and of changing frame rates are already in the packets.
    """
    return float((ticks - (stream.start_time or 0)) * (stream.time_base or Fraction(1)))


def read_packets(container: InputContainer, stream: VideoStream, progress: Progress) -> Iterator[TimedPacket]:
    """Yields the stream's packets in their order, the last one empty; a failure ends it and is noted.

    A packet without a time gets that of its decoding, or where there is none either, that of its number.
    """
    ticks_per_packet = 1 / (get_rate(stream) * float(stream.time_base or 1))
    for number, packet in enumerate(_demux(container, stream, progress)):
        if packet.size:
            if packet.pts is None:
                packet.pts = round(number * ticks_per_packet) if packet.dts is None else packet.dts
            progress.last_s = max(progress.last_s, get_offset(stream, packet.pts))
        yield TimedPacket(progress.last_s if packet.pts is None else get_offset(stream, packet.pts), packet)


def decode_packet(
    stream: VideoStream, packet: av.Packet[Any] | None, progress: Progress
) -> list[tuple[float, av.VideoFrame]]:
    """Returns the frames the decoder gives out for a packet, with their time in seconds; a failure is counted.

    Args:
        stream: set up by `get_stream`.
        packet: None makes the decoder give out what it still holds; afterwards it takes a key frame.
        progress: receives a failure, and is the time of frames that have none.
    """
    context: Any = stream.codec_context
    found: list[object] = []
    try:
        found = context.decode(packet)
    except MemoryError:
        raise
    except _FAILURES:
        progress.bad_frames += 1
    finally:
        if packet is None:
            context.flush_buffers()
    return [(_get_time(stream, frame, progress), frame) for frame in found if isinstance(frame, av.VideoFrame)]


def _get_time(stream: VideoStream, frame: av.VideoFrame, progress: Progress) -> float:
    return progress.last_s if frame.pts is None else max(0.0, get_offset(stream, frame.pts))


def make_issues(progress: Progress, duration_s: float) -> tuple[Issue, ...]:
    """Returns what a person should know about how far a video was read.

    Args:
        progress: after the last frame.
        duration_s: the length the container states, 0 where it states none.
    """
    issues = []
    if progress.bad_frames:
        cause = f"{progress.bad_frames} frames could not be decoded or only in part, {progress.frames} were looked at"
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


def _describe(error: Exception) -> str:
    """Returns FFmpeg's words without its numbers."""
    return getattr(error, "strerror", None) or str(error)
