"""PDQ's downsampling to 64 x 64 as one separable linear operator, computed once per length and applied in bands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SAMPLES = 64
PASSES = 2

_SMALL_PX = 1 << 16
"""Up to so many pixels two small matrix products cost less than 128 calls for one band each: measured."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Band:
    """One sample as a weighted mean of neighbouring values.

    Attributes:
        start: index of the first value that counts.
        weights: (N,) float32, sums to 1.
    """

    start: int
    weights: Floats


def sample_64x64(grey: npt.NDArray[np.uint8]) -> Floats:
    """Returns the picture smoothed and sampled as PDQ does.

    The reference runs a box filter twice along rows and columns of the whole picture and then keeps 64 x 64 values of
    it. Both are linear and separable, so each kept value is a weighted mean of one small rectangle with weights that
    depend on the size alone. Only those are computed: every pixel is touched about once.

    Convention: (H, W) uint8, 0-255, in; (64, 64) float32, 0-255, out; rows first.

    Source: PDQ reference (facebook/ThreatExchange, pdq/cpp/downscaling): window size, truncated windows at the edges,
    number of passes and sampled positions are the same; the order of additions is not, so values differ by rounding.
    """
    if grey.size <= _SMALL_PX:
        whole = _compute_operator(grey.shape[0]) @ grey.astype(np.float32) @ _compute_operator(grey.shape[1]).T
        return np.ascontiguousarray(whole)
    rows, columns = compute_bands(grey.shape[0]), compute_bands(grey.shape[1])
    return np.ascontiguousarray(_apply(columns, _apply(rows, grey).T).T)


@lru_cache(maxsize=64)
def compute_bands(length: int) -> tuple[Band, ...]:
    """Returns the 64 bands that smooth and sample a line of so many values (at least 1).

    The cache holds about 4 bytes for each value of the 64 lengths used last.
    """
    # 1. The reference's window: half of one sixty-fourth of the length, rounded up, per pass.
    window = (length + 2 * SAMPLES - 1) // (2 * SAMPLES)
    # 2. An even window reaches one value further to the right; at the ends it is cut and its mean taken over the rest.
    ahead = (window + 2) // 2
    index = np.arange(length)
    low = np.maximum(index - (window - ahead), 0)
    high = np.minimum(index + ahead, length)
    # 3. Sampled positions are centres of 64 equal parts.
    centres = ((np.arange(SAMPLES) + 0.5) * length / SAMPLES).astype(np.intp)
    return tuple(_compute_band(int(centre), low, high) for centre in centres)


def _compute_band(centre: int, low: npt.NDArray[np.intp], high: npt.NDArray[np.intp]) -> Band:
    weights = np.zeros(len(low) + 1)
    weights[centre] = 1.0
    start, stop = centre, centre + 1
    for _ in range(PASSES):
        # The transpose of one box pass: each value hands its weight out evenly over its own window.
        shares = weights[start:stop] / (high[start:stop] - low[start:stop])
        steps = np.zeros_like(weights)
        np.add.at(steps, low[start:stop], shares)
        np.add.at(steps, high[start:stop], -shares)
        start, stop = int(low[start]), int(high[stop - 1])
        weights[start:stop] = np.cumsum(steps[start:stop])
    return Band(start, weights[start:stop].astype(np.float32))


@lru_cache(maxsize=64)
def _compute_operator(length: int) -> Floats:
    """Returns (64, length) float32: the bands as one matrix. Cached: 256 bytes for each value."""
    operator = np.zeros((SAMPLES, length), np.float32)
    for row, band in zip(operator, compute_bands(length), strict=True):
        row[band.start : band.start + len(band.weights)] = band.weights
    return operator


def _apply(bands: tuple[Band, ...], lines: npt.NDArray[np.uint8] | Floats) -> Floats:
    """Returns (64, M) float32: the bands' weighted means over the first axis of (N, M)."""
    means = np.empty((len(bands), lines.shape[1]), np.float32)
    # One band at a time is turned into floats, so that it stays in the processor's cache.
    buffer = np.empty((max(len(band.weights) for band in bands), lines.shape[1]), np.float32)
    for mean, band in zip(means, bands, strict=True):
        part = buffer[: len(band.weights)]
        np.copyto(part, lines[band.start : band.start + len(band.weights)])
        np.dot(band.weights, part, out=mean)
    return means
