"""Inner loops of the adaptive Wiener filter, of wavelet bands and of spectra; `varde.camera.wavelet` uses them.

The variance at each place is the least of the mean energies in windows of 3, 5, 7 and 9, zeros outside. The windows lie
in one another, so that each column sum is the smaller one's and two rows more, and no running sum can lose precision.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import compiled

Array = Any

RING: Final = 16
"""Rows of energy kept, a power of two; nine are in use."""

REACH: Final = 4
"""Half of the largest window."""

PEAK: Final = np.float32(9 * np.pi / 4)
"""Energy over its neighbours' mean from which on a frequency is a peak: three times the mean size of noise."""

_OTHERS: Final = np.float32(1 / 80)


@compiled
def damp_band(band: Array, noise: float, ring: Array, sums: Array, gains: Array) -> None:
    """Keeps of a band what is noise: each value times noise / max(noise, variance around it).

    Args:
        band: (H, W) float32, changed.
        noise: variance of the noise, float32.
        ring: (16, at least W) float32, written over.
        sums: (4, at least W + 8) float32, written over.
        gains: (at least W,) float32, written over.
    """
    height, width = band.shape
    clear(ring, sums, width)
    for row in range(min(REACH, height)):
        square(band[row], ring[row])
    for row in range(height):
        ahead = ring[(row + REACH) & 15]
        if row + REACH < height:
            square(band[row + REACH], ahead)
        else:
            ahead[:] = 0
        sum_columns(ring, sums, row, width)
        _find_gains(sums[0], sums[1], sums[2], sums[3], noise, gains, width)
        _multiply(band[row], gains)


@compiled
def damp_spectrum(
    spectrum: Array, width: int, noise: float, scale: float, flatten: bool, edge: Array, ring: Array, sums: Array,
    gains: Array,
) -> None:  # fmt: skip
    """Damps what stands out of a half spectrum, as `damp_band` does with the sizes of the whole one.

    Args:
        spectrum: (H, 2 K) float32, real and imaginary parts in turn, K = width // 2 + 1; changed.
        width: of the picture.
        noise: variance of the noise, float32.
        scale: 1 / number of pixels, float32: brings energies to the scale of the noise.
        flatten: whether single peaks are brought down to three times the size of their surroundings too.
        edge: (H, 4) float32, written over.
        ring: (16, at least K + 4) float32, written over.
        sums: (4, at least K + 12) float32, written over.
        gains: (at least K + 4,) float32, written over.
    """
    height, count = len(spectrum), spectrum.shape[1] // 2
    _copy_edge(spectrum, width, scale, edge)
    clear(ring, sums, count + REACH)
    for row in range(min(REACH, height)):
        _square_complex(spectrum[row], edge[row], scale, ring[row], count)
    for row in range(height):
        ahead = ring[(row + REACH) & 15]
        if row + REACH < height:
            _square_complex(spectrum[row + REACH], edge[row + REACH], scale, ahead, count)
        else:
            ahead[:] = 0
        sum_columns(ring, sums, row, count + REACH)
        _find_gains(sums[0], sums[1], sums[2], sums[3], noise, gains, count)
        if flatten:
            _limit_gains(sums[3], ring[row & 15], gains, count)
        _multiply_complex(spectrum[row], gains, count)


@compiled
def clear(ring: Array, sums: Array, width: int) -> None:
    """Empties the ring, and what of the sums lies outside the rows."""
    ring[:] = 0
    sums[:, :REACH] = 0
    sums[:, width + REACH : width + 2 * REACH] = 0


@compiled
def square(row: Array, out: Array) -> None:
    """Writes the energies of a row."""
    for i in range(len(row)):
        out[i] = row[i] * row[i]


@compiled
def _square_complex(row: Array, edge: Array, scale: float, out: Array, count: int) -> None:
    for i in range(count):
        out[i] = (row[2 * i] * row[2 * i] + row[2 * i + 1] * row[2 * i + 1]) * scale
    for i in range(REACH):
        out[count + i] = edge[i]


@compiled
def _copy_edge(spectrum: Array, width: int, scale: float, edge: Array) -> None:
    """Writes the energies of the four columns that follow the half spectrum: they mirror columns of it."""
    height, count = len(spectrum), spectrum.shape[1] // 2
    for row in range(height):
        source = spectrum[(height - row) % height]
        for i in range(REACH):
            column = width - count - i
            if column > 0:
                real, imaginary = source[2 * column], source[2 * column + 1]
                edge[row, i] = (real * real + imaginary * imaginary) * scale
            else:
                edge[row, i] = 0


@compiled
def sum_columns(ring: Array, sums: Array, row: int, width: int) -> None:
    """Writes the sums of 3, 5, 7 and 9 rows around one, four places to the right."""
    inner = ring[row & 15][:width]
    for size in range(4):
        outer = sums[size][REACH : REACH + width]
        _add(outer, inner, ring[(row - 1 - size) & 15], ring[(row + 1 + size) & 15])
        inner = outer


@compiled
def _add(out: Array, a: Array, b: Array, c: Array) -> None:
    for i in range(len(out)):
        out[i] = a[i] + b[i] + c[i]


@compiled
def _find_gains(s3: Array, s5: Array, s7: Array, s9: Array, noise: float, gains: Array, width: int) -> None:
    for c in range(width):
        m3 = (s3[c + 3] + s3[c + 4] + s3[c + 5]) * np.float32(1 / 9)
        m5 = (s5[c + 2] + s5[c + 3] + s5[c + 4] + s5[c + 5] + s5[c + 6]) * np.float32(1 / 25)
        m7 = (s7[c + 1] + s7[c + 2] + s7[c + 3] + s7[c + 4] + s7[c + 5] + s7[c + 6] + s7[c + 7]) * np.float32(1 / 49)
        m9 = (
            (s9[c] + s9[c + 1] + s9[c + 2] + s9[c + 3] + s9[c + 4])
            + (s9[c + 5] + s9[c + 6] + s9[c + 7] + s9[c + 8])
        ) * np.float32(1 / 81)  # fmt: skip
        small = m3 if m3 < m5 else m5
        large = m7 if m7 < m9 else m9
        least = small if small < large else large
        gains[c] = noise / (least if least > noise else noise)


@compiled
def _limit_gains(s9: Array, energies: Array, gains: Array, width: int) -> None:
    for c in range(width):
        total = np.float32(0)
        for i in range(9):
            total += s9[c + i]
        limit = (total - energies[c]) * (PEAK * _OTHERS)
        if energies[c] > limit:
            gains[c] = min(gains[c], np.sqrt(limit / energies[c]))


@compiled
def _multiply(row: Array, gains: Array) -> None:
    for i in range(len(row)):
        row[i] *= gains[i]


@compiled
def _multiply_complex(row: Array, gains: Array, count: int) -> None:
    for i in range(count):
        row[2 * i] *= gains[i]
        row[2 * i + 1] *= gains[i]
