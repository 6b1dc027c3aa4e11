"""Searching a picture at other scales: whole pictures and usual sizes first, then a grid of all scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from varde.camera.correlation import PreparedFingerprint, Spectrum
from varde.camera.geometry import ORIENTATIONS, Orientation, geometry_of, orient, turned_size
from varde.camera.geometry_mapping import shrink_spectrum
from varde.camera.pce import Plane
from varde.camera.search_plan import (
    LARGEST_SCALE,
    ScaleStep,
    choose_band,
    count_scale_pixels,
    grid_steps,
    step_near,
    usual_scales,
    whole_scales,
)
from varde.camera.search_plane import search_plane, transform_padded
from varde.camera.search_probe import Found, Probe
from varde.camera.search_refine import Candidate, adjust_scale, refine

UNMIRRORED = ORIENTATIONS[:4]


def search_scaled(probe: Probe, prepared: PreparedFingerprint) -> list[Found]:
    """Returns the best place among resized copies: of the whole sensor, of usual sizes, of any scale from 1/4 to 1.

    Whole pictures are tried in all eight turns and mirrors, crops of usual sizes in the four turns, both on all
    frequencies; the grid in the four turns, on as many frequencies as `varde.camera.search_plan.BUDGET` allows.

    Limits: a mirrored crop of an unusual scale is not found.
    """
    candidates = _search_known(probe, prepared) + _search_grid(probe, prepared) + _search_enlarged(probe, prepared)
    return refine(probe, prepared, candidates, adjust_scale)


def search_steps(
    signal: Plane,
    prepared: PreparedFingerprint,
    steps: Sequence[ScaleStep],
    orientations: Sequence[Orientation],
    band: float,
) -> list[Candidate]:
    """Returns the best place of each orientation at each scale.

    Args:
        signal: (H, W) weighted residual, reduced to `band`.
        prepared: the fingerprint.
        steps: the scales, of the reduced signal.
        orientations: those whose turned pictures fit the sensor at each of the scales.
        band: by how much the signal was reduced.
    """
    turned = {base: np.ascontiguousarray(orient(signal, base, mirrored=False)) for base in (0, 90)}
    found = []
    for step in steps:
        pattern = shrink_spectrum(prepared.spectrum, prepared.plane_px, step.plane_px)
        spectra: dict[int, Spectrum] = {}
        for each in orientations:
            if each.base not in spectra:
                spectra[each.base] = transform_padded(turned[each.base], step.plane_px)
            size = turned_size((signal.shape[0], signal.shape[1]), each.turn)
            place = search_plane(spectra[each.base], pattern, step.plane_px, size, each)
            shift = place.shift[0] / step.scale, place.shift[1] / step.scale
            found.append(Candidate(place.height, geometry_of(each, shift, step.scale / band), band, place.count))
    return found


def _search_known(probe: Probe, prepared: PreparedFingerprint) -> list[Candidate]:
    found = []
    for base in (0, 90):
        size, sensor = probe.size_px(base), prepared.size_px
        for scales, ways in ((whole_scales(size, sensor), ORIENTATIONS), (usual_scales(size, sensor), UNMIRRORED)):
            steps = [step_near(each, prepared.plane_px) for each in scales]
            found += search_steps(probe.signal, prepared, steps, _of_base(ways, base), 1.0)
    return found


def _search_grid(probe: Probe, prepared: PreparedFingerprint) -> list[Candidate]:
    found = []
    for base in (0, 90):
        size, sensor = probe.size_px(base), prepared.size_px
        band = choose_band(count_scale_pixels(size, sensor))
        steps = grid_steps(size, prepared.plane_px, sensor, band)
        found += search_steps(probe.reduced(band), prepared, steps, _of_base(UNMIRRORED, base), band)
    return found


def _search_enlarged(probe: Probe, prepared: PreparedFingerprint) -> list[Candidate]:
    """Returns the best places of a picture larger than the sensor, taken as a whole one that was enlarged."""
    found = []
    for base in (0, 90):
        size, sensor = probe.size_px(base), prepared.size_px
        scale = max(size[0] / sensor[0], size[1] / sensor[1])
        if 1 < scale <= LARGEST_SCALE:
            steps = [ScaleStep(1.0, prepared.plane_px)]
            found += search_steps(probe.reduced(1 / scale), prepared, steps, _of_base(ORIENTATIONS, base), 1 / scale)
    return found


def _of_base(orientations: Sequence[Orientation], base: int) -> list[Orientation]:
    return [each for each in orientations if each.base == base]
