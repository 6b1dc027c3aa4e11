"""What two videos, or a video and a still picture, were found to share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varde.hashing.variants import VARIANTS


class VideoMatchKind(StrEnum):
    """How a content and a known entry belong together."""

    COPY = "copy"
    """The whole of one is the whole of the other."""

    CLIP = "clip"
    """The content is a part of the known video."""

    CONTAINS = "contains"
    """The whole known video is a part of the content."""

    PART = "part"
    """They share a stretch, and each has more."""

    FRAME = "frame"
    """One of them is a still picture that looks like a frame of the other."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a content that is a stretch of a known video.

    Attributes:
        offset_s, known_offset_s: where it begins in each.
        duration_s: its length in the content.
        speed: seconds of the known video in a second of the content.
        frames: frames of it, each further than a match from the others.
        matched: frames of the content that matched in it, still ones counted once.
        variant: code of `varde.hashing.variants` in which most of them matched, 0 for as they are.
        distance: median over the frames of the content of the bits to the closest frame; smaller is closer.
    """

    offset_s: float
    known_offset_s: float
    duration_s: float
    speed: float
    frames: int
    matched: int
    variant: int
    distance: int


@dataclass(frozen=True, slots=True)
class VideoMatch:
    """What a content and a known entry share.

    Attributes:
        kind: how they belong together, by the length of the longest stretch.
        stretches: the longest one first, at least one.
        share, known_share: of the frames of the content, of the known entry, that look like any frame of the other:
            vPDQ's two percentages as 0-1, counted over different hashes of sufficient quality. They depend on how
            densely each was sampled.
    """

    kind: VideoMatchKind
    stretches: tuple[Stretch, ...]
    share: float
    known_share: float

    @property
    def distance(self) -> int:
        """Of the longest stretch: median bits per frame; smaller is closer."""
        return self.stretches[0].distance

    @property
    def offset_s(self) -> float:
        """Where in the content the longest stretch begins, in seconds."""
        return self.stretches[0].offset_s

    def details(self) -> dict[str, object]:
        """Returns the facts for `varde.core.finding.Match.details`, in plain words and numbers."""
        first = self.stretches[0]
        facts: dict[str, object] = {
            "kind": self.kind.value,
            "offset_s": round(first.offset_s, 2),
            "known_offset_s": round(first.known_offset_s, 2),
            "duration_s": round(first.duration_s, 2),
            "speed": round(first.speed, 3),
            "share": round(self.share, 3),
            "known_share": round(self.known_share, 3),
            "frames": first.frames,
        }
        if first.variant:
            facts["variant"] = VARIANTS[first.variant]
        if len(self.stretches) > 1:
            facts["further_stretches"] = [
                {
                    "offset_s": round(each.offset_s, 2),
                    "known_offset_s": round(each.known_offset_s, 2),
                    "duration_s": round(each.duration_s, 2),
                    "speed": round(each.speed, 3),
                }
                for each in self.stretches[1:]
            ]
        return facts


@dataclass(frozen=True, slots=True)
class NoVideoMatch:
    """Some frames look alike and yet the videos do not match: a result with its reason.

    Attributes:
        detail: one plain sentence with the figures behind it.
        frames: frames of the content that look like a frame of the known video.
    """

    detail: str
    frames: int
