"""The noise of a plane: what is left when wavelet coefficients that stand out of their surroundings are damped."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from varde.camera import wavelet_kernels as kernels
from varde.camera.wiener_kernels import damp_band
from varde.camera.workspace import Floats, Workspace
from varde.segments.compiled import compiled

VARIANCE = 25.0
"""Of the noise that is looked for: a standard deviation of 5 grey levels, as published."""


def compute_noise(plane: Floats, workspace: Workspace, *, variance: float = VARIANCE) -> Floats:
    """Returns a plane's noise; it lies in `workspace.noise`.

    Convention: (H, W) float32 in grey levels 0-255, C-contiguous; (H, W) float32 out.
    Source: Lukas, Fridrich & Goljan 2006 (wavelet Wiener filter of Mihcak 1999): four levels of db4 with symmetric
    borders, the local variance the least over windows of 3, 5, 7 and 9, the approximation dropped.
    Limits: texture that is finer than the windows stays in.
    """
    _split_and_damp(plane, workspace, variance)
    return _join(workspace, [bands[1:] for bands in workspace.bands])


def compute_joint_noise(planes: Iterable[tuple[float, Floats]], workspace: Workspace) -> Floats:
    """Returns the weighted sum of the noise of several planes; it lies in `workspace.noise`.

    The transform back is linear, so that it runs once, on the weighted sums of the coefficients.

    Args:
        planes: weight and plane; the planes may lie in the same memory one after the other.
        workspace: of their size.
    """
    for total in workspace.joint:
        total.fill(0)
    for share, plane in planes:
        _split_and_damp(plane, workspace, VARIANCE)
        for total, bands in zip(workspace.joint, workspace.bands, strict=True):
            _add_scaled(total.reshape(-1), bands[1:].reshape(-1), np.float32(share))
    return _join(workspace, workspace.joint)


def _split_and_damp(plane: Floats, workspace: Workspace, variance: float) -> None:
    noise = np.float32(variance)
    source = plane
    for bands in workspace.bands:
        kernels.split_plane(source, bands, workspace.ring, workspace.lines)
        for band in bands[1:]:
            damp_band(band, noise, workspace.energies, workspace.sums, workspace.gains)  # type: ignore[arg-type]
        source = bands[0]


def _join(workspace: Workspace, details: list[Floats]) -> Floats:
    bands = workspace.bands
    bands[-1][0].fill(0)
    for level in reversed(range(len(bands))):
        target = bands[level - 1][0] if level else workspace.noise
        kernels.join_planes(bands[level][0], details[level], target, workspace.lines)
    return workspace.noise


@compiled
def _add_scaled(total: Floats, values: Floats, share: np.float32) -> None:
    for i in range(len(total)):
        total[i] += share * values[i]
