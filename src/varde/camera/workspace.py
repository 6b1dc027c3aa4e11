"""Buffers that extractions of one size share, so that memory is touched once and not for every picture."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.camera import wavelet_kernels, wiener_kernels

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

LEVELS: Final = 4
_ROOM: Final = 32
"""More than any filter reaches beyond a line's end."""


class Workspace:
    """Buffers for residuals of one size: about 18 bytes a pixel, 26 once a published residual was extracted.

    What an extraction returns lies in the workspace it was given: the next extraction with the same workspace writes
    over it. Whoever keeps a residual copies it, or gives no workspace.
    """

    def __init__(self, height_px: int, width_px: int) -> None:
        """Keeps the size; memory is taken when it is first needed."""
        self.height_px = height_px
        self.width_px = width_px

    @property
    def shape(self) -> tuple[int, int]:
        """Returns (rows, columns)."""
        return self.height_px, self.width_px

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Returns whether pictures of this shape (rows, columns) can be worked on here."""
        return tuple(shape[:2]) == self.shape

    @cached_property
    def bands(self) -> list[Floats]:
        """Of each level of the transform (4, H2, W2): the approximation and three bands of details."""
        found, height, width = [], self.height_px, self.width_px
        for _ in range(LEVELS):
            height, width = (height + 7) // 2, (width + 7) // 2
            found.append(_make(4, height, width))
        return found

    @cached_property
    def joint(self) -> list[Floats]:
        """Details of each level (3, H2, W2), summed over channels."""
        return [_make(3, *bands.shape[1:]) for bands in self.bands]

    @cached_property
    def noise(self) -> Floats:
        """(H, W): the noise, and what becomes of it."""
        return _make(*self.shape)

    @cached_property
    def weights(self) -> Floats:
        """(H, W): inverse local variance."""
        return _make(*self.shape)

    @cached_property
    def plane(self) -> Floats:
        """(H, W): the picture's luma or one channel."""
        return _make(*self.shape)

    @cached_property
    def usable(self) -> Bytes:
        """(H, W): 1 where a pixel counts."""
        return np.zeros(self.shape, np.uint8)

    @cached_property
    def spectrum(self) -> npt.NDArray[np.complex64]:
        """(H, W // 2 + 1): half spectrum."""
        return np.zeros((self.height_px, self.width_px // 2 + 1), np.complex64)

    @cached_property
    def edge(self) -> Floats:
        """(H, 4): energies beside the half spectrum."""
        return _make(self.height_px, wiener_kernels.REACH)

    @cached_property
    def ring(self) -> Floats:
        """(2, 8, ...): rows while they are combined along columns."""
        return _make(2, wavelet_kernels.RING, self.width_px // 2 + _ROOM)

    @cached_property
    def lines(self) -> Floats:
        """(2, ...): one row, taken apart."""
        return _make(2, self.width_px // 2 + _ROOM)

    @cached_property
    def energies(self) -> Floats:
        """(16, ...): rows of energy."""
        return _make(wiener_kernels.RING, self.width_px + _ROOM)

    @cached_property
    def counts(self) -> Bytes:
        """(2, ...): usable pixels around those of one row."""
        return np.zeros((2, self.width_px + _ROOM), np.uint8)

    @cached_property
    def sums(self) -> Floats:
        """(4, ...): sums along columns."""
        return _make(4, self.width_px + _ROOM)

    @cached_property
    def gains(self) -> Floats:
        """(...): of one row."""
        return _make(self.width_px + _ROOM)

    @cached_property
    def phases(self) -> Floats:
        """(16, W): sums of all rows whose number leaves the same rest."""
        return _make(16, self.width_px)

    @cached_property
    def lanes(self) -> Floats:
        """(2, 16): sums of one row, side by side."""
        return _make(2, 16)

    @cached_property
    def row_sums(self) -> npt.NDArray[np.float64]:
        """(H, 2): sums of each row's even and odd columns."""
        return np.zeros((self.height_px, 2))


def _make(*shape: int) -> Floats:
    return np.zeros(shape, np.float32)
