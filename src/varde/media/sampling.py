"""Which frames of a video are looked at, and what each may be used for: written down with the hashes it led to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

VARIED_FRAMES = 256
"""Frames of one video whose variants (mirrored, without border ...) are hashed too, spread over its length."""

FEATURED_FRAMES = 32
"""Frames of one video whose local features are kept, spread over its length; they are among the varied ones."""

PIXELS_PER_LIMIT_S = 130_000_000
"""Pixels that may be decoded between key frames for each second of a file's time limit: a quarter to a half of it on
one of the cores of evaluations/video_robustness.md, so that a busy machine keeps to the limit too."""

_LEAST_VARIED_GAP_S = 0.05
_LEAST_FEATURED_GAP_S = 0.9


class SamplingMode(StrEnum):
    """How dense the frames of a video are taken."""

    KEY_FRAMES = "key"
    """Key frames at least half a second apart: cheapest, and misses half of the re-encoded copies."""

    SECONDS = "1/s"
    """Key frames, about one frame a second between them, and shot changes: for items."""

    ALL = "all"
    """Every frame; near-equal neighbours are dropped after hashing: for known videos whose file is here."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the frames of a video are to be chosen.

    Attributes:
        mode: how dense.
        max_pixels: pixels of frames decoded between key frames; where a video has more of them, only some of its
            stretches are decoded between their key frames, evenly spread. It keeps a film inside the time limit.
    """

    mode: SamplingMode = SamplingMode.SECONDS
    max_pixels: int = 60 * PIXELS_PER_LIMIT_S

    @classmethod
    def within(cls, mode: SamplingMode, limit_s: float) -> Self:
        """Returns a sampling that keeps to a time limit in seconds; the same limit gives the same frames."""
        return cls(mode, int(limit_s * PIXELS_PER_LIMIT_S))

    @property
    def limit_s(self) -> float:
        """The time limit it keeps to, in seconds."""
        return self.max_pixels / PIXELS_PER_LIMIT_S


@dataclass(frozen=True, slots=True)
class ColourFrames:
    """Who wants some of the frames in colour too, from the same decode.

    Attributes:
        longest_px: longest side they are given in.
        max_pixels: of all of them together, in the size they are given in; it says how many there are.
        on_frame: called with the time from the start in seconds, (H, W, 3) uint8 RGB, upright, and the width of the
            upright frame before it was scaled.
    """

    longest_px: int
    max_pixels: int
    on_frame: Callable[[float, npt.NDArray[np.uint8], int], None]


DEFAULT_SAMPLING = Sampling()


class FrameUse(IntEnum):
    """What a frame may be used for; what a smaller number allows, a larger one allows too."""

    HASH = 0
    VARIANTS = 1
    FEATURES = 2


def describe_sampling(mode: SamplingMode, gap_s: float, share: float) -> str:
    """Returns what was really done in a few characters, as stored with the hashes.

    ``key``, ``1/s``, ``1/3.6s`` (frames that far apart, because of the limit of frames), ``1/s 40%`` (in that share
    of the stretches between key frames, elsewhere key frames only), ``all``.

    Args:
        mode: how dense.
        gap_s: seconds between frames, as really used.
        share: of the stretches between key frames in which frames were wanted: how many were decoded, 0 to 1.
    """
    if mode is not SamplingMode.SECONDS:
        return mode.value
    rate = mode.value if gap_s <= 1 else f"1/{gap_s:.3g}s"
    return rate if share >= 1 else f"{rate} {share:.0%}"


class FrameMarker:
    """Says what each of a video's frames may be used for, so that costly uses stay few and cover the length."""

    def __init__(self, duration_s: float) -> None:
        """Starts a video.

        Args:
            duration_s: its length, 0 where it is not known; then the first frames are marked denser than later ones.
        """
        self._varied = Spread(VARIED_FRAMES, _LEAST_VARIED_GAP_S, duration_s)
        self._featured = Spread(FEATURED_FRAMES, _LEAST_FEATURED_GAP_S, duration_s)

    def mark(self, offset_s: float) -> FrameUse:
        """Returns the use of the frame at that time in seconds; to be called once for each, in order."""
        if not self._varied.take(offset_s):
            return FrameUse.HASH
        return FrameUse.FEATURES if self._featured.take(offset_s) else FrameUse.VARIANTS


class Spread:
    """Takes a limited number of times, evenly: where the length is not known the gap doubles as the rest halves."""

    def __init__(self, most: int, least_gap_s: float, duration_s: float) -> None:
        """Starts a video.

        Args:
            most: times that are taken at most, at least 1.
            least_gap_s: between two of them.
            duration_s: its length in seconds, 0 where it is not known.
        """
        self._left = most
        self._gap_s = max(least_gap_s, duration_s / most)
        self._doubles_at = 0 if duration_s else most // 2
        self._next_s = 0.0

    def take(self, offset_s: float) -> bool:
        """Returns whether a time in seconds is taken; to be called for each, in order."""
        if offset_s < self._next_s or not self._left:
            return False
        self._left -= 1
        if self._left == self._doubles_at:
            self._gap_s *= 2
            self._doubles_at //= 2
        self._next_s = offset_s + self._gap_s
        return True
