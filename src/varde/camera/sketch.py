"""Sketches: the signs of the noise in a picture's middle, small enough to keep them all and compare by millions.

Convention: a sketch is the signs (see `varde.camera.bits`) of the pixels in the middle of the picture as it is stored,
orientation not applied: 1,536 x 1,536 of them, or as many rows and columns as there are, each rounded down to a
multiple of 64. Pictures of one size have the same pixels in it, and so has a picture turned by 180 degrees if both
sides are even. Only these pixels are extracted: noise is local, and the rest of the picture would cost several times as
much and change nothing (evaluations/source_clustering.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import pack_signs
from varde.camera.middle import Middle, find_middle
from varde.camera.residual import SMALLEST_PX, extract_residual
from varde.camera.workspace import Workspace
from varde.core.outcome import NotComparable, Reason
from varde.core.source_sketch import SourceSketch

Words = NDArray[np.uint64]
Luma = NDArray[np.uint8] | NDArray[np.uint16]


class Sketcher:
    """Makes sketches of one picture after another; keeps the buffers of the last size."""

    def __init__(self) -> None:
        self._workspace: Workspace | None = None

    def sketch(self, luma: Luma, facts: dict[str, str | float]) -> SourceSketch:
        """Returns the sketch of a picture, or why it has none.

        Args:
            luma: (H, W) as stored, orientation not applied.
            facts: plain facts to be kept with it; ``usable`` is added.
        """
        height, width = luma.shape
        if min(height, width) < SMALLEST_PX:
            detail = f"{width} x {height} pixels; at least {SMALLEST_PX} a side"
            return SourceSketch(height, width, NotComparable(Reason.TOO_SMALL, detail), facts)
        middle = find_middle(height, width)
        part = luma[middle.top : middle.top + middle.height_px, middle.left : middle.left + middle.width_px]
        if self._workspace is None or not self._workspace.fits(part.shape):
            self._workspace = None  # its memory is free before the next is taken
            self._workspace = Workspace(*part.shape)
        found = extract_residual(part.copy(), workspace=self._workspace)
        if isinstance(found, NotComparable):
            return SourceSketch(height, width, found, facts)
        usable = round(float(found.usable), 4)
        return SourceSketch(height, width, pack_signs(found.values).tobytes(), facts | {"usable": usable})


def turn_signs(words: Words, middle: Middle, quarters: int) -> Words:
    """Returns signs as they would be of the turned picture.

    Args:
        words: (W,) uint64, the signs of a picture's middle.
        middle: of that picture.
        quarters: turns by 90 degrees counter-clockwise.
    """
    bits = np.unpackbits(words.view(np.uint8), count=middle.pixels, bitorder="little")
    turned = np.rot90(bits.reshape(middle.height_px, middle.width_px), quarters)
    packed = np.zeros(len(words), np.uint64)
    flat = np.packbits(turned.reshape(-1), bitorder="little")
    packed.view(np.uint8)[: len(flat)] = flat
    return packed
