"""The best place of one plane of correlations among the shifts that are asked for, without the rest of the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from varde.camera.correlation import Spectrum, multiply
from varde.camera.geometry import Orientation, place_of
from varde.camera.pce import Plane, scan_plane

MARGIN_PX: Final = 3
"""Shifts by which a picture may stick out of the sensor: scales between two steps, and rounded sizes."""

_FEW_ROWS: Final = 24


@dataclass(frozen=True, slots=True)
class Place:
    """The best place of a plane.

    Attributes:
        height: squared correlation over the mean square of the plane, signed: near to its PCE, for ranking only.
        shift: (rows, columns) of the picture on the plane, in the plane's pixels.
        count: how many places were compared.
    """

    height: float
    shift: tuple[int, int]
    count: int


def transform_padded(values: Plane, plane_px: tuple[int, int]) -> Spectrum:
    """Returns the half spectrum of values in a larger plane of zeros, whose empty rows are not transformed."""
    rows = scipy.fft.rfft(values, plane_px[1], axis=1)
    spectrum: Spectrum = scipy.fft.fft(rows, plane_px[0], axis=0, overwrite_x=True)
    return spectrum


def search_plane(
    probe: Spectrum, pattern: Spectrum, plane_px: tuple[int, int], size_px: tuple[int, int], orientation: Orientation
) -> Place:
    """Returns the best of the shifts at which a picture lies on the sensor, or sticks out a few pixels.

    Args:
        probe: half spectrum of the picture in a plane of `plane_px`.
        pattern: half spectrum of the fingerprint, brought to `plane_px`.
        plane_px: (rows, columns) of the plane, the sensor at the scale of the picture.
        size_px: (rows, columns) of the picture after its turn.
        orientation: of the picture.
    """
    product = np.empty_like(pattern)
    even = plane_px[1] % 2 == 0
    energy = multiply(probe, pattern, even, orientation.turned, orientation.flipped, product)
    first = place_of((-MARGIN_PX, -MARGIN_PX), orientation, size_px, plane_px)
    rows = _run(first[0], size_px[0], plane_px[0])
    columns = _run(first[1], size_px[1], plane_px[1])
    lines = _inverse_rows(product, plane_px, rows)
    window = np.ascontiguousarray(np.take(lines, columns, axis=1)) if len(columns) < plane_px[1] else lines
    row, column, _ = scan_plane(window)
    value = float(window[row, column])
    mean = energy / float(plane_px[0] * plane_px[1]) ** 2
    offset = 0 if len(columns) < plane_px[1] else first[1]
    shift = row - MARGIN_PX, (column - offset) % plane_px[1] - MARGIN_PX
    return Place(value * abs(value) / mean if mean else 0.0, shift, window.size)


def _run(first: int, length: int, plane: int) -> NDArray[np.intp]:
    """Returns the places of an axis that are searched, from the first on, wrapping."""
    return (first + np.arange(min(max(plane - length, 0) + 2 * MARGIN_PX + 1, plane))) % plane


def _inverse_rows(product: Spectrum, plane_px: tuple[int, int], rows: NDArray[np.intp]) -> Plane:
    """Returns some rows of the plane whose half spectrum is given."""
    if len(rows) <= _FEW_ROWS:
        turns = np.outer(rows, np.arange(plane_px[0])) % plane_px[0] / plane_px[0]
        waves = np.exp(2j * np.pi * turns).astype(np.complex64) / np.float32(plane_px[0])
        columns = waves.astype(np.complex64) @ product
    else:
        columns = scipy.fft.ifft(product, axis=0, overwrite_x=True)[rows]
    lines: Plane = scipy.fft.irfft(columns, plane_px[1], axis=1, overwrite_x=True)
    return lines
