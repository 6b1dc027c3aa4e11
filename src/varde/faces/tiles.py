"""A picture in ever smaller sizes, laid out in one: what dlib's detector was trained to look at.

The layout and the way of making each size smaller are dlib's, so that scores are the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.faces.raw import Floats, Pixels
from varde.segments.compiled import compiled

_RATE: Final = 5 / 6
_BETWEEN_PX: Final = 10
_AROUND_PX: Final = 11
_LEAST_HEIGHT: Final = 5
_SHIFT_PX: Final = 0.3


@dataclass(frozen=True, slots=True)
class Tile:
    """Where one size of the picture lies, in pixels of the whole layout."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Tiles from the largest to the smallest, and the size of the whole."""

    tiles: tuple[Tile, ...]
    width: int
    height: int

    def find_tile(self, centres: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Returns the tile that each of (N, 2) points (x, y) lies in or nearest to."""
        boxes = np.array([(t.left, t.top, t.left + t.width - 1, t.top + t.height - 1) for t in self.tiles], np.float64)
        before = boxes[None, :, :2] - centres[:, None]
        behind = centres[:, None] - boxes[None, :, 2:]
        apart = np.maximum(np.maximum(before, behind), 0)
        return np.asarray(np.argmin((apart**2).sum(axis=2), axis=1), np.intp)

    def to_picture(self, points: npt.NDArray[np.float64], tile: int) -> npt.NDArray[np.float64]:
        """Returns (N, 2) points (x, y) of one tile as they lie in the picture."""
        placed = points - (self.tiles[tile].left, self.tiles[tile].top)
        for _ in range(tile):
            placed = placed / _RATE + _SHIFT_PX
        return placed


def lay_out(height: int, width: int) -> Layout:
    """Returns where the sizes of a picture go: down the left side, then up the right one, where there is room."""
    sizes = _list_sizes(height, width)
    down, used = _fill_left(sizes)
    tiles = []
    top = _AROUND_PX
    for rows, columns in sizes[:down]:
        tiles.append(Tile(_AROUND_PX, top, columns, rows))
        top += rows + _BETWEEN_PX
    bottom = top - _BETWEEN_PX
    for rows, columns in sizes[down:]:
        tile = Tile(_AROUND_PX + width - columns, bottom - rows, columns, rows)
        if tile.top < _AROUND_PX + height:  # it would lie over the picture itself
            break
        tiles.append(tile)
        bottom -= rows + _BETWEEN_PX
    return Layout(tuple(tiles), width + 2 * _AROUND_PX, used + 2 * _AROUND_PX)


def _list_sizes(height: int, width: int) -> list[tuple[int, int]]:
    sizes = [(height, width)]
    while True:
        height, width = int(_RATE * height), int(_RATE * width)
        if height < _LEAST_HEIGHT or width < 1:
            return sizes
        sizes.append((height, width))


def _fill_left(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Returns how many sizes go down the left side, and how high they are together."""
    first_rows, first_columns = sizes[0]
    total = sum(rows + _BETWEEN_PX for rows, _ in sizes) - 2 * _BETWEEN_PX
    used, last_columns = 0, 0
    for position, (rows, columns) in enumerate(sizes):
        has_room = columns <= first_columns - last_columns - _BETWEEN_PX
        if has_room and (used - first_rows) * 2 >= total - first_rows:
            return position, used - _BETWEEN_PX
        used += rows + _BETWEEN_PX
        last_columns = columns
    return len(sizes), used - _BETWEEN_PX


def draw_tiles(rgb: Pixels, layout: Layout, mean: Floats) -> Floats:
    """Returns (1, 3, H, W) float32: every tile, each made from the one before; (value - mean) / 256, 0 in between."""
    sheet = np.zeros((3, layout.height, layout.width), np.float32)
    first = layout.tiles[0]
    picture = sheet[:, first.top : first.top + first.height, first.left : first.left + first.width]
    for channel in range(3):
        picture[channel] = (rgb[:, :, channel].astype(np.float32) - mean[channel]) * np.float32(1 / 256)
    for larger, smaller in zip(layout.tiles, layout.tiles[1:], strict=False):
        _shrink(sheet, larger.top, larger.left, larger.height, larger.width, *_corners(smaller))
    return sheet[None]


def warm_up() -> None:
    """Compiles what drawing needs, or loads it, which cannot be kept or found by a process that is locked down."""
    draw_tiles(np.zeros((8, 8, 3), np.uint8), lay_out(8, 8), np.zeros(3, np.float32))


def _corners(tile: Tile) -> tuple[int, int, int, int]:
    return tile.top, tile.left, tile.height, tile.width


@compiled
def _shrink(
    sheet: Floats,
    top: int,
    left: int,
    rows: int,
    columns: int,
    to_top: int,
    to_left: int,
    to_rows: int,
    to_columns: int,
) -> None:
    """Draws one tile from another, bilinear, corners on corners."""
    step_y = (rows - 1) / max(to_rows - 1, 1)
    step_x = (columns - 1) / max(to_columns - 1, 1)
    for channel in range(sheet.shape[0]):
        for row in range(to_rows):
            y = row * step_y
            above = int(y)
            below = min(above + 1, rows - 1)
            down = np.float32(y - above)
            for column in range(to_columns):
                x = column * step_x
                before = int(x)
                behind = min(before + 1, columns - 1)
                across = np.float32(x - before)
                high = (1 - across) * sheet[channel, top + above, left + before] + across * sheet[
                    channel, top + above, left + behind
                ]
                low = (1 - across) * sheet[channel, top + below, left + before] + across * sheet[
                    channel, top + below, left + behind
                ]
                sheet[channel, to_top + row, to_left + column] = (1 - down) * high + down * low
