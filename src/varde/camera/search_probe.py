"""A picture as it is searched on a sensor: its weighted residual, and the spectra that several steps share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from varde.camera.correlation import Spectrum, compute_signal, transform
from varde.camera.geometry import orient, turned_size
from varde.camera.geometry_mapping import shrink
from varde.camera.pce import Plane
from varde.camera.whitening import flatten
from varde.core.camera import Geometry

if TYPE_CHECKING:
    from varde.camera.residual import Residual


@dataclass(frozen=True, slots=True)
class Found:
    """The best place of one step of a search.

    Attributes:
        pce: signed, of the place.
        geometry: of the place.
        places: how many places the step compared.
    """

    pce: float
    geometry: Geometry
    places: int


@dataclass(slots=True)
class Probe:
    """A picture's weighted residual, and its spectra, kept for as long as one comparison takes.

    Attributes:
        residual: of the picture.
        signal: (H, W) float32 weighted residual, see `varde.camera.correlation.compute_signal`.
    """

    residual: Residual
    signal: Plane
    _reduced: dict[float, Plane] = field(default_factory=dict)
    _spectra: dict[tuple[int, tuple[int, int]], Spectrum] = field(default_factory=dict)

    @classmethod
    def of(cls, residual: Residual) -> Probe:
        """Returns the probe of a residual, which is not changed."""
        return cls(residual, compute_signal(residual))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to compare."""
        return not bool(np.any(self.signal))

    def size_px(self, turn: int = 0) -> tuple[int, int]:
        """Returns (rows, columns) of the picture after a turn."""
        return turned_size((self.signal.shape[0], self.signal.shape[1]), turn)

    def reduced(self, band: float) -> Plane:
        """Returns the weighted residual reduced to a share of its frequencies, and of its rows and columns."""
        if band >= 1:
            return self.signal
        if band not in self._reduced:
            rows, columns = self.signal.shape
            self._reduced[band] = shrink(self.signal, (max(1, round(rows * band)), max(1, round(columns * band))))
        return self._reduced[band]

    def spectrum(self, base: int, plane_px: tuple[int, int]) -> Spectrum:
        """Returns the spectrum, flattened, in a plane of this size, of the picture turned by 0 or 90 degrees."""
        key = base, plane_px
        if key not in self._spectra:
            turned = np.ascontiguousarray(orient(self.signal, base, mirrored=False))
            self._spectra[key] = flatten(transform(turned, plane_px))
        return self._spectra[key]
