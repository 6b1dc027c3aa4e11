"""Which pixels of a picture tell of its sensor: neither saturated nor dark, nor beside saturated ones."""

from __future__ import annotations

from typing import Final

import numpy as np

from varde.camera.workspace import Bytes
from varde.segments.compiled import compiled

SATURATED: Final = 250
"""Luma above this is clipped: what the sensor answered there is lost."""

DARK: Final = 8
"""Luma below this holds next to no pattern: it is in proportion to the light (docs/decisions/0030)."""

BLEED_PX: Final = 2
"""Pixels this near to a saturated one are left out too: clipping bends their noise (docs/decisions/0024)."""


_CLIPPED: Final = np.uint8(2)


def mark_usable(plane: Bytes) -> tuple[float, float]:
    """Writes 1 where a pixel counts and 0 elsewhere, over its luma; returns the shares of saturated and dark pixels.

    Convention: (H, W) uint8, C-contiguous, 0-255.
    """
    saturated, dark = _mark(plane)
    return saturated / plane.size, dark / plane.size


@compiled
def _mark(plane: Bytes) -> tuple[int, int]:
    height, width = plane.shape
    dark = saturated = 0
    for row in range(height):
        dark_here, saturated_here = _mark_row(plane[row])
        dark += dark_here
        saturated += saturated_here
    if saturated:
        for row in range(height):
            _spread(plane, row, width)
        for row in range(height):
            _close(plane[row])
    return saturated, dark


@compiled
def _mark_row(line: Bytes) -> tuple[int, int]:
    dark = saturated = 0
    for column in range(len(line)):
        value = line[column]
        is_dark, is_saturated = value < DARK, value > SATURATED
        line[column] = 0 if is_dark else 2 if is_saturated else 1
        dark += is_dark
        saturated += is_saturated
    return dark, saturated


@compiled
def _spread(plane: Bytes, row: int, width: int) -> None:
    """Takes out what is near the clipped pixels of a row."""
    top, bottom, done = max(0, row - BLEED_PX), min(len(plane), row + BLEED_PX + 1), 0
    for column in range(width):
        if plane[row, column] == _CLIPPED:
            right = min(width, column + BLEED_PX + 1)
            for place in range(max(done, column - BLEED_PX), right):
                for line in range(top, bottom):
                    plane[line, place] &= _CLIPPED
            done = right


@compiled
def _close(line: Bytes) -> None:
    for column in range(len(line)):
        line[column] &= 1
