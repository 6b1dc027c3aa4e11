"""Flattening the spectrum of a residual a little: noise that is not white hides a pattern that nearly is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.segments.compiled import compiled

Spectrum = NDArray[np.complex64]

BANDS: Final = 24
"""Of rows and of columns, from 0 to the highest frequency."""

EXPONENT: Final = 0.1
"""By which power of its band's mean power each frequency is divided: 0.5 would make the spectrum white, and raise the
highest frequencies, where a fingerprint is least sure and what cameras of one model share stands out (decision 0030).
"""


def flatten(spectrum: Spectrum) -> Spectrum:
    """Divides each frequency by a power of the mean power around it; changes the spectrum and returns it.

    Convention: (H, W / 2 + 1) complex64, a real FFT, C-contiguous. Bands without power stay as they are.
    Source: ours; a matched filter in coloured noise divides by the noise's power, of which this is a careful part.
    """
    sums = np.zeros((BANDS, BANDS), np.float64)
    counts = np.zeros((BANDS, BANDS), np.int64)
    _add_powers(spectrum, sums, counts)
    powers = sums / np.maximum(counts, 1)
    known = np.isfinite(powers) & (powers > 0)
    factors = np.ones_like(powers)
    if known.any():
        factors[known] = (powers[known] / powers[known].mean()) ** -EXPONENT
    _scale(spectrum, factors.astype(np.float32))
    return spectrum


@compiled
def _add_powers(spectrum: Spectrum, sums: NDArray[np.float64], counts: NDArray[np.int64]) -> None:
    rows, columns = spectrum.shape
    for row in range(rows):
        down = _find_band(min(row, rows - row), rows // 2 + 1)
        for band in range(BANDS):
            first, last = _find_first(band, columns), _find_first(band + 1, columns)
            total = np.float32(0)
            for column in range(first, last):
                value = spectrum[row, column]
                total += value.real * value.real + value.imag * value.imag
            sums[down, band] += total
            counts[down, band] += last - first


@compiled
def _scale(spectrum: Spectrum, factors: NDArray[np.float32]) -> None:
    rows, columns = spectrum.shape
    for row in range(rows):
        down = _find_band(min(row, rows - row), rows // 2 + 1)
        for band in range(BANDS):
            factor = factors[down, band]
            for column in range(_find_first(band, columns), _find_first(band + 1, columns)):
                spectrum[row, column] *= factor


@compiled
def _find_band(place: int, length: int) -> int:
    return min(place * BANDS // length, BANDS - 1)


@compiled
def _find_first(band: int, length: int) -> int:
    """Returns the first place of a band."""
    return (band * length + BANDS - 1) // BANDS
