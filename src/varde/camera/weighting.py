"""How much each pixel's noise tells: less where the scene's texture is left in it."""

from __future__ import annotations

from typing import Final

import numpy as np

from varde.camera.cleaning_kernels import hide_row, subtract_row
from varde.camera.wiener_kernels import REACH, clear, square, sum_columns
from varde.camera.workspace import Bytes, Floats, Workspace
from varde.segments.compiled import compiled

FLOOR: Final = 1.0
"""Added to the local variance, in squared grey levels: what no pixel's noise can be trusted beyond."""


def level_and_weigh(values: Floats, rows: Floats, columns: Floats, workspace: Workspace) -> float:
    """Levels values, hides what is not usable, and writes `workspace.weights`, in one pass; returns the energy left.

    A pixel's weight is 1 / (variance around it + `FLOOR`), the variance the mean energy of the usable pixels among
    9 x 9, and 0 where it is not usable itself.

    Convention: values (H, W) float32, changed; rows (H, 2) and columns (16, W) float32 as in `compute_means`;
    `workspace.usable` says what counts.
    Source: ours (docs/decisions/0024); with weights of inverse variance a correlation is the likelihood ratio of
    Chen et al. 2008 for noise that is not the same everywhere.
    """
    return _level_and_weigh(
        values, workspace.usable, rows, columns, workspace.weights, workspace.energies, workspace.sums, workspace.counts
    )


@compiled
def _level_and_weigh(
    values: Floats, usable: Bytes, rows: Floats, columns: Floats, weights: Floats, ring: Floats, sums: Floats,
    counts: Bytes,
) -> float:  # fmt: skip
    height, width = values.shape
    clear(ring, sums, width)
    counts[:] = 0
    energy = 0.0
    for row in range(height + REACH):
        ahead = ring[row & 15]
        if row < height:
            subtract_row(values[row], columns[row & 15], rows[row, 0], rows[row, 1])
            hide_row(values[row], usable[row])
            square(values[row], ahead)
            _count_row(counts[0], usable[row], 1)
        else:
            ahead[:] = 0
        if row > 2 * REACH:
            _count_row(counts[0], usable[row - 2 * REACH - 1], 255)
        done = row - REACH
        if done >= 0:
            sum_columns(ring, sums, done, width)
            _widen(counts[0], counts[1], width)
            energy += _weigh_row(sums[3], counts[1], usable[done], weights[done], ring[done & 15])
    return energy


@compiled
def _count_row(counts: Bytes, usable: Bytes, factor: int) -> None:
    """Adds a row to the counts, or takes it away: 255 is -1 in bytes."""
    for i in range(len(usable)):
        counts[i + REACH] += usable[i] * factor


@compiled
def _widen(counts: Bytes, wide: Bytes, width: int) -> None:
    for c in range(width):
        left = counts[c] + counts[c + 1] + counts[c + 2] + counts[c + 3] + counts[c + 4]
        wide[c] = left + counts[c + 5] + counts[c + 6] + counts[c + 7] + counts[c + 8]


@compiled
def _weigh_row(s9: Floats, counts: Bytes, usable: Bytes, weights: Floats, energies: Floats) -> float:
    floor = np.float32(FLOOR)
    for c in range(len(weights)):
        left = s9[c] + s9[c + 1] + s9[c + 2] + s9[c + 3] + s9[c + 4]
        total = left + (s9[c + 5] + s9[c + 6] + s9[c + 7] + s9[c + 8])
        count = np.float32(max(counts[c], np.uint8(1)))
        weights[c] = np.float32(usable[c]) * count / (total + floor * count)
    energy = 0.0
    for c in range(len(weights)):
        energy += energies[c]
    return energy
