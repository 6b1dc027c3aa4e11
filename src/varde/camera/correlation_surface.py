"""The correlation around a place, for a person to look at: a true peak is one sharp point in even noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from varde.camera.correlation import PreparedFingerprint, choose_length, interpolate, prepare, transform
from varde.camera.correlation import multiply as multiply_spectra
from varde.camera.geometry import orient
from varde.camera.geometry_mapping import map_fingerprint
from varde.camera.pce import Plane
from varde.camera.search_probe import Probe
from varde.camera.whitening import flatten
from varde.core.camera import Geometry
from varde.core.errors import WrongUse

if TYPE_CHECKING:
    from varde.camera.fingerprint import Fingerprint
    from varde.camera.residual import Residual


def compute_surface(
    residual: Residual,
    fingerprint: Fingerprint,
    geometry: Geometry,
    radius: int,
    *,
    prepared: PreparedFingerprint | None = None,
) -> Plane:
    """Returns the correlation at the shifts around a geometry, in units of its root mean square over all shifts.

    Convention: (2 radius + 1, 2 radius + 1) float32, the geometry's own shift in the middle, rows down and columns to
    the right, one pixel of the turned picture apart. Where there is no agreement, values are those of even noise of
    deviation 1; the square of the value in the middle is near to the PCE.

    Args:
        residual: of the picture; it is not changed.
        fingerprint: of the camera; it is not changed.
        geometry: as a comparison found it.
        radius: in pixels, 1 to half of the picture's shorter side.
        prepared: the fingerprint made ready by `varde.camera.correlation.prepare`.

    Raises:
        WrongUse: if the radius does not fit the picture.
    """
    if not 1 <= radius <= min(residual.values.shape) // 2:
        raise WrongUse(f"A surface of radius {radius} does not fit a picture of {residual.values.shape}.")
    signal = np.ascontiguousarray(orient(Probe.of(residual).signal, geometry.turn, mirrored=geometry.mirrored))
    size_px = signal.shape[0], signal.shape[1]
    plane_px = choose_length(size_px[0]), choose_length(size_px[1])
    pattern = map_fingerprint(prepared or prepare(fingerprint), geometry, size_px)
    spectrum = transform(pattern, plane_px)
    product = np.empty_like(spectrum)
    squares = multiply_spectra(
        flatten(transform(signal, plane_px)), spectrum, plane_px[1] % 2 == 0, False, False, product
    )
    around = np.arange(-radius, radius + 1, dtype=np.float64)
    surface = interpolate(product, plane_px, around, around)
    deviation = np.sqrt(squares / (plane_px[0] * plane_px[1]) / signal.size)
    return surface / np.float32(deviation) if deviation else surface
