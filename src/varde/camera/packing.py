"""Residuals in five bytes a pixel, band by band: as references leave their process and are kept on disk.

Bands are 16 rows, so that a colour filter's cell and coding blocks stay whole in each, and so that a band and what is
computed of it lie in the processor's cache. A pixel's noise is a 16-bit multiple of 1/32767 of the band's greatest,
its weight the upper bits of its float32 (exact to 1/8192, 32 octaves below the band's greatest), its luma as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.packing_kernels import CODES, DROPPED_BITS, INFINITE, MIDDLE, pack_codes, unpack_codes
from varde.camera.residual import Residual
from varde.core.signal import Method

BAND_PX: Final = 16
PIXEL_BYTES: Final = 5

Packed = NDArray[np.uint8]
"""(5 n,) of a band of n pixels: noise in 16 bits, weights in 16, luma in 8."""

Band = tuple[slice, Residual]
"""Rows of a picture, and its residual there."""

Scale = tuple[float, int]
"""Step of a band's noise, and where the codes of its weights begin."""


@dataclass(frozen=True, slots=True)
class PackedResidual:
    """A residual of which each band is got and unpacked when it is asked for.

    Attributes:
        shape: rows and columns.
        usable, method: as `Residual`.
        scales: of each band.
        get_band: returns a packed band by its number, to be used up before the next is asked for.
    """

    shape: tuple[int, int]
    usable: float
    method: Method
    scales: tuple[Scale, ...]
    get_band: Callable[[int], Packed]
    buffers: BandBuffers = field(repr=False, compare=False)

    def bands(self, each: int) -> Iterator[Band]:
        """Yields every so many bands from the top; each writes over the one before."""
        for number, rows in list_bands(self.shape[0], each):
            yield rows, self.unpack_band(number)

    def unpack_band(self, number: int) -> Residual:
        """Returns a band, which the next writes over."""
        packed = self.get_band(number)
        pixels = len(packed) // PIXEL_BYTES
        values, weights, luma = self.buffers.get(pixels // self.shape[1], self.shape[1])
        codes = packed[: 4 * pixels].view(np.uint16)
        step, base = self.scales[number]
        unpack_codes(codes[:pixels], codes[pixels:], np.float32(step), base, _flat(values), _bits(weights))
        luma.reshape(-1)[:] = packed[4 * pixels :]
        return Residual(values, weights, luma, self.usable, self.method)


Noise = Residual | PackedResidual


class BandBuffers:
    """Memory of one unpacked band, used again for each: touching new memory takes longer than what is done in it."""

    def __init__(self) -> None:
        self._width = 0
        self._values = self._weights = np.empty((0, 0), np.float32)
        self._luma = np.empty((0, 0), np.uint8)

    def get(self, rows: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
        """Returns planes for values, weights and luma."""
        if width != self._width:
            self._width = width
            self._values, self._weights = (np.empty((BAND_PX, width), np.float32) for _ in range(2))
            self._luma = np.empty((BAND_PX, width), np.uint8)
        return self._values[:rows], self._weights[:rows], self._luma[:rows]


def list_bands(height_px: int, each: int) -> Iterator[tuple[int, slice]]:
    """Yields number and rows of every so many bands of a picture, from the top."""
    for number in range(0, -(-height_px // BAND_PX), each):
        yield number, slice(number * BAND_PX, min((number + 1) * BAND_PX, height_px))


def count_rows(height_px: int, each: int) -> int:
    """Returns how many rows every so many bands have together."""
    return sum(rows.stop - rows.start for _, rows in list_bands(height_px, each))


def give_bands(noise: Noise, each: int) -> Iterator[Band]:
    """Yields every so many bands of a residual, to be used up one after the other."""
    if isinstance(noise, PackedResidual):
        yield from noise.bands(each)
        return
    for _, rows in list_bands(len(noise.values), each):
        yield rows, _cut(noise, rows)


def cut_window(noise: Noise, rows: slice, columns: slice) -> NDArray[np.float32]:
    """Returns values times weights of a part of a residual, in memory of its own."""
    if isinstance(noise, Residual):
        return noise.values[rows, columns] * noise.weights[rows, columns]
    parts = []
    for number in range(rows.start // BAND_PX, -(-rows.stop // BAND_PX)):
        top, band = number * BAND_PX, noise.unpack_band(number)
        inside = slice(max(rows.start - top, 0), rows.stop - top), columns
        parts.append(band.values[inside] * band.weights[inside])
    return np.concatenate(parts)


def pack(noise: Noise, write: Callable[[Packed, int], None]) -> tuple[Scale, ...] | None:
    """Writes a residual band by band; returns the scales, None where it holds what is no number.

    Args:
        noise: packed or not.
        write: called with each packed band, to be used up at once, and the byte where it begins.
    """
    scales, at = list[Scale](), 0
    packed = np.empty(PIXEL_BYTES * BAND_PX * noise.shape[1], np.uint8)
    for number, rows in list_bands(noise.shape[0], 1):
        if isinstance(noise, PackedResidual):
            scale, band = noise.scales[number], noise.get_band(number)
        else:
            part = _cut(noise, rows)
            band = packed[: PIXEL_BYTES * part.luma.size]
            found = pack_band(part, band)
            if found is None:
                return None
            scale = found
        scales.append(scale)
        write(band, at)
        at += len(band)
    return tuple(scales)


def place_band(shape: tuple[int, int], number: int) -> slice:
    """Returns where a band lies among the bytes of a packed residual."""
    height, width = shape
    row = number * BAND_PX
    return slice(PIXEL_BYTES * width * row, PIXEL_BYTES * width * min(row + BAND_PX, height))


def pack_band(part: Residual, packed: Packed) -> Scale | None:
    """Writes a band where it is to be kept; returns its scale, None where it holds what is no number."""
    pixels = part.luma.size
    codes = packed[: 4 * pixels].view(np.uint16)
    step, base = pack_codes(_flat(part.values), _bits(part.values), _bits(part.weights), codes[:pixels], codes[pixels:])
    packed[4 * pixels :] = part.luma.reshape(-1)
    return None if step < 0 else (step, base)


def find_greatest(scale: Scale) -> tuple[float, float]:
    """Returns the greatest value and weight that a band of this scale can hold; not a number where it is no scale."""
    step, base = scale
    if not -CODES <= base < INFINITE >> DROPPED_BITS:
        return math.nan, math.nan
    bits = min((base + CODES + 1) << DROPPED_BITS, INFINITE)
    return step * MIDDLE, float(np.uint32(bits).view(np.float32))


def warm_up() -> None:
    """Compiles and loads what packing needs, so that nothing has to be opened later, as in a sandbox."""
    plane = np.ones((BAND_PX, BAND_PX), np.float32)
    pack_band(Residual(plane, plane, plane.astype(np.uint8), 1.0), np.empty(PIXEL_BYTES * plane.size, np.uint8))


def _cut(residual: Residual, rows: slice) -> Residual:
    values, weights, luma = residual.values[rows], residual.weights[rows], residual.luma[rows]
    return Residual(values, weights, luma, residual.usable, residual.method)


def _flat(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return plane.reshape(-1)


def _bits(plane: NDArray[np.float32]) -> NDArray[np.uint32]:
    return plane.reshape(-1).view(np.uint32)
