"""A learned refinement of noise residuals: a small convolutional network that weighs and corrects what the filter left.

The network is trained from scratch by evaluations/train_camera_residual.py; its card and its figures are in
evaluations/camera_learned.md. None is shipped: it was not shown to help where the classical residual is weak. Scores of
refined residuals are of a method of their own and need a calibration of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from varde.camera.residual import Residual
from varde.core.signal import Method

Floats = NDArray[np.float32]

METHOD: Final = Method("camera.residual.learned", "1")

REACH_PX: Final = 5
"""How far the network looks around a pixel: five layers of 3 x 3."""

STRIP_PX: Final = 256
"""Rows that are refined at once, so that memory does not grow with the picture's height."""

_INPUT: Final = "planes"


class Network(Protocol):
    """What runs the network: `varde.models.session.OrtSession`."""

    def run(self, arrays: dict[str, NDArray[np.float32]], /) -> list[Floats]:
        """Returns its outputs: one plane (1, 1, H, W) for ``planes`` (1, 2, H, W)."""


def refine_residual(residual: Residual, network: Network) -> Residual:
    """Returns the residual as the network refines it.

    Convention: `values` keep (H, W) float32 and are zero where masked; `weights` are 1 where they were more than 0 and
    0 elsewhere, since the network weighs each pixel itself.

    Args:
        residual: as `varde.camera.residual.extract_residual` gives it.
        network: the trained one.

    Source: ours; evaluations/camera_learned.md.
    Limits: trained on synthetic sensors and few real cameras, at full size or shrunk to no less than half.
    """
    values = np.empty_like(residual.values)
    for top, bottom in _list_strips(len(values)):
        above, below = max(0, top - REACH_PX), min(len(values), bottom + REACH_PX)
        refined = network.run({_INPUT: stack_planes(residual, above, below)})[0]
        values[top:bottom] = refined[0, 0, top - above : bottom - above]
    weights = (residual.weights > 0).astype(np.float32)
    values *= weights
    return Residual(values=values, weights=weights, luma=residual.luma, usable=residual.usable, method=METHOD)


def stack_planes(residual: Residual, top: int, bottom: int) -> Floats:
    """Returns (1, 2, rows, W) float32, what the network takes: (luma - 128) / 64 and residual / 3."""
    planes = np.empty((1, 2, bottom - top, residual.values.shape[1]), np.float32)
    np.multiply(residual.luma[top:bottom], np.float32(1 / 64), out=planes[0, 0])
    planes[0, 0] -= 2
    np.clip(residual.values[top:bottom] / 3, -4, 4, out=planes[0, 1])
    return planes


def _list_strips(height: int) -> Iterator[tuple[int, int]]:
    for top in range(0, height, STRIP_PX):
        yield top, min(height, top + STRIP_PX)
