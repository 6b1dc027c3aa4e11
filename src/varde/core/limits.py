"""Limits that keep hostile evidence from hurting more than itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_FRAMES: Final = 100_000
"""Frames of one content that a site can be told to hash: no honest answer of a decoder has more."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How far an archive is followed before the rest becomes an issue.

    Attributes:
        max_depth: archives inside archives that are opened.
        max_members: members of one archive that are looked at.
        max_member_bytes: unpacked size of one member.
        max_total_bytes: unpacked size of one archive altogether.
        max_ratio: unpacked to packed size of one member above which it is a bomb (only counted beyond 16 MiB unpacked).
    """

    max_depth: int = 5
    max_members: int = 1_000_000
    max_member_bytes: int = 8 << 30
    max_total_bytes: int = 256 << 30
    max_ratio: int = 500


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """How much a decoder may use.

    Attributes:
        max_pixels: pictures with more pixels are not decoded.
        max_frames: frames of one video that are hashed.
        thumbnail_px: longest side of a thumbnail.
    """

    max_pixels: int = 250_000_000
    max_frames: int = 2_000
    thumbnail_px: int = 256
