"""Frames of a video about a second apart, decoded no further than needed.

Between two key frames nothing can be decoded without all that lies before it. So packets are held back until the next
key frame is known, the frames wanted in between are spread evenly, and decoding stops at the last of them: where key
frames are a second apart, as phones write them, nothing but key frames is decoded. Frames that no other frame builds on
are left out while decoding; those that are looked at are the same to the last pixel.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.video.stream import VideoStream

from varde.core.limits import DecodeLimits
from varde.media.key_frames import MIN_GAP_S
from varde.media.sampling import Sampling
from varde.media.shots import ShotDetector
from varde.media.video_stream import Progress, TimedPacket, decode_packet, get_rate

GAP_S = 1.0
_MOST_PACKETS = 1_200
_MOST_BYTES = 64 << 20
_FIRST_SHARE = 0.05
_SAME_S = 1e-4
_SHOT_GAP_S = 0.25
_LONGEST_FRAME_S = 0.1

TimedFrame = tuple[float, av.VideoFrame]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Packets from one key frame up to the next, or a part of them where there are very many.

    Attributes:
        packets: in the order of decoding.
        next_key_s: time of the key frame that follows, None where another part or the end of the video follows.
        is_last: whether the video ends with it.
    """

    packets: list[TimedPacket]
    next_key_s: float | None
    is_last: bool = False

    @property
    def begins_with_key(self) -> bool:
        """Whether decoding can begin here."""
        return bool(self.packets[0].packet.is_keyframe)

    @property
    def first_s(self) -> float:
        """Time from which on its frames can be wanted: that of its key frame, else of its earliest frame."""
        return self.packets[0].at_s if self.begins_with_key else min(timed.at_s for timed in self.packets)

    @property
    def last_s(self) -> float:
        """Time of its latest frame."""
        return max(timed.at_s for timed in self.packets)


def cut_into_stretches(packets: Iterable[TimedPacket]) -> Iterator[Stretch]:
    """Yields the packets from key frame to key frame; at most 1,200 or about 64 MiB of them are held."""
    held: list[TimedPacket] = []
    held_bytes = 0
    for timed in packets:
        if not timed.packet.size:
            continue
        is_key = bool(timed.packet.is_keyframe)
        if held and (is_key or len(held) == _MOST_PACKETS or held_bytes >= _MOST_BYTES):
            yield Stretch(held, timed.at_s if is_key else None)
            held, held_bytes = [], 0
        held.append(timed)
        held_bytes += timed.packet.size
    if held:
        yield Stretch(held, None, is_last=True)


class Plan:
    """Decides at which times frames are wanted, evenly and within the limits, as the stretches come.

    Attributes:
        gap_s: seconds between frames that are aimed at.
    """

    def __init__(self, limits: DecodeLimits, duration_s: float) -> None:
        """Starts a video of a length in seconds, 0 where it is not known."""
        self.gap_s = max(GAP_S, duration_s / limits.max_frames)
        self._key_gap_s = max(MIN_GAP_S, duration_s / limits.max_frames)
        self._most = limits.max_frames
        self._duration_s = duration_s
        self._count = 0
        self._last_s = -math.inf

    def choose(self, stretch: Stretch) -> list[float]:
        """Returns the times wanted in a stretch, rising; its key frame's own time first where that is wanted."""
        first_s = stretch.first_s
        wanted = []
        if stretch.begins_with_key and stretch.last_s >= 0:
            # A key frame before the start is hidden: the frame at the start is wanted instead.
            shown_s = max(0.0, first_s)
            if shown_s >= self._last_s + self._key_gap_s and self.count_in(shown_s):
                wanted.append(shown_s)
                self._last_s = shown_s
        anchor_s = self._last_s if math.isfinite(self._last_s) else max(0.0, first_s)
        for at_s in self._spread(anchor_s, stretch):
            if at_s >= first_s and self.count_in(at_s):
                wanted.append(at_s)
                self._last_s = at_s
        return wanted

    def _spread(self, anchor_s: float, stretch: Stretch) -> Iterator[float]:
        if stretch.next_key_s is not None:
            steps = round((stretch.next_key_s - anchor_s) / self.gap_s)
            step_s = (stretch.next_key_s - anchor_s) / max(steps, 1)
            return (anchor_s + number * step_s for number in range(1, steps))
        steps = math.floor((stretch.last_s - anchor_s) / self.gap_s + _SAME_S)
        return (anchor_s + number * self.gap_s for number in range(1, steps + 1))

    def count_in(self, at_s: float) -> bool:
        """Returns whether one more frame may be taken by that time, and counts it if so."""
        # One more than the limit is let through: whoever reads sees by it that there are too many.
        share = min(1.0, at_s / self._duration_s) if self._duration_s else 1.0
        if self._count > self._most * share + _SAME_S:
            return False
        self._count += 1
        return True


