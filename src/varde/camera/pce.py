"""Signed peak-to-correlation energy: how far one place of a correlation plane stands out of all the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.core.signal import Method

METHOD: Final = Method("camera.pce", "2")

REACH: Final = 5
"""Places left out on each side of the peak: 11 x 11 in all."""

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Peak:
    """One place of a correlation plane.

    Attributes:
        row: of the place.
        column: of the place.
        value: correlation there, not normalised.
        pce: signed peak-to-correlation energy of the place.
    """

    row: int
    column: int
    value: float
    pce: float


def compute_pce(plane: Plane, place: tuple[int, int] | None = None, *, count: int | None = None) -> Peak:
    """Returns the signed PCE of one place, or of the greatest value of the plane.

    PCE = sign(c) c^2 / mean of the squares outside 11 x 11 places around the peak, which wrap at the plane's borders.

    Args:
        plane: (H, W) float32, a circular correlation; it is not changed.
        place: (row, column) to read; None takes the greatest value. Negative correlation never counts as a peak.
        count: how many places bear the plane's energy; None where all do. A plane that was padded with zeros has more
            places than the sensor has pixels, and its mean is taken over the sensor's.

    Raises:
        WrongUse: if the plane has no place outside the peak's own.

    Source: Goljan, Fridrich & Filler 2009, "Large scale test of sensor fingerprint camera identification", equation 4;
        signed as in Goljan & Fridrich 2008.
    Limits: the mean square of a plane with several true peaks (a repeated pattern) is too large, and the PCE too small.
    """
    if plane.ndim != 2 or not plane.size:
        raise WrongUse("A correlation plane has rows and columns.")
    row, column, energy = scan_plane(plane)
    if place is not None:
        row, column = place[0] % plane.shape[0], place[1] % plane.shape[1]
    near = read_around(plane, row, column, REACH)
    return compute_peak(row, column, near, energy, count or plane.size)


def compute_peak(row: int, column: int, near: Plane, energy: float, count: int) -> Peak:
    """Returns the peak from the places around it and the energy of the whole plane.

    Args:
        row: of the peak.
        column: of the peak.
        near: the values around the peak, the peak in the middle.
        energy: sum of the squares of the whole plane.
        count: how many places bear that energy.

    Raises:
        WrongUse: if the plane has no place outside the peak's own.
    """
    if count <= near.size:
        raise WrongUse(f"A plane of {count} places has none outside the {near.size} around its peak.")
    value = float(near[near.shape[0] // 2, near.shape[1] // 2])
    outside = max(energy - float(np.sum(np.square(near, dtype=np.float64))), 0.0) / (count - near.size)
    return Peak(row, column, value, float(np.sign(value)) * value * value / outside if outside else 0.0)


def read_around(plane: Plane, row: int, column: int, reach: int) -> Plane:
    """Returns a copy of the places at most `reach` rows and columns away, wrapping at the borders, each only once."""
    rows = _around(row, reach, plane.shape[0])
    columns = _around(column, reach, plane.shape[1])
    return plane[np.ix_(rows, columns)]


def _around(middle: int, reach: int, length: int) -> NDArray[np.intp]:
    """Returns the places around one on a circle, the place itself in the middle."""
    reach = min(reach, (length - 1) // 2)
    return np.arange(middle - reach, middle + reach + 1) % length


def scan_plane(plane: Plane) -> tuple[int, int, float]:
    """Returns row and column of the greatest value, and the sum of the squares of all."""
    row, column = divmod(int(np.argmax(plane)), plane.shape[1])
    energy = np.einsum("ij,ij->i", plane, plane).sum(dtype=np.float64)
    return row, column, float(energy)
