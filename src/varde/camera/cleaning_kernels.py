"""Inner loops of cleaning residuals of what sensors share; `varde.camera.cleaning` says what they are for."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import compiled

Array = Any

LANES: Final = 16


@compiled
def hide(values: Array, usable: Array) -> None:
    """Sets to 0 what is not usable; both (H, W), float32 and uint8."""
    for row in range(len(values)):
        hide_row(values[row], usable[row])


@compiled
def sum_phases(values: Array, phases: Array, row_sums: Array, lanes: Array) -> float:
    """Writes sums by place; returns the sum of squares.

    Args:
        values: (H, W) float32.
        phases: (16, W) float32, gets the sums of the rows whose number leaves the same rest by 16.
        row_sums: (H, 2) float64, gets the sums of each row's even and odd columns.
        lanes: (2, 16) float32, written over.
    """
    phases[:] = 0
    squares = 0.0
    for row in range(len(values)):
        _accumulate(values[row], phases[row & 15])
        _sum_row(values[row], lanes[0], lanes[1])
        row_sums[row, 0], row_sums[row, 1] = 0.0, 0.0
        for lane in range(LANES):
            row_sums[row, lane & 1] += lanes[0, lane]
            squares += lanes[1, lane]
    return squares


@compiled
def subtract_means(values: Array, rows: Array, columns: Array, lanes: Array) -> float:
    """Takes away what belongs to a row and what belongs to a column; returns the sum of squares of what is left.

    Args:
        values: (H, W) float32, changed.
        rows: (H, 2) float32: of each row's even and odd columns.
        columns: (16, W) float32: of each column in the rows whose number leaves the same rest by 16.
        lanes: (2, 16) float32, written over.
    """
    squares = 0.0
    for row in range(len(values)):
        subtract_row(values[row], columns[row & 15], rows[row, 0], rows[row, 1])
        _sum_row(values[row], lanes[0], lanes[1])
        for lane in range(LANES):
            squares += lanes[1, lane]
    return squares


@compiled
def hide_row(row: Array, usable: Array) -> None:
    """Sets to 0 what of a row is not usable."""
    for i in range(len(row)):
        row[i] = row[i] if usable[i] else np.float32(0)


@compiled
def subtract_row(row: Array, columns: Array, even: float, odd: float) -> None:
    """Takes away the columns' values and those of even and odd columns."""
    for i in range(len(row) // 2):
        row[2 * i] -= columns[2 * i] + even
        row[2 * i + 1] -= columns[2 * i + 1] + odd
    if len(row) % 2:
        row[len(row) - 1] -= columns[len(row) - 1] + even


@compiled
def _accumulate(row: Array, total: Array) -> None:
    for i in range(len(row)):
        total[i] += row[i]


@compiled
def _sum_row(row: Array, lanes: Array, energy: Array) -> None:
    for lane in range(LANES):
        lanes[lane] = energy[lane] = 0
    full = len(row) // LANES * LANES
    for start in range(0, full, LANES):
        for lane in range(LANES):
            value = row[start + lane]
            lanes[lane] += value
            energy[lane] += value * value
    for i in range(full, len(row)):
        lanes[i - full] += row[i]
        energy[i - full] += row[i] * row[i]