class Budget:
    """How many pixels may still be decoded between key frames, spread over the length of the video."""

    def __init__(self, most_pixels: int, duration_s: float) -> None:
        """Starts a video of a length in seconds, 0 where it is not known: then it is spent as it comes."""
        self._most = most_pixels
        self._duration_s = duration_s
        self._spent = 0

    def spend(self, pixels: int, at_s: float) -> bool:
        """Returns whether so many pixels may be decoded up to that time, and counts them if so."""
        share = min(1.0, at_s / self._duration_s + _FIRST_SHARE) if self._duration_s else 1.0
        if self._spent + pixels > self._most * share:
            return False
        self._spent += pixels
        return True


class FrameReader:
    """Reads one video's frames about a second apart. Call `read` once."""

    def __init__(
        self, stream: VideoStream, limits: DecodeLimits, sampling: Sampling, duration_s: float, progress: Progress
    ) -> None:
        """Starts a video.

        Args:
            stream: set up by `get_stream`.
            limits: number of frames.
            sampling: how many pixels may be decoded between key frames.
            duration_s: length of the video, 0 where it is not known.
            progress: receives what goes wrong, and for how much of the length frames were wanted and decoded.
        """
        self._stream = stream
        self._progress = progress
        self.plan = Plan(limits, duration_s)
        self._budget = Budget(sampling.max_pixels, duration_s)
        self._pixels = stream.codec_context.width * stream.codec_context.height
        self._frame_s = 1 / get_rate(stream)
        self._shots = ShotDetector()
        self._wanted: deque[float] = deque()
        self._held: TimedFrame | None = None
        self._given_s = -math.inf
        self._valid_from_s = -math.inf
        self._is_open = False

    def read(self, packets: Iterable[TimedPacket]) -> Iterator[TimedFrame]:
        """Yields seconds from the start and frame; times rise."""
        context: Any = self._stream.codec_context
        # Where frames are shown for long, one that nothing builds on may be the only one for a second.
        context.skip_frame = "NONREF" if self._frame_s <= _LONGEST_FRAME_S else "DEFAULT"
        for stretch in cut_into_stretches(packets):
            until, wanted = self._choose(stretch)
            if self._is_open and not until:
                yield from self._close()
            if not self._is_open:
                self._valid_from_s = stretch.first_s
            self._wanted.extend(wanted)
            for timed in stretch.packets[:until]:
                yield from self._take(decode_packet(self._stream, timed.packet, self._progress))
            self._is_open = bool(until)
            if 0 < until < len(stretch.packets):
                yield from self._close()
        if self._is_open:
            yield from self._close()

    def _choose(self, stretch: Stretch) -> tuple[int, list[float]]:
        """Returns how many of a stretch's packets are to be decoded, and the times wanted in them."""
        wanted = self.plan.choose(stretch)
        goes_on = stretch.next_key_s is None and not stretch.is_last  # what follows builds on all of it
        if not (wanted or goes_on) or not (stretch.begins_with_key or self._is_open):
            return 0, []
        first_s, last_s = stretch.first_s, stretch.last_s
        takes_key = stretch.begins_with_key and wanted[:1] == [first_s]
        if takes_key and len(wanted) == 1 and not goes_on:
            return 1, wanted
        until = len(stretch.packets) if goes_on else _count_needed(stretch, wanted[-1])
        self._progress.wanted_s += last_s - first_s
        if self._budget.spend((until - 1) * self._pixels, last_s):
            self._progress.dense_s += last_s - first_s
            return until, wanted
        return (1, wanted[:1]) if takes_key else (0, [])

    def _take(self, frames: list[TimedFrame]) -> Iterator[TimedFrame]:
        """Yields what is wanted: at each time wanted the frame shown then, and frames that begin a shot."""
        for at_s, frame in frames:
            if at_s < self._valid_from_s - _SAME_S:
                continue
            while self._wanted and self._held and at_s > self._wanted[0] + _SAME_S:
                self._wanted.popleft()
                yield from self._give()
            self._held = (at_s, frame)
            is_new_shot = self._shots.add(frame)
            if is_new_shot and at_s - self._given_s >= _SHOT_GAP_S and self.plan.count_in(at_s):
                yield from self._give()

    def _give(self) -> Iterator[TimedFrame]:
        if self._held is not None and self._held[0] > self._given_s:
            self._given_s = self._held[0]
            yield self._held

    def _close(self) -> Iterator[TimedFrame]:
        """Yields what the decoder still holds of what is wanted; afterwards only a key frame can follow."""
        yield from self._take(decode_packet(self._stream, None, self._progress))
        if self._wanted:
            self._wanted.clear()
            yield from self._give()
        self._held = None
        self._shots.reset()
        self._is_open = False


def _count_needed(stretch: Stretch, until_s: float) -> int:
    """Returns how many packets must be decoded to see the frame at a time."""
    needed = [number for number, timed in enumerate(stretch.packets) if timed.at_s <= until_s + _SAME_S]
    return needed[-1] + 1 if needed else 1
