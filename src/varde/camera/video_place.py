"""Where one frame of a stabilised video lies on the sensor: shift, small turn and growth, found from tiles of it.

The frame is cut into tiles; each is correlated with the fingerprint around its own place, by one batch of small Fourier
transforms. For any turn and growth the tiles' surfaces are then only added with the displacements that these cause, so
that a search over thousands of similarities costs additions. The tiles are of two kinds, as the fields of a chessboard:
each kind finds a place of its own, which is used for the other kind alone. What is summed has thus never been chosen by
its own agreement, and the sum of another camera's frames stays as small as at one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from varde.camera.video_sums import Plane
from varde.segments.compiled import compiled

REACH_PX: Final = 32
"""How far around its expected place a tile is looked for."""

_TILE_PX: Final = 64
_TILED_PIXELS: Final = 1280 * 720
_STEP_PX: Final = 1.0
"""By how much the corner of a frame moves from one turn, or growth, to the next that is tried."""

_WIDE_ANGLE, _WIDE_GROWTH = 0.021, 0.01
_NEAR_STEPS: Final = (3, 2, 8)


@dataclass(frozen=True, slots=True)
class Place:
    """A similarity that carries a frame's pixels to the fingerprint's.

    (row, column) about the frame's middle goes to (row + down + growth * row + angle * column,
    column + right + growth * column - angle * row).

    Attributes:
        down, right: pixels.
        angle: radians, counter-clockwise as it is seen.
        growth: share.
        z: agreement there, in standard deviations of chance at one place.
    """

    down: float = 0.0
    right: float = 0.0
    angle: float = 0.0
    growth: float = 0.0
    z: float = 0.0


@dataclass(frozen=True, slots=True)
class Tiles:
    """How frames of one size are cut.

    Attributes:
        side_px: of a tile.
        corners: (N, 2) top left corners.
        middles: (N, 2) float32 middles, from the frame's middle.
        kinds: (N,) 0 or 1, as the fields of a chessboard.
    """

    side_px: int
    corners: NDArray[np.int64]
    middles: NDArray[np.float32]
    kinds: NDArray[np.int64]


def cut_tiles(height_px: int, width_px: int) -> Tiles:
    """Returns about 200 square tiles of a frame; a rest at its right and lower border is left out."""
    side = _TILE_PX * max(1, round((height_px * width_px / _TILED_PIXELS) ** 0.5))
    rows, columns = (each.ravel() for each in np.mgrid[0 : height_px // side, 0 : width_px // side])
    corners = np.stack([rows, columns], axis=1) * side
    middles = corners + (side - 1) / 2 - np.array([(height_px - 1) / 2, (width_px - 1) / 2])
    return Tiles(side, corners, middles.astype(np.float32), (rows + columns) % 2)


class PlaceFinder:
    """Finds frames of one size on one fingerprint."""

    def __init__(self, template: Plane) -> None:
        """Transforms the fingerprint's tiles.

        Args:
            template: (H, W) float32, the fingerprint as it would lie under a frame that is not moved.
        """
        self.tiles = cut_tiles(*template.shape)
        self._plane_px = scipy.fft.next_fast_len(self.tiles.side_px + 2 * REACH_PX, real=True)
        padded = np.pad(template, ((REACH_PX, self._plane_px), (REACH_PX, self._plane_px)))
        patches = _cut(padded, self.tiles.corners, self._plane_px)
        self._spectra = scipy.fft.rfft2(patches)
        step = _STEP_PX / float(np.hypot(*template.shape) / 2)
        self._step, self._wide = step, (int(_WIDE_ANGLE / step), int(_WIDE_GROWTH / step))

    def find(self, signal: Plane, near: Place | None) -> tuple[Place, Place]:
        """Returns the best place by the tiles of kind 0, and by those of kind 1.

        Args:
            signal: (H, W) float32 of `VideoSums.signal`, of one frame.
            near: where the frame before it lay, to look near there; None looks everywhere.
        """
        pieces = _cut(signal, self.tiles.corners, self.tiles.side_px)
        pieces -= pieces.mean(axis=(1, 2), keepdims=True)
        spectra = scipy.fft.rfft2(pieces, (self._plane_px, self._plane_px))
        np.conjugate(spectra, out=spectra)
        spectra *= self._spectra
        span = 2 * REACH_PX + 1
        surfaces = scipy.fft.irfft2(spectra, (self._plane_px, self._plane_px), overwrite_x=True)[:, :span, :span]
        return self._search(np.ascontiguousarray(surfaces), near or Place(), near is None)

    def _search(self, surfaces: NDArray[np.float32], near: Place, is_wide: bool) -> tuple[Place, Place]:
        angles, growths = (
            np.arange(-steps, steps + 1) * self._step for steps in (self._wide if is_wide else _NEAR_STEPS[:2])
        )
        found = search_places(
            surfaces,
            self.tiles.middles,
            self.tiles.kinds,
            (near.angle + angles).astype(np.float32),
            (near.growth + growths).astype(np.float32),
            np.array([round(near.down), round(near.right)]),
            REACH_PX if is_wide else _NEAR_STEPS[2],
        )
        powers = np.square(surfaces).mean(axis=(1, 2), dtype=np.float64)
        norms = [float(np.sqrt(powers[self.tiles.kinds == kind].sum())) or 1.0 for kind in (0, 1)]
        one, other = ([float(each) for each in row] for row in found)
        return (
            Place(one[3], one[4], one[1], one[2], one[0] / norms[0]),
            Place(other[3], other[4], other[1], other[2], other[0] / norms[1]),
        )


def add_moved(
    into: tuple[Plane, Plane, Plane], frame: tuple[Plane, Plane, Plane], tiles: Tiles, place: Place, kind: int
) -> None:
    """Adds those tiles of a frame that are of one kind where a place carries them, pixel by pixel, the nearest one.

    Args:
        into: sums of the same size as the frame.
        frame: planes of one frame.
        tiles: of the frame.
        place: found by the other kind of tiles.
        kind: 0 or 1.
    """
    numbers = (place.down, place.right, place.angle, place.growth)
    for target, source in zip(into, frame, strict=True):
        add_plane(target, source, tiles.side_px, kind, *(np.float32(each) for each in numbers))


def _cut(plane: Plane, corners: NDArray[np.int64], side_px: int) -> NDArray[np.float32]:
    return np.stack([plane[row : row + side_px, column : column + side_px] for row, column in corners])


@compiled
def search_places(
    surfaces: NDArray[np.float32],
    middles: NDArray[np.float32],
    kinds: NDArray[np.int64],
    angles: NDArray[np.float32],
    growths: NDArray[np.float32],
    start: NDArray[np.int64],
    reach: int,
) -> NDArray[np.float64]:
    """Returns, for each kind of tile, the greatest sum of surfaces and its angle, growth, rows and columns: (2, 5)."""
    span = surfaces.shape[1]
    middle = span // 2
    best = np.zeros((2, 5))
    width = 2 * reach + 1
    sums = np.empty((2, width, width), np.float32)
    for angle in angles:
        for growth in growths:
            sums[:] = 0
            for tile in range(len(middles)):
                row, column = middles[tile, 0], middles[tile, 1]
                down = int(np.rint(growth * row + angle * column)) + start[0] - reach + middle
                right = int(np.rint(growth * column - angle * row)) + start[1] - reach + middle
                into = sums[kinds[tile]]
                for y in range(max(0, -down), min(width, span - down)):
                    for x in range(max(0, -right), min(width, span - right)):
                        into[y, x] += surfaces[tile, y + down, x + right]
            for kind in range(2):
                for y in range(width):
                    for x in range(width):
                        if sums[kind, y, x] > best[kind, 0]:
                            best[kind, 0] = sums[kind, y, x]
                            best[kind, 1], best[kind, 2] = angle, growth
                            best[kind, 3], best[kind, 4] = y - reach + start[0], x - reach + start[1]
    return best


@compiled
def add_plane(
    target: Plane,
    source: Plane,
    side_px: int,
    kind: int,
    down: np.float32,
    right: np.float32,
    angle: np.float32,
    growth: np.float32,
) -> None:
    """Adds to each pixel of the target that of the source which a place carries nearest to it, in tiles of one kind."""
    height, width = source.shape
    y0, x0 = np.float32(height - 1) / 2, np.float32(width - 1) / 2
    for row in range(height):
        for column in range(width):
            y, x = np.float32(row) - y0 - down, np.float32(column) - x0 - right
            there_y = int(np.rint(y - growth * y - angle * x + y0))
            there_x = int(np.rint(x - growth * x + angle * y + x0))
            if there_y < 0 or there_x < 0 or there_y >= height or there_x >= width:
                continue
            if (there_y // side_px + there_x // side_px) % 2 == kind:
                target[row, column] += source[there_y, there_x]
