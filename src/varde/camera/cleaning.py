"""Taking out of noise what cameras of one model share: rows and columns of the colour filter, coding blocks, peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.camera import cleaning_kernels as kernels
from varde.camera.spectrum import damp_peaks
from varde.camera.workspace import Bytes, Floats, Workspace
from varde.core.errors import WrongUse

PERIOD: Final = 16
"""Of the largest blocks that coders lay over a picture."""

_SMALLEST_PX: Final = 8 * PERIOD
"""Sides shorter than this hold too few blocks to tell a block's pattern from chance."""

_SURE: Final = 6.0
"""Standard deviations by which the energy of a pattern of 16 x 16 exceeds chance before it is taken out too."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Means:
    """What is subtracted from each value: rows (H, 2) by parity of the column, columns (16, W) by rest of the row."""

    rows: Floats
    columns: Floats


def clean_noise(values: Floats, usable: npt.NDArray[np.bool_] | Bytes | None, workspace: Workspace) -> Floats:
    """Returns noise without what no single sensor leaves in it; it lies in `workspace.noise`.

    Meant for sums of many residuals, as fingerprints and videos are. Steps: 1. the means of rows and columns of each
    of the four places of a colour filter's cell; 2. the mean of each place in 8 x 8 blocks, and of 16 x 16 where
    there are such; 3. the Wiener filter of the spectrum's sizes, and what still stands out of their surroundings.

    Convention: (H, W) float32 in and out, at least 8 a side; `values` is not changed.

    Args:
        values: noise.
        usable: (H, W), true where a value counts; None where all do. Elsewhere the result is 0.
        workspace: of that size.

    Raises:
        WrongUse: if the sizes differ.
    """
    if values.shape != workspace.shape or (usable is not None and usable.shape != workspace.shape):
        raise WrongUse(f"The workspace is for {workspace.shape}, the noise has {values.shape}.")
    noise = workspace.noise
    np.copyto(noise, values)
    if usable is not None:
        np.copyto(workspace.usable, usable, casting="unsafe")
        kernels.hide(noise, workspace.usable)
    means = compute_means(noise, workspace, blocks=True)
    energy = kernels.subtract_means(noise, means.rows, means.columns, workspace.lanes)
    damp_peaks(noise, energy, workspace, flatten=True)
    if usable is not None:
        kernels.hide(noise, workspace.usable)
    return noise


def clean_as_published(noise: Floats, workspace: Workspace) -> Floats:
    """Levels a residual and filters its spectrum as published; changes it and returns it.

    Source: Chen, Fridrich, Goljan & Lukas 2008 (zero mean of rows and columns, here for each place of the colour
    filter's cell; Wiener filter of the spectrum's sizes, its noise the residual's own variance).
    """
    means = compute_means(noise, workspace, blocks=False)
    energy = kernels.subtract_means(noise, means.rows, means.columns, workspace.lanes)
    damp_peaks(noise, energy, workspace, flatten=False)
    return noise


def compute_means(values: Floats, workspace: Workspace, *, blocks: bool) -> Means:
    """Returns what to subtract so that rows and columns have mean 0 in each of the four places of a cell of 2 x 2.

    Args:
        values: (H, W) float32.
        workspace: of that size.
        blocks: whether the means of each place in coding blocks are to be 0 too, where the picture is large enough.
    """
    height, width = values.shape
    squares = kernels.sum_phases(values, workspace.phases, workspace.row_sums, workspace.lanes)
    sums: Doubles = workspace.phases.astype(np.float64)
    # 1. Means of columns by parity of the row, of rows by parity of the column, and of each place of the cell.
    parities = np.array([(height + 1) // 2, height // 2])[:, None]
    columns = np.stack([sums[0::2].sum(axis=0), sums[1::2].sum(axis=0)]) / parities
    rows = workspace.row_sums / np.array([(width + 1) // 2, width // 2])
    cells = np.stack([columns[:, 0::2].mean(axis=1), columns[:, 1::2].mean(axis=1)], axis=1)
    levels = columns - cells[:, np.arange(width) % 2]
    taken = np.tile(levels, (PERIOD // 2, 1))
    # 2. What is left at each place of coding blocks.
    if blocks and min(height, width) >= _SMALLEST_PX:
        pattern = _find_pattern(sums, taken, rows, squares / values.size)
        taken += pattern[:, np.arange(width) % PERIOD]
    return Means(rows.astype(np.float32), taken.astype(np.float32))


def _find_pattern(sums: Doubles, taken: Doubles, rows: Doubles, variance: float) -> Doubles:
    """Returns the mean of each place of 16 x 16 after levelling, or of 8 x 8 repeated where that says all."""
    height, width = len(rows), sums.shape[1]
    in_rows = np.bincount(np.arange(height) % PERIOD, minlength=PERIOD)[:, None]
    means = sums / in_rows - taken
    lines = np.stack([rows[rest::PERIOD].mean(axis=0) for rest in range(PERIOD)])
    large = np.stack([means[:, rest::PERIOD].mean(axis=1) for rest in range(PERIOD)], axis=1)
    large -= lines[:, np.arange(PERIOD) % 2]
    half = PERIOD // 2
    small = np.tile(large.reshape(2, half, 2, half).mean(axis=(0, 2)), (2, 2))
    excess = float(((large - small) ** 2).sum()) * height * width / PERIOD**2
    freedom = PERIOD**2 - half**2
    is_large = excess > variance * (freedom + _SURE * (2 * freedom) ** 0.5)
    return large if is_large else small
