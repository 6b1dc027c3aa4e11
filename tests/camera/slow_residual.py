"""The published residual in plain float64 array operations: slow and obvious, to compare the compiled loops with."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

Array = Any

LOW = np.array(
    [
        -0.010597401784997278,
        0.032883011666982945,
        0.030841381835986965,
        -0.18703481171888114,
        -0.02798376941698385,
        0.6308807679295904,
        0.7148465705525415,
        0.23037781330885523,
    ]
)
HIGH = LOW[::-1] * np.array([-1, 1] * 4)


def split(values: Array, axis: int) -> tuple[Array, Array]:
    """Returns both halves of one level along an axis, borders mirrored with the last value repeated."""
    values = np.moveaxis(values, axis, -1)
    count = (values.shape[-1] + 7) // 2
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(6, 8)], mode="symmetric")
    parts = [padded[..., 7 - tap : 7 - tap + 2 * count : 2] for tap in range(8)]
    low = sum(LOW[tap] * part for tap, part in enumerate(parts))
    high = sum(HIGH[tap] * part for tap, part in enumerate(parts))
    return np.moveaxis(low, -1, axis), np.moveaxis(high, -1, axis)


def join(low: Array, high: Array, axis: int) -> Array:
    """Returns what `split` took apart, one value more where its length was odd."""
    low, high = np.moveaxis(low, axis, -1), np.moveaxis(high, axis, -1)
    count = low.shape[-1] - 3
    joined = np.empty((*low.shape[:-1], 2 * count))
    for parity in range(2):
        joined[..., parity::2] = sum(
            LOW[1 - parity + 2 * step] * low[..., step : step + count]
            + HIGH[1 - parity + 2 * step] * high[..., step : step + count]
            for step in range(4)
        )
    return np.moveaxis(joined, -1, axis)


def damp(values: Array, variance: float) -> Array:
    """Returns values times variance / max(variance, least mean energy of windows of 3, 5, 7 and 9)."""
    least = np.min([uniform_filter(values**2, size, mode="constant") for size in (3, 5, 7, 9)], axis=0)
    return values * variance / np.maximum(least, variance)


def compute_noise(plane: Array, variance: float = 25.0) -> Array:
    """Returns the wavelet noise of one plane."""
    shapes, details, rest = [], [], np.asarray(plane, np.float64)
    for _ in range(4):
        shapes.append(rest.shape)
        low, high = split(rest, 0)
        rest, vertical = split(low, 1)
        details.append([damp(band, variance) for band in (vertical, *split(high, 1))])
    rest = np.zeros_like(rest)
    for shape, (vertical, across, diagonal) in zip(reversed(shapes), reversed(details), strict=True):
        rest = join(join(rest, vertical, 1), join(across, diagonal, 1), 0)[: shape[0], : shape[1]]
    return rest


def level(noise: Array) -> Array:
    """Returns noise with rows and columns of mean 0 in each of the four places of a cell of 2 x 2."""
    noise = noise.copy()
    for top in range(2):
        for left in range(2):
            part = noise[top::2, left::2]
            mean, rows, columns = part.mean(), part.mean(axis=1, keepdims=True), part.mean(axis=0, keepdims=True)
            part += mean - rows - columns
    return noise


def filter_spectrum(noise: Array) -> Array:
    """Returns noise whose spectrum's sizes were damped by their surroundings."""
    spectrum = np.fft.fft2(noise)
    sizes = np.abs(spectrum) / noise.size**0.5
    gains = damp(sizes, noise.var(ddof=1)) / np.where(sizes == 0, 1, sizes)
    return np.fft.ifft2(spectrum * gains).real


def extract_published(picture: Array) -> Array:
    """Returns the published residual of an (H, W, 3) or (H, W) picture."""
    channels = [picture] if picture.ndim == 2 else [picture[:, :, each] for each in range(3)]
    shares = [1.0] if picture.ndim == 2 else [0.29893602, 0.58704307, 0.11402090]
    noise = sum(share * compute_noise(plane) for share, plane in zip(shares, channels, strict=True))
    return filter_spectrum(level(noise))
