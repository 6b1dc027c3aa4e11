"""Buffers that extractions of one size share, so that memory is touched once and not for every picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Workspace:
    """Buffers for residuals of one size.

    What an extraction returns lies in the workspace it was given: the next extraction with the same workspace writes
    over it. Whoever keeps a residual copies it, or gives no workspace.
    """

    def __init__(self, height_px: int, width_px: int) -> None:
        """Keeps the size; memory is taken at the first extraction."""
        self.height_px = height_px
        self.width_px = width_px

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Returns whether pictures of this shape (rows, columns) can be worked on here."""
        return tuple(shape[:2]) == (self.height_px, self.width_px)
