"""Inner loops of the wavelet transform; `varde.camera.wavelet` says what they are for.

Every loop over columns is free of branches and reads and writes few rows at a time, so that it becomes vector
instructions; rows that are needed again soon stay in the processor's nearest memory.

Convention: planes are (H, W), C-contiguous; W2 = (W + 7) // 2 and H2 = (H + 7) // 2. LOW and HIGH are db4's analysis
filters; synthesis uses them backwards.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import compiled

Array = Any

LOW: Final = np.array(
    [
        -0.010597401784997278,
        0.032883011666982945,
        0.030841381835986965,
        -0.18703481171888114,
        -0.02798376941698385,
        0.6308807679295904,
        0.7148465705525415,
        0.23037781330885523,
    ],
    np.float32,
)
HIGH: Final = (LOW[::-1] * np.array([-1, 1, -1, 1, -1, 1, -1, 1])).astype(np.float32)
FILTERS: Final = np.stack([LOW, HIGH])

RING: Final = 8
"""Rows kept while rows are combined: as many as the filter is long."""

AHEAD: Final = 3
"""How many pairs of values lie before the first output's newest pair."""


@compiled
def split_plane(plane: Array, bands: Array, ring: Array, lines: Array) -> None:
    """Writes one level of the transform with half-sample symmetric borders.

    Args:
        plane: (H, W) float32.
        bands: (4, H2, W2) float32, get the approximation and what is high along columns, along rows, along both.
        ring: (2, 8, at least W2) float32, written over.
        lines: (2, at least W2 + 3) float32, written over.
    """
    height, count = len(plane), bands.shape[2]
    for k in range(-AHEAD, bands.shape[1]):
        for row in range(2 * k, 2 * k + 2):
            _split_row(plane[_mirror(row, height)], lines, ring[0, row & 7], ring[1, row & 7], count)
        if k >= 0:
            for band in range(4):
                _combine(bands[band, k], ring[band >> 1], 2 * k + 1, FILTERS[band & 1])


@compiled
def join_planes(rest: Array, details: Array, plane: Array, lines: Array) -> None:
    """Writes the plane whose level of the transform is given; the inverse of `split_plane`.

    Args:
        rest: (H2, W2) float32 approximation.
        details: (3, H2, W2) float32.
        plane: (H, W) float32, written to.
        lines: (2, at least W2) float32, written over.
    """
    width, count = plane.shape[1], rest.shape[1]
    for row in range(len(plane)):
        for high in range(2):
            first = details[1] if high else rest
            _combine_synthesis(lines[high][:count], first, details[2 * high], row)
        _join_row(lines[0], lines[1], plane[row], width)


@compiled
def _mirror(index: int, length: int) -> int:
    """Returns the place of a value outside a line whose first and last values are repeated, as a mirror shows it."""
    while index < 0 or index >= length:
        index = -1 - index if index < 0 else 2 * length - 1 - index
    return index


@compiled
def _split_row(row: Array, lines: Array, low: Array, high: Array, count: int) -> None:
    even, odd = lines[0], lines[1]
    full = len(row) // 2
    for m in range(full):
        even[m + AHEAD] = row[2 * m]
        odd[m + AHEAD] = row[2 * m + 1]
    for m in range(-AHEAD, 0):
        even[m + AHEAD], odd[m + AHEAD] = row[_mirror(2 * m, len(row))], row[_mirror(2 * m + 1, len(row))]
    for m in range(full, count):
        even[m + AHEAD], odd[m + AHEAD] = row[_mirror(2 * m, len(row))], row[_mirror(2 * m + 1, len(row))]
    _filter_row(even, odd, low, high, count)


@compiled
def _filter_row(even: Array, odd: Array, low: Array, high: Array, count: int) -> None:
    for k in range(count):
        o0, o1, o2, o3 = odd[k + 3], odd[k + 2], odd[k + 1], odd[k]
        e0, e1, e2, e3 = even[k + 3], even[k + 2], even[k + 1], even[k]
        low[k] = (
            (LOW[0] * o0 + LOW[1] * e0 + LOW[2] * o1 + LOW[3] * e1)
            + (LOW[4] * o2 + LOW[5] * e2 + LOW[6] * o3 + LOW[7] * e3)
        )  # fmt: skip
        high[k] = (
            (HIGH[0] * o0 + HIGH[1] * e0 + HIGH[2] * o1 + HIGH[3] * e1)
            + (HIGH[4] * o2 + HIGH[5] * e2 + HIGH[6] * o3 + HIGH[7] * e3)
        )  # fmt: skip


@compiled
def _combine(out: Array, ring: Array, newest: int, taps: Array) -> None:
    """Writes the row that the last eight rows of a ring give."""
    r0, r1, r2, r3 = ring[newest & 7], ring[(newest - 1) & 7], ring[(newest - 2) & 7], ring[(newest - 3) & 7]
    r4, r5, r6, r7 = ring[(newest - 4) & 7], ring[(newest - 5) & 7], ring[(newest - 6) & 7], ring[(newest - 7) & 7]
    for i in range(len(out)):
        first = taps[0] * r0[i] + taps[1] * r1[i] + taps[2] * r2[i] + taps[3] * r3[i]
        out[i] = first + (taps[4] * r4[i] + taps[5] * r5[i] + taps[6] * r6[i] + taps[7] * r7[i])


@compiled
def _combine_synthesis(out: Array, low: Array, high: Array, row: int) -> None:
    """Writes one row of what two bands give along columns."""
    k, tap = row >> 1, 1 - (row & 1)
    r0, r1, r2, r3 = low[k], low[k + 1], low[k + 2], low[k + 3]
    r4, r5, r6, r7 = high[k], high[k + 1], high[k + 2], high[k + 3]
    a0, a1, a2, a3 = LOW[tap], LOW[tap + 2], LOW[tap + 4], LOW[tap + 6]
    b0, b1, b2, b3 = HIGH[tap], HIGH[tap + 2], HIGH[tap + 4], HIGH[tap + 6]
    for i in range(len(out)):
        out[i] = (a0 * r0[i] + a1 * r1[i] + a2 * r2[i] + a3 * r3[i]) + (
            b0 * r4[i] + b1 * r5[i] + b2 * r6[i] + b3 * r7[i]
        )


@compiled
def _join_row(low: Array, high: Array, out: Array, width: int) -> None:
    for m in range(width // 2):
        l0, l1, l2, l3 = low[m], low[m + 1], low[m + 2], low[m + 3]
        h0, h1, h2, h3 = high[m], high[m + 1], high[m + 2], high[m + 3]
        out[2 * m] = (
            (LOW[1] * l0 + LOW[3] * l1 + LOW[5] * l2 + LOW[7] * l3)
            + (HIGH[1] * h0 + HIGH[3] * h1 + HIGH[5] * h2 + HIGH[7] * h3)
        )  # fmt: skip
        out[2 * m + 1] = (
            (LOW[0] * l0 + LOW[2] * l1 + LOW[4] * l2 + LOW[6] * l3)
            + (HIGH[0] * h0 + HIGH[2] * h1 + HIGH[4] * h2 + HIGH[6] * h3)
        )  # fmt: skip
    if width % 2:
        total = np.float32(0)
        for step in range(4):
            total += LOW[2 * step + 1] * low[width // 2 + step] + HIGH[2 * step + 1] * high[width // 2 + step]
        out[width - 1] = total
