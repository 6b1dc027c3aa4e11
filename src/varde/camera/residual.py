"""The noise residual of a picture: what its sensor left in it, with the scene, saturated and dark pixels taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from varde.camera.workspace import Workspace
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

__all__ = ["METHOD", "SMALLEST_PX", "Residual", "Workspace", "extract_published", "extract_residual", "warm_up"]

METHOD = Method("camera.residual", "1")

SMALLEST_PX = 256
"""Sides shorter than this carry too little to compare."""

SATURATED = 250
DARK = 20
LEAST_USABLE = 0.25

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Residual:
    """A picture's noise, ready to be compared.

    Attributes:
        values: (H, W) float32 cleaned residual in grey levels, zero where masked.
        weights: (H, W) float32 inverse local variance of the residual, zero where masked.
        luma: (H, W) uint8 of the picture, in the sensor's layout.
        usable: share of pixels neither saturated nor dark.
        method: how it was extracted.
    """

    values: Floats
    weights: Floats
    luma: npt.NDArray[np.uint8]
    usable: float
    method: Method = METHOD


def extract_residual(
    luma: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, workspace: Workspace | None = None
) -> Residual | NotComparable:
    """Returns the noise residual of a picture's luma, or why it has none worth comparing."""
    if min(luma.shape) < SMALLEST_PX:
        return NotComparable(Reason.TOO_SMALL, f"{luma.shape[1]} x {luma.shape[0]} pixels; at least 256 a side")
    grey = luma.astype(np.float32) / (257.0 if luma.dtype == np.uint16 else 1.0)
    small = luma if luma.dtype == np.uint8 else (luma >> 8).astype(np.uint8)
    saturated, dark = grey > SATURATED, grey < DARK
    masked = saturated | dark
    usable = 1.0 - float(masked.mean())
    if usable < LEAST_USABLE:
        reason = Reason.TOO_DARK if dark.sum() > saturated.sum() else Reason.OVEREXPOSED
        return NotComparable(reason, f"{usable:.0%} of the pixels are neither saturated nor dark")
    noise = _noise(grey)
    if float(noise.std()) < 0.05:
        return NotComparable(Reason.BLANK, "the picture holds no noise")
    values = _clean(np.where(masked, np.float32(0), noise))
    weights = 1.0 / (_box(values * values, 9) + 4.0)
    values[masked] = 0
    weights[masked] = 0
    return Residual(values, weights.astype(np.float32), small.astype(np.uint8), usable)


def extract_published(rgb: npt.NDArray[np.uint8]) -> Floats:
    """Returns the residual as published: each channel denoised, then joined, levelled and cleaned of its spectrum."""
    if rgb.ndim == 2:
        return _clean(_noise(rgb.astype(np.float32)))
    noise = sum(
        np.float32(share) * _noise(rgb[:, :, each].astype(np.float32))
        for each, share in enumerate((0.29893602, 0.58704307, 0.11402090))
    )
    return _clean(np.asarray(noise, dtype=np.float32))


def warm_up() -> None:
    """Compiles and loads everything, so that nothing has to be opened later, as in a sandboxed process."""
    extract_residual(np.random.default_rng(1).integers(30, 200, (256, 256), dtype=np.uint8))


_LOW = np.array(
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
_HIGH = _LOW[::-1] * np.array([-1, 1] * 4)


def _split(values: Any, axis: int) -> tuple[Any, Any]:
    values = np.moveaxis(values, axis, -1)
    count = (values.shape[-1] + 7) // 2
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(6, 8)], mode="symmetric")
    low, high = 0.0, 0.0
    for tap in range(8):
        part = padded[..., 7 - tap : 7 - tap + 2 * count : 2]
        low, high = low + _LOW[tap] * part, high + _HIGH[tap] * part
    return np.moveaxis(low, -1, axis), np.moveaxis(high, -1, axis)


def _join(low: Any, high: Any, axis: int) -> Any:
    low, high = np.moveaxis(low, axis, -1), np.moveaxis(high, axis, -1)
    count = low.shape[-1] - 3
    joined = np.empty((*low.shape[:-1], 2 * count))
    for parity in range(2):
        total = 0.0
        for step in range(4):
            tap = 7 - (6 + parity - 2 * step)
            total = total + _LOW[tap] * low[..., step : step + count] + _HIGH[tap] * high[..., step : step + count]
        joined[..., parity::2] = total
    return np.moveaxis(joined, -1, axis)


def _noise(grey: Any, sigma: float = 5.0) -> Floats:
    shapes, details, rest = [], [], grey
    for _ in range(4):
        shapes.append(rest.shape)
        low, high = _split(rest, 0)
        rest, vertical = _split(low, 1)
        details.append((_shrink(vertical, sigma), *(_shrink(each, sigma) for each in _split(high, 1))))
    rest = np.zeros_like(rest)
    for shape, (vertical, across, diagonal) in zip(reversed(shapes), reversed(details), strict=True):
        rest = _join(_join(rest, vertical, 1), _join(across, diagonal, 1), 0)[: shape[0], : shape[1]]
    return np.asarray(rest, dtype=np.float32)


def _shrink(band: Any, sigma: float) -> Any:
    energy = band * band
    least = np.min([_box(energy, size) for size in (3, 5, 7, 9)], axis=0)
    return band * (sigma**2 / np.maximum(least, sigma**2))


def _box(values: Any, size: int) -> Any:
    from scipy.ndimage import uniform_filter

    return uniform_filter(values, size, mode="constant")


def _clean(noise: Floats) -> Floats:
    for top in range(2):
        for left in range(2):
            part = noise[top::2, left::2]
            part -= part.mean()
            part -= part.mean(axis=1, keepdims=True) + part.mean(axis=0, keepdims=True)
    spectrum = np.fft.fft2(noise)
    size = np.abs(spectrum) / noise.size**0.5
    sigma = float(noise.std(ddof=1))
    filtered = np.fft.ifft2(spectrum * (_shrink(size, sigma) / np.where(size == 0, 1, size)))
    return np.asarray(filtered.real, dtype=np.float32)
