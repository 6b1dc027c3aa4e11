"""How a picture may lie on a sensor: the eight turns and mirrors, and where in a plane of correlations a shift is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.core.camera import Geometry


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways in which a picture's rows and columns may lie on a sensor's.

    A picture turned by 180 degrees, or mirrored, has a spectrum that follows from its own: two transforms, of the
    picture and of the picture turned by 90 degrees, serve all eight.

    Attributes:
        turn: degrees counter-clockwise by which the picture, after mirroring, is turned.
        mirrored: whether it is mirrored left to right first.
        base: 0 or 90, degrees by which the picture whose spectrum is used was turned.
        turned: whether that one is turned by 180 degrees about (0, 0).
        flipped: whether the rows of that one are upside down before.
    """

    turn: int
    mirrored: bool
    base: int
    turned: bool
    flipped: bool


ORIENTATIONS: Final = (
    Orientation(0, False, 0, False, False),
    Orientation(90, False, 90, False, False),
    Orientation(180, False, 0, True, False),
    Orientation(270, False, 90, True, False),
    Orientation(0, True, 0, True, True),
    Orientation(90, True, 90, False, True),
    Orientation(180, True, 0, False, True),
    Orientation(270, True, 90, True, True),
)
"""The picture as it is first, then its turns, then its mirrored turns."""


def orient(values: NDArray[Any], turn: int, *, mirrored: bool) -> NDArray[Any]:
    """Returns a view of (H, W) values, mirrored left to right if so asked, then turned counter-clockwise."""
    return np.rot90(np.fliplr(values) if mirrored else values, turn // 90)


def turned_size(size_px: tuple[int, int], turn: int) -> tuple[int, int]:
    """Returns (rows, columns) of a picture after a turn."""
    return size_px if turn % 180 == 0 else (size_px[1], size_px[0])


def place_of(
    shift: tuple[int, int], orientation: Orientation, size_px: tuple[int, int], plane_px: tuple[int, int]
) -> tuple[int, int]:
    """Returns where in the plane of correlations a shift is read.

    Args:
        shift: (rows, columns) from the sensor's top left corner to the turned picture's.
        orientation: of the picture.
        size_px: (rows, columns) of the picture after its turn.
        plane_px: (rows, columns) of the plane.
    """
    down, right = _offset(orientation, size_px)
    return (shift[0] + down) % plane_px[0], (shift[1] + right) % plane_px[1]


def geometry_of(orientation: Orientation, shift: tuple[float, float], scale: float = 1.0) -> Geometry:
    """Returns the geometry of an orientation at a shift and a scale."""
    return Geometry(orientation.turn, orientation.mirrored, scale, 0.0, (float(shift[0]), float(shift[1])))


def _offset(orientation: Orientation, size_px: tuple[int, int]) -> tuple[int, int]:
    """Returns how far the picture turned about (0, 0) lies above and left of where it starts at (0, 0)."""
    down = size_px[0] - 1 if orientation.turned != orientation.flipped else 0
    return down, size_px[1] - 1 if orientation.turned else 0
