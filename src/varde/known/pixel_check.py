"""Compares the small pictures of two local features where one lies over the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.hashing.local_points import Points

Floats = NDArray[np.float64]

BLOCKS: Final = 5
"""The known picture is checked in 5 x 5 parts."""

_MIN_PIXELS: Final = 6
_FLAT: Final = 5.0
_AGREES: Final = 0.5
_COVER_STEPS: Final = 16


@dataclass(frozen=True, slots=True)
class PixelAgreement:
    """How far the pixels of two pictures agree where they overlap.

    Attributes:
        agreement: normalised correlation over the whole overlap, -1 to 1; larger is closer, 0 where it says nothing.
        parts: share of the parts with structure in either picture in which the correlation is at least 0.5.
        middle: the same share among the known picture's middle parts; 1 where none of them has structure.
        checked: number of parts with structure.
        overlap: share of the known picture that lies inside the query, or of the query inside the known picture,
            whichever is larger: a crop is covered whole, and so is a picture within a picture.
    """

    agreement: float
    parts: float
    middle: float
    checked: int
    overlap: float


def compare_pixels(query: Points, known: Points, matrix: Floats) -> PixelAgreement:
    """Returns how far the pixels agree under a map from the known picture's frame to the query's.

    Args:
        query: in the view the map was found in.
        known: of the known picture.
        matrix: (2, 3), see `varde.known.alignment.Alignment`.
    """
    height, width = known.thumbnail.shape
    down, across = query.thumbnail.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    # 1. Centres of the known thumbnail's pixels, in the known frame, then in the query's frame and thumbnail.
    frame = np.stack([(columns + 0.5) * known.width / width, (rows + 0.5) * known.height / height], axis=-1)
    there = frame @ matrix[:, :2].T + matrix[:, 2]
    x, y = there[..., 0] * across / query.width, there[..., 1] * down / query.height
    inside = (x >= 0.5) & (y >= 0.5) & (x <= across - 0.5) & (y <= down - 0.5)
    overlap = max(float(inside.mean()), _measure_cover(query, known, matrix))
    # 2. Where the query shows the known picture small, its pixels at the edge are mixed with what surrounds it.
    shown = float(np.sqrt(np.linalg.det(matrix[:, :2]))) * across / query.width * known.width / width
    margin = min(max(1.0, 1 / shown), width / 4, height / 4)
    inside &= (np.minimum(rows, height - 1 - rows) >= margin) & (np.minimum(columns, width - 1 - columns) >= margin)
    if inside.sum() < _MIN_PIXELS:
        return PixelAgreement(0.0, 0.0, 0.0, 0, overlap)
    # 3. Both are smoothed to what the coarser one can show.
    ours = _smooth(_sample(_smooth(query.thumbnail.astype(np.float64), shown - 1), x, y), 1 / shown)
    theirs = _smooth(known.thumbnail.astype(np.float64), 1 / shown)
    # 4. All of it, and part by part: a part without structure in both says nothing.
    place = (rows * BLOCKS // height).astype(np.int64) * BLOCKS + (columns * BLOCKS // width).astype(np.int64)
    told = {}
    for block in range(BLOCKS**2):
        mask = inside & (place == block)
        correlation = _correlate(ours[mask], theirs[mask]) if mask.sum() >= _MIN_PIXELS else None
        if correlation is not None:
            told[block] = correlation >= _AGREES
    middle = [
        agrees for block, agrees in told.items() if 0 < block // BLOCKS < BLOCKS - 1 and 0 < block % BLOCKS < BLOCKS - 1
    ]
    share = float(np.mean(list(told.values()))) if told else 0.0
    whole = _correlate(ours[inside], theirs[inside]) or 0.0
    return PixelAgreement(whole, share, float(np.mean(middle)) if middle else 1.0, len(told), overlap)


def _measure_cover(query: Points, known: Points, matrix: Floats) -> float:
    """Returns which share of the query lies inside the known picture."""
    steps = (np.arange(_COVER_STEPS) + 0.5) / _COVER_STEPS
    places = np.stack(np.meshgrid(steps * query.width, steps * query.height), axis=-1).reshape(-1, 2)
    back = (places - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    return float(((back >= 0) & (back <= (known.width, known.height))).all(axis=1).mean())


def _correlate(a: Floats, b: Floats) -> float | None:
    """Returns the normalised correlation, None where both are flat."""
    a, b = a - a.mean(), b - b.mean()
    first, second = float(a.std()), float(b.std())
    if max(first, second) < _FLAT:
        return None
    if min(first, second) < 1e-6:
        return 0.0
    return float((a * b).mean() / (first * second))


def _smooth(grey: Floats, pixels: float) -> Floats:
    """Returns the picture after a box of about so many pixels each way; below 1 it is as it was.

    A box wider than the picture on both sides says no more than one that is as wide: frames and small pictures that no
    honest decoder puts together would ask for millions of pixels.
    """
    reach = min(round((max(pixels, 1.0) - 1) / 2 + 0.25), max(grey.shape))
    if not reach:
        return grey
    span = 2 * reach + 1
    for _ in (0, 1):
        padded = np.pad(grey, [(reach + 1, reach), (0, 0)], mode="edge")
        sums = np.cumsum(padded, axis=0)
        grey = ((sums[span:] - sums[:-span]) / span).T
    return grey


def _sample(grey: Floats, x: Floats, y: Floats) -> Floats:
    """Returns the values at places in pixels from the upper left corner, interpolated; places outside are clamped."""
    height, width = grey.shape
    x, y = np.clip(x - 0.5, 0, width - 1), np.clip(y - 0.5, 0, height - 1)
    left, top = np.minimum(x.astype(np.int64), max(0, width - 2)), np.minimum(y.astype(np.int64), max(0, height - 2))
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    dx, dy = x - left, y - top
    upper = grey[top, left] * (1 - dx) + grey[top, right] * dx
    lower = grey[below, left] * (1 - dx) + grey[below, right] * dx
    return np.asarray(upper * (1 - dy) + lower * dy, np.float64)
