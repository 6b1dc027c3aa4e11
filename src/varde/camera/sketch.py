"""Sketches: the signs of a residual's middle, small enough to keep for every picture and to compare by the million.

Convention: a sketch is the signs (see `varde.camera.bits`) of the pixels in the middle of the picture as it is stored,
orientation not applied: `EDGE_PX` x `EDGE_PX` of them, or as many rows and columns as there are, each rounded down to a
multiple of 64. Pictures of one size have the same pixels in it, and so has a picture turned by 180 degrees if both
sides are even.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import count_words, pack_signs
from varde.camera.residual import Residual
from varde.core.errors import WrongUse
from varde.core.signal import Method

METHOD: Final = Method("camera.sketch", "1")

EDGE_PX: Final = 1_536
"""Longest side of the middle: 288 KiB. Of two ordinary photos of one phone, z is 4.5 at the least where 1024 give 3.9
and the whole 6 megapixels 9.5 (evaluations/source_clustering.md)."""

_STEP_PX: Final = 64

Words = NDArray[np.uint64]


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
        return count_words(self.pixels)


@dataclass(frozen=True, slots=True)
class Sketch:
    """The signs of a residual's middle.

    Attributes:
        height_px, width_px: of the whole picture as it is stored.
        bits: the signs, little-endian, as `varde.camera.bits` packs them.
        usable: share of the whole picture's pixels that are neither saturated nor dark.
        method: how it was made; sketches of different versions are not compared.
    """

    height_px: int
    width_px: int
    bits: bytes
    usable: float
    method: Method = METHOD


def find_middle(height_px: int, width_px: int) -> Middle:
    """Returns which pixels of a picture of this size a sketch covers.

    Raises:
        WrongUse: if a side is shorter than 64 pixels; residuals are refused long before that.
    """
    if min(height_px, width_px) < _STEP_PX:
        raise WrongUse(f"a picture of {width_px} x {height_px} pixels is too small for a sketch")
    height, width = (min(side, EDGE_PX) // _STEP_PX * _STEP_PX for side in (height_px, width_px))
    return Middle((height_px - height) // 2, (width_px - width) // 2, height, width)


def compute_sketch(residual: Residual) -> Sketch:
    """Returns the sketch of a residual; masked pixels get bits that agree with those of others by chance only."""
    height, width = residual.values.shape
    middle = find_middle(height, width)
    part = residual.values[middle.top : middle.top + middle.height_px, middle.left : middle.left + middle.width_px]
    return Sketch(height, width, pack_signs(np.ascontiguousarray(part)).tobytes(), residual.usable)


def turn_signs(words: Words, middle: Middle, quarters: int, *, mirrored: bool = False) -> Words:
    """Returns signs as they would be of the turned picture.

    Args:
        words: (W,) uint64, the signs of a picture's middle.
        middle: of that picture.
        quarters: turns by 90 degrees counter-clockwise.
        mirrored: whether it is mirrored left to right before.
    """
    bits = np.unpackbits(words.view(np.uint8), count=middle.pixels, bitorder="little")
    plane = bits.reshape(middle.height_px, middle.width_px)
    turned = np.rot90(plane[:, ::-1] if mirrored else plane, quarters)
    packed = np.zeros(len(words), np.uint64)
    flat = np.packbits(turned.reshape(-1), bitorder="little")
    packed.view(np.uint8)[: len(flat)] = flat
    return packed
