"""Comparing a picture's residual with a fingerprint, or with another picture's: as far as was asked, and no further."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from varde.camera.correlation import (
    PreparedFingerprint,
    compute_signal,
    measure_agreement,
    prepare,
    prepare_values,
)
from varde.camera.correlation_surface import compute_surface
from varde.camera.geometry import orient
from varde.camera.geometry_mapping import map_fingerprint
from varde.camera.pce import METHOD
from varde.camera.search_probe import Found, Probe
from varde.camera.search_rotation import search_rotated
from varde.camera.search_scale import search_scaled
from varde.camera.search_shift import search_aligned, search_shifted, search_turned
from varde.core.camera import Geometry, SearchExtent, SourceScore, SourceSearch
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

if TYPE_CHECKING:
    from varde.camera.fingerprint import Fingerprint
    from varde.camera.residual import Residual

__all__ = [
    "METHOD",
    "PreparedFingerprint",
    "compare",
    "compare_residuals",
    "compare_widening",
    "compute_surface",
    "prepare",
]

FEWEST_PX: Final = 128 * 128
"""Fewer usable pixels on the sensor than these are not compared."""

_STEPS: Final = {
    SearchExtent.ALIGNED: search_aligned,
    SearchExtent.TURNED: search_turned,
    SearchExtent.SHIFTED: search_shifted,
    SearchExtent.SCALED: search_scaled,
    SearchExtent.ROTATED: search_rotated,
}


def compare(
    residual: Residual,
    fingerprint: Fingerprint,
    extent: SearchExtent,
    *,
    prepared: PreparedFingerprint | None = None,
) -> SourceScore | NotComparable:
    """Returns how well a residual agrees with a fingerprint, at the best of the places of an extent.

    Args:
        residual: of the picture, in sensor layout; it is not changed.
        fingerprint: of the camera; it is not changed.
        extent: how far to search; all the extents before it are searched too.
        prepared: the fingerprint made ready by `prepare`, where it is compared with several pictures.
    """
    return _search(Probe.of(residual), prepared or prepare(fingerprint), extent, _never)


def compare_widening(
    residual: Residual,
    fingerprint: Fingerprint,
    *,
    widest: SearchExtent,
    enough: Callable[[SourceScore], bool],
    prepared: PreparedFingerprint | None = None,
) -> SourceScore | NotComparable:
    """Returns the score of the first extent that suffices, or else that of the widest; it names the one it is of.

    Args:
        residual: of the picture; it is not changed.
        fingerprint: of the camera; it is not changed.
        widest: where the search ends in any case.
        enough: whether a score is so good that no wider search is needed.
        prepared: the fingerprint made ready by `prepare`.
    """
    return _search(Probe.of(residual), prepared or prepare(fingerprint), widest, enough)


def compare_residuals(one: Residual, other: Residual, extent: SearchExtent) -> SourceScore | NotComparable:
    """Returns how well two pictures' residuals agree: whether they share a sensor that is not at hand.

    The second picture alone stands for the fingerprint: its weighted residual is what one picture tells of the pattern.

    Args:
        one: of the picture that is searched on the other; the smaller one, where a crop is compared with a whole.
        other: of the other picture.
        extent: how far to search.
    """
    return _search(Probe.of(one), prepare_values(compute_signal(other)), extent, _never)


def _never(_: SourceScore) -> bool:
    return False


def _search(
    probe: Probe, prepared: PreparedFingerprint, widest: SearchExtent, enough: Callable[[SourceScore], bool]
) -> SourceScore | NotComparable:
    if probe.is_empty:
        return NotComparable(Reason.BLANK, "no pixel of the picture is left to compare")
    found: list[Found] = []
    for extent, step in _STEPS.items():
        found += step(probe, prepared)
        score = _score(probe, prepared, extent, found)
        if extent is widest or (isinstance(score, SourceScore) and enough(score)):
            return score
    return score


def _score(
    probe: Probe, prepared: PreparedFingerprint, extent: SearchExtent, found: list[Found]
) -> SourceScore | NotComparable:
    if not found:
        return _other_size(probe, prepared)
    best = max(found, key=lambda each: each.pce)
    correlation, pixels = _agree(probe, prepared, best.geometry)
    if pixels < FEWEST_PX:
        return NotComparable(Reason.TOO_SMALL, f"{pixels} usable pixels lie on the sensor; at least {FEWEST_PX}")
    if not (math.isfinite(best.pce) and math.isfinite(correlation)):
        return NotComparable(Reason.BLANK, "its noise is too large to be that of a sensor")
    search = SourceSearch(extent, sum(each.places for each in found), best.geometry)
    residual = probe.residual
    method = Method(f"{residual.method.name}+{METHOD.name}", f"{residual.method.version}+{METHOD.version}")
    return SourceScore(best.pce, correlation, search, pixels, residual.usable, method)


def _other_size(probe: Probe, prepared: PreparedFingerprint) -> NotComparable:
    rows, columns = probe.size_px()
    detail = f"The picture has {columns} x {rows} pixels, the sensor {prepared.size_px[1]} x {prepared.size_px[0]}."
    return NotComparable(Reason.OTHER_SENSOR_SIZE, detail)


def _agree(probe: Probe, prepared: PreparedFingerprint, geometry: Geometry) -> tuple[float, int]:
    """Returns the normalised correlation where the picture lies on the sensor, and how many pixels that compares."""
    signal, weights = (
        np.ascontiguousarray(orient(each, geometry.turn, mirrored=geometry.mirrored), np.float32)
        for each in (probe.signal, probe.residual.weights)
    )
    pattern = map_fingerprint(prepared, geometry, (signal.shape[0], signal.shape[1]))
    return measure_agreement(signal, weights, pattern)
