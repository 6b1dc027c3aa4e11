"""Finds the uniform border of a picture: letterbox bars, white margins, frames of one colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""(top, left, bottom, right) in pixels; bottom and right are the first row and column outside."""

TOLERANCE = 12
"""How far a border's pixel may be from the border's colour: what JPEG leaves of a uniform area."""

MIN_SHARE = 0.97
"""Least share of a line's pixels that must have the border's colour."""

LEAST_LEFT = 0.15
"""A border that leaves less than this share of a side is none: the picture is as good as uniform."""

_SAMPLES_OF_LINE = 192
_LINES_AT_ONCE = 32
_ROUNDS = 3


def find_border(grey: Grey, *, one_colour: bool = False) -> Box:
    """Returns the box inside the picture's uniform border; the whole picture where there is none.

    Each side has its own width and, unless `one_colour`, its own colour; a border within a border then goes too. Only
    the border itself and one line of every side are read, at up to 192 places of a line, so that a picture without a
    border costs next to nothing.

    Convention: (H, W) uint8, 0-255, row 0 on top.

    Args:
        grey: the picture.
        one_colour: only the outermost border, of one colour on all sides: what lies inside it, such as a clear sky
            that reaches the edge, stays.

    Source: ours, evaluations/picture_robustness.md.

    Limits: bars with words or signs in them are no border. A picture whose own edge has the border's colour loses that
        edge too.
    """
    box = (0, 0, *grey.shape)
    colour = _find_colour(grey) if one_colour else None
    if one_colour and colour is None:
        return box
    for _ in range(1 if one_colour else _ROUNDS):
        # A frame inside a frame, or bars of two kinds, take more than one round.
        smaller = _trim_once(grey, box, colour)
        if smaller == box:
            break
        box = smaller
    least = (LEAST_LEFT * grey.shape[0], LEAST_LEFT * grey.shape[1])
    if box[2] - box[0] < least[0] or box[3] - box[1] < least[1]:
        return (0, 0, *grey.shape)
    return box


def _find_colour(grey: Grey) -> int | None:
    """Returns the colour of the first side that begins with a line of one colour."""
    for lines in (grey, grey[::-1], grey.T, grey.T[::-1]):
        if lines.size and _count_uniform(lines[:1], None):
            return _get_colour(_sample(lines)[0])
    return None


def _trim_once(grey: Grey, box: Box, colour: int | None) -> Box:
    top, left, bottom, right = box
    lines = grey[top:bottom, left:right]
    above, below = _count_uniform(lines, colour), _count_uniform(lines[::-1], colour)
    if above + below >= len(lines):
        return box
    top, bottom = top + above, bottom - below
    lines = grey[top:bottom, left:right].T
    before, after = _count_uniform(lines, colour), _count_uniform(lines[::-1], colour)
    if before + after >= len(lines):
        return top, left, bottom, right
    return top, left + before, bottom, right - after


def _count_uniform(lines: Grey, wanted: int | None) -> int:
    """Returns how many of the first lines of (N, M) have one colour throughout, and all the same, or the wanted one."""
    sampled = _sample(lines)
    if not sampled.size:
        return 0
    colour = _get_colour(sampled[0]) if wanted is None else wanted
    count = 0
    while count < len(sampled):
        # The first line alone: most pictures have no border.
        block = sampled[count : count + (_LINES_AT_ONCE if count else 1)].astype(np.int16)
        uniform = np.count_nonzero(np.abs(block - colour) <= TOLERANCE, axis=1) >= MIN_SHARE * block.shape[1]
        if not uniform.all():
            return count + int(np.argmin(uniform))
        count += len(block)
    return count


def _sample(lines: Grey) -> Grey:
    return lines[:, :: max(1, lines.shape[1] // _SAMPLES_OF_LINE)]


def _get_colour(line: Grey) -> int:
    return int(np.sort(line)[len(line) // 2])
