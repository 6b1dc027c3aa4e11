"""Damping what stands out of a picture's spectrum: patterns that repeat, which many cameras share."""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.fft

from varde.camera.wiener_kernels import damp_spectrum
from varde.camera.workspace import Floats, Workspace

_ROWS: Final = 64
"""So many rows are transformed at once: what that needs for a moment stays in the processor's near memory."""


def damp_peaks(values: Floats, energy: float, workspace: Workspace, *, flatten: bool) -> None:
    """Filters values by the sizes of their spectrum, in place.

    Convention: (H, W) float32, C-contiguous.

    Args:
        values: of mean 0.
        energy: sum of their squares.
        workspace: of that size.
        flatten: whether single peaks that the Wiener filter leaves are brought down to three times the size of their
            surroundings too.

    Source: Chen et al. 2008 (Wiener filter of the spectrum's sizes); the noise is the values' own variance.
    """
    height, width = values.shape
    half = workspace.spectrum
    for row in range(0, height, _ROWS):
        half[row : row + _ROWS] = scipy.fft.rfft(values[row : row + _ROWS], axis=1)
    spectrum = scipy.fft.fft(half, axis=0, overwrite_x=True)
    variance = energy / (values.size - 1)
    if variance > 0:
        damp_spectrum(
            spectrum.view(np.float32), width, np.float32(variance), np.float32(1 / values.size), flatten,  # type: ignore[arg-type]
            workspace.edge, workspace.energies, workspace.sums, workspace.gains,
        )  # fmt: skip
    back = scipy.fft.ifft(spectrum, axis=0, overwrite_x=True)
    for row in range(0, height, _ROWS):
        values[row : row + _ROWS] = scipy.fft.irfft(back[row : row + _ROWS], width, axis=1)
