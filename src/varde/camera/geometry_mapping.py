"""Bringing a fingerprint, or a picture's weighted residual, to another scale, angle and place, with its fine part cut.

Convention: a pixel is a square, and a picture's scale and shift are told from its top left **corner**: pixel i of a
picture at scale s and shift d shows the sensor around (i + 1/2) / s + d - 1/2, as every common resizer has it.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import scipy.fft

from varde.camera.correlation import PreparedFingerprint, Spectrum, transform
from varde.camera.pce import Plane
from varde.core.camera import Geometry
from varde.segments.compiled import compiled

_EXACT: Final = 1e-6


def shrink_spectrum(spectrum: Spectrum, plane_px: tuple[int, int], size_px: tuple[int, int]) -> Spectrum:
    """Returns the half spectrum of a plane resized to a smaller size: its fine part is cut, nothing is folded over.

    Args:
        spectrum: half spectrum of the plane.
        plane_px: (rows, columns) of the plane.
        size_px: (rows, columns) wanted, nowhere more than the plane's.
    """
    phases = [_phases(there, here) for there, here in zip(plane_px, size_px, strict=True)]
    shrunk = np.empty((size_px[0], size_px[1] // 2 + 1), np.complex64)
    gain = np.float32(size_px[0] * size_px[1] / (plane_px[0] * plane_px[1]))
    copy_low(spectrum, phases[0] * gain, phases[1][: shrunk.shape[1]], shrunk)
    return shrunk


def shrink(values: Plane, size_px: tuple[int, int]) -> Plane:
    """Returns (H, W) values resized to a smaller size with an ideal filter."""
    plane_px = values.shape[0], values.shape[1]
    small: Plane = scipy.fft.irfft2(shrink_spectrum(transform(values, plane_px), plane_px, size_px), size_px)
    return small


def render_base(prepared: PreparedFingerprint, scale: float) -> Plane:
    """Returns the fingerprint's plane at about a scale; above 1 the fingerprint as it is."""
    if scale >= 1 - _EXACT:
        return prepared.values
    size_px = max(1, round(prepared.plane_px[0] * scale)), max(1, round(prepared.plane_px[1] * scale))
    base: Plane = scipy.fft.irfft2(shrink_spectrum(prepared.spectrum, prepared.plane_px, size_px), size_px)
    return base


def map_fingerprint(
    prepared: PreparedFingerprint, geometry: Geometry, size_px: tuple[int, int], base: Plane | None = None
) -> Plane:
    """Returns the fingerprint as a picture of this geometry would show it, (H, W) float32; 0 beyond the sensor.

    Args:
        prepared: the fingerprint.
        geometry: of the picture; turn and mirror are not looked at, the picture is taken to be turned already.
        size_px: (rows, columns) of the turned picture.
        base: what `render_base` returned for about the same scale, where many geometries are tried.
    """
    if base is None:
        base = render_base(prepared, geometry.scale)
    whole = prepared.size_px if base is prepared.values else prepared.plane_px
    per_px = base.shape[0] / whole[0], base.shape[1] / whole[1]
    angle = math.radians(geometry.angle_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    middle = size_px[0] / 2, size_px[1] / 2
    down, right = per_px[0] / geometry.scale, per_px[1] / geometry.scale
    half = 0.5 - middle[0], 0.5 - middle[1]
    matrix = np.array(
        [
            [right * cos, right * sin, right * (cos * half[1] + sin * half[0] + middle[1])],
            [-down * sin, down * cos, down * (cos * half[0] - sin * half[1] + middle[0])],
        ]
    )
    matrix[0, 2] += per_px[1] * geometry.shift[1] - 0.5
    matrix[1, 2] += per_px[0] * geometry.shift[0] - 0.5
    return _warp(base, matrix, size_px)


def rotate(values: Plane, angle_deg: float, size_px: tuple[int, int]) -> Plane:
    """Returns the middle, of this size, of (H, W) values turned counter-clockwise about their middle."""
    height, width = values.shape
    turning = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, 1.0)
    turning[:, 2] -= (width - size_px[1]) / 2, (height - size_px[0]) / 2
    flags = cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(values, turning, (size_px[1], size_px[0]), flags=flags), np.float32)


def _warp(base: Plane, matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]], size_px: tuple[int, int]) -> Plane:
    if np.allclose(matrix[:, :2], np.eye(2), atol=_EXACT) and np.allclose(matrix[:, 2], np.rint(matrix[:, 2])):
        return _cut(base, round(matrix[1, 2]), round(matrix[0, 2]), size_px)
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(base, matrix, (size_px[1], size_px[0]), flags=flags), np.float32)


def _cut(base: Plane, row: int, column: int, size_px: tuple[int, int]) -> Plane:
    """Returns a copy of a window of the base, 0 where it is outside."""
    window = np.zeros(size_px, np.float32)
    top, left = max(row, 0), max(column, 0)
    part = base[top : max(row + size_px[0], 0), left : max(column + size_px[1], 0)]
    window[top - row : top - row + part.shape[0], left - column : left - column + part.shape[1]] = part
    return window


def _phases(there: int, here: int) -> Spectrum:
    """Returns what moves each frequency of an axis so that the corners, not the middles, of the first pixels agree."""
    frequencies = np.fft.fftfreq(here, 1 / here)
    lag = 0.5 * there / here - 0.5
    return np.asarray(np.exp(2j * np.pi * frequencies * lag / there), np.complex64)


@compiled
def copy_low(spectrum: Spectrum, down: Spectrum, right: Spectrum, shrunk: Spectrum) -> None:
    """Writes the low frequencies of a half spectrum into a smaller one, times a factor for each row and column."""
    rows, columns = shrunk.shape
    for row in range(rows):
        source = row if row < (rows + 1) // 2 else spectrum.shape[0] - (rows - row)
        factor = down[row]
        for column in range(columns):
            shrunk[row, column] = spectrum[source, column] * factor * right[column]
