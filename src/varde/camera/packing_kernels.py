"""Compiled loops that turn a band's noise and weights into 16-bit codes and back (`varde.camera.packing`)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.segments.compiled import compiled

INFINITE: Final = 0x7F800000
"""Bits of a float32 from which on it is no number."""

MIDDLE: Final = 32768
"""Code of no noise."""

CODES: Final = 65535
"""Greatest code."""

DROPPED_BITS: Final = 12
"""Of a weight's float32."""


@compiled
def pack_codes(
    values: NDArray[np.float32],
    value_bits: NDArray[np.uint32],
    weight_bits: NDArray[np.uint32],
    noise: NDArray[np.uint16],
    weights: NDArray[np.uint16],
) -> tuple[float, int]:
    """Returns step and base; a step below 0 where values or weights are no numbers, or weights are below 0."""
    top, heaviest = np.uint32(0), np.uint32(0)
    for at in range(len(values)):
        top = max(top, value_bits[at] & np.uint32(0x7FFFFFFF))
        heaviest = max(heaviest, weight_bits[at])
    if top >= INFINITE or heaviest >= INFINITE:
        return -1.0, 0
    greatest = np.float32(0)
    for at in range(len(values)):
        greatest = max(greatest, abs(values[at]))
    step = greatest / np.float32(CODES // 2)
    factor = np.float32(1) / step if step > 0 else np.float32(0)
    base = np.int32(heaviest >> np.uint32(DROPPED_BITS)) - np.int32(CODES)
    for at in range(len(values)):
        noise[at] = np.uint16(np.int32(values[at] * factor + np.float32(MIDDLE + 0.5)))
    for at in range(len(values)):
        bits = weight_bits[at]
        code = max(np.int32(bits >> np.uint32(DROPPED_BITS)) - base, np.int32(1))
        weights[at] = np.uint16(code * np.int32(bits > 0))
    return float(step), int(base)


@compiled
def unpack_codes(
    noise: NDArray[np.uint16],
    weights: NDArray[np.uint16],
    step: np.float32,
    base: int,
    values: NDArray[np.float32],
    weight_bits: NDArray[np.uint32],
) -> None:
    """Writes values and the bits of weights that a band's codes stand for."""
    first, half = np.int32(base), np.int32(1 << (DROPPED_BITS - 1))
    for at in range(len(values)):
        values[at] = np.float32(np.int32(noise[at]) - np.int32(MIDDLE)) * step
    for at in range(len(values)):
        code = np.int32(weights[at])
        bits = (max(code + first, np.int32(0)) << np.int32(DROPPED_BITS)) | half
        weight_bits[at] = np.uint32(bits * np.int32(code > 0))
