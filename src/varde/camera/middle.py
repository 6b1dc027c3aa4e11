"""The middle of a picture: the part that its sketch covers, the same of all pictures of one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from varde.core.errors import WrongUse

EDGE_PX: Final = 1_536
"""Longest side of the middle: 288 KiB. Why not less or more: docs/decisions/0029-sketches-and-source-clusters.md."""

_STEP_PX: Final = 64
_RUN_BITS: Final = 512
_RUN_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Middle:
    """Which pixels of a picture a sketch covers.

    Attributes:
        top, left: of its first pixel, in the stored picture.
        height_px, width_px: multiples of 64.
    """

    top: int
    left: int
    height_px: int
    width_px: int

    @property
    def pixels(self) -> int:
        """How many pixels it covers."""
        return self.height_px * self.width_px

    @property
    def words(self) -> int:
        """How many 64-bit words its signs take."""
        return -(-self.pixels // _RUN_BITS) * _RUN_WORDS


def find_middle(height_px: int, width_px: int) -> Middle:
    """Returns which pixels of a picture of this size a sketch covers.

    Raises:
        WrongUse: if a side is shorter than 64 pixels; such pictures are refused long before that.
    """
    if min(height_px, width_px) < _STEP_PX:
        raise WrongUse(f"a picture of {width_px} x {height_px} pixels is too small for a sketch")
    height, width = (min(side, EDGE_PX) // _STEP_PX * _STEP_PX for side in (height_px, width_px))
    return Middle((height_px - height) // 2, (width_px - width) // 2, height, width)
