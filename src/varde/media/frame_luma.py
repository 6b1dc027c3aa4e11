"""Every frame of a video as whole luma in its stored layout, with its type and what it cost: for sensor noise.

Nothing is scaled, and the display matrix is not applied: sensor noise lies in the layout of the sensor. Where a video
has more frames than may be read, each stretch from key frame to key frame gives its first ones, so that the frames are
spread over the whole length and all key frames are among them; what comes first in a stretch is coded best.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Final

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import PictureType
from av.video.stream import VideoStream

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.media.frame_choice import Stretch, cut_into_stretches
from varde.media.luma import compute_frame_grey
from varde.media.video_stream import (
    Progress,
    check_frame_size,
    decode_packet,
    ffmpeg_errors,
    get_duration,
    get_rate,
    get_stream,
    make_issues,
    open_video,
    read_packets,
)

_PARAMS_HEADER, _H264_PARAMS = 32, 1
_MOST_PENDING = 512
_STEP_IN_BLOCK: Final = 4


class FrameKind(StrEnum):
    """How a frame is coded."""

    INTRA = "I"
    """By itself."""

    PREDICTED = "P"
    """As the difference from earlier frames."""

    BOTH_WAYS = "B"
    """As the difference from earlier and later frames."""

    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class LumaFrame:
    """One frame.

    Attributes:
        offset_s: from the start of the stream.
        luma: (H, W) uint8, 0-255 full range, as it is stored.
        kind: how it is coded.
        coded_bytes: size of its packet; 0 where it is not known.
        steps: (H / 16, W / 16) float32 quantiser of each 16 x 16 block, 0-51, rounded up at the edges; None where the
            decoder does not say (it does for H.264).
    """

    offset_s: float
    luma: npt.NDArray[np.uint8]
    kind: FrameKind
    coded_bytes: int
    steps: npt.NDArray[np.float32] | None


class LumaFrames:
    """The frames of one open video. Iterate once; afterwards `issues` says how far it was read.

    Attributes:
        codec: name of the coding.
        duration_s: as stated, 0 where it is not.
        rate: frames per second as stated or guessed.
        read: how many frames were given so far.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, limits: DecodeLimits, max_frames: int) -> None:
        """Starts a video that was just opened, of which so many frames may be read."""
        self.codec = str(stream.codec_context.name)
        self.duration_s = get_duration(container, stream)
        self.rate = get_rate(stream)
        self._container, self._stream, self._limits, self._most = container, stream, limits, max_frames
        self._progress = Progress()
        self._sizes: dict[int | None, int] = {}
        self._shape: tuple[int, int] | None = None
        self._other_sizes = 0
        self._left_out = 0

    @property
    def read(self) -> int:
        """How many frames were given so far."""
        return self._progress.frames

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What a person should know of how far it was read; frames left out for their number are not an issue."""
        found = make_issues(self._progress, self.duration_s)
        if self._other_sizes:
            cause = f"{self._other_sizes} frames have another size than the first and were left out"
            found = (*found, Issue(IssueCode.UNSUPPORTED, Step.DECODE, cause))
        return found

    def stop_for_time(self) -> None:
        """Notes that the rest will not be read, for lack of time."""
        self._progress.failure = f"only the first {self.read} frames were looked at, for lack of time"

    def __iter__(self) -> Iterator[LumaFrame]:
        """Yields the frames in the order of showing; one that cannot be decoded whole is left out and counted.

        Raises:
            Unreadable: DAMAGED if there is not one, TOO_LARGE.
        """
        share, credit = self._most / max(self._count_expected(), self._most), 0.0
        for stretch in cut_into_stretches(read_packets(self._container, self._stream, self._progress)):
            credit = min(credit + share * len(stretch.packets), float(self._most - self.read))
            until = min(len(stretch.packets), round(credit + 0.499))
            if until < 1:
                break
            credit -= until
            yield from self._read_stretch(stretch, until)
        if not self.read:
            raise Unreadable(IssueCode.DAMAGED, self._progress.failure or "no frame could be decoded")

    def _count_expected(self) -> float:
        return float(self._stream.frames or self.duration_s * self.rate)

    def _read_stretch(self, stretch: Stretch, until: int) -> Iterator[LumaFrame]:
        goes_on = until == len(stretch.packets) and not stretch.is_last
        for timed in stretch.packets[:until]:
            if len(self._sizes) < _MOST_PENDING:
                self._sizes[timed.packet.pts] = timed.packet.size
            yield from self._convert(decode_packet(self._stream, timed.packet, self._progress))
        if not goes_on:
            yield from self._convert(decode_packet(self._stream, None, self._progress))
            self._sizes.clear()

    def _convert(self, frames: list[tuple[float, av.VideoFrame]]) -> Iterator[LumaFrame]:
        for offset_s, frame in frames:
            size = self._sizes.pop(frame.pts, 0)
            check_frame_size(frame.width, frame.height, self._limits)
            if frame.is_corrupt or not self._fits(frame):
                self._progress.bad_frames += frame.is_corrupt
                continue
            with ffmpeg_errors("a frame cannot be converted"):
                luma = compute_frame_grey(frame)
            self._progress.frames += 1
            yield LumaFrame(offset_s, luma, _get_kind(frame), size, _read_steps(frame))

    def _fits(self, frame: av.VideoFrame) -> bool:
        self._shape = self._shape or (frame.height, frame.width)
        fits = self._shape == (frame.height, frame.width)
        self._other_sizes += not fits
        return fits


@contextmanager
def open_luma_frames(
    file: BinaryIO, limits: DecodeLimits, *, max_frames: int | None = None, max_pixels: int | None = None
) -> Iterator[LumaFrames]:
    """Gives the frames of a video's first video stream; one decoded frame and up to 64 MiB of the file are in memory.

    Args:
        file: seekable, from the start of the video; it is left open.
        limits: pixels of a frame, and number of frames.
        max_frames: fewer frames; of a longer video they are spread over its length.
        max_pixels: of all frames together; None is no limit.

    Raises:
        Unreadable: UNSUPPORTED (no video in it, unknown codec), DAMAGED (nothing could be decoded), TOO_LARGE.
        MemoryError: if the process may not have the memory.

    Limits: of a video whose length is not known, the first frames.
    """
    with open_video(file) as container:
        stream = get_stream(container, limits)
        context: Any = stream.codec_context
        context.options = {"export_side_data": "venc_params"}
        most = min(limits.max_frames, max_frames or limits.max_frames)
        if max_pixels is not None:
            most = max(1, min(most, max_pixels // max(1, context.width * context.height)))
        yield LumaFrames(container, stream, limits, most)


def _get_kind(frame: av.VideoFrame) -> FrameKind:
    kinds = {
        PictureType.I: FrameKind.INTRA,
        PictureType.P: FrameKind.PREDICTED,
        PictureType.B: FrameKind.BOTH_WAYS,
    }
    return kinds.get(PictureType(frame.pict_type), FrameKind.UNKNOWN)


def _read_steps(frame: av.VideoFrame) -> npt.NDArray[np.float32] | None:
    """Returns the quantiser of each 16 x 16 block out of what FFmpeg exports (its AVVideoEncParams)."""
    side_data: Any = frame.side_data
    exported = side_data.get(SideDataType.VIDEO_ENC_PARAMS)
    if exported is None:
        return None
    data = memoryview(exported)
    count = int(np.frombuffer(data[:4], np.uint32)[0])
    begin, each = (int(value) for value in np.frombuffer(data[8:24], np.uint64))
    kind, base = (int(value) for value in np.frombuffer(data[24:_PARAMS_HEADER], np.int32))
    rows, columns = -(-frame.height // 16), -(-frame.width // 16)
    if kind != _H264_PARAMS or each % 4 or begin + count * each > data.nbytes or count < rows * columns:
        return None
    blocks = np.frombuffer(data[begin : begin + count * each], np.int32).reshape(count, each // 4)
    lies = (blocks[:, 1] // 16) * columns + blocks[:, 0] // 16
    steps = np.full(rows * columns, base, np.float32)
    inside = (lies >= 0) & (lies < steps.size) & (blocks[:, 0] < frame.width)
    steps[lies[inside]] = base + blocks[inside, _STEP_IN_BLOCK]
    return steps.reshape(rows, columns)
