"""Searching a picture that was turned by a few degrees: at the scale of the sensor, or resized as a whole."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from varde.camera.correlation import PreparedFingerprint
from varde.camera.geometry import ORIENTATIONS, Orientation, geometry_of, orient
from varde.camera.geometry_mapping import rotate, shrink_spectrum
from varde.camera.search_plan import (
    LARGEST_ANGLE_DEG,
    ScaleStep,
    angle_steps,
    choose_band,
    count_angle_pixels,
    step_near,
    whole_scales,
)
from varde.camera.search_plane import search_plane, transform_padded
from varde.camera.search_probe import Found, Probe
from varde.camera.search_refine import Candidate, adjust_angle, refine
from varde.core.camera import Geometry

_GROWTH = math.sin(math.radians(LARGEST_ANGLE_DEG))


def search_rotated(probe: Probe, prepared: PreparedFingerprint) -> list[Found]:
    """Returns the best place among small turns, each way, in the four turns by 90 degrees and at every shift.

    A picture is taken to have the sensor's scale where it is no larger than a turned whole picture is, and to be a
    resized whole one where it may be. Other scales are not searched together with angles.
    """
    candidates = []
    for base in (0, 90):
        for scale in _scales(probe.size_px(base), prepared.size_px):
            candidates += _search_angles(probe, prepared, scale, base)
    return refine(probe, prepared, candidates, adjust_angle)


def _scales(size_px: tuple[int, int], sensor_px: tuple[int, int]) -> list[float]:
    """Returns the scales at which a picture is searched at small angles."""
    rows, columns = sensor_px[0] + _GROWTH * sensor_px[1], sensor_px[1] + _GROWTH * sensor_px[0]
    own = [1.0] if size_px[0] <= rows and size_px[1] <= columns else []
    return own + whole_scales(size_px, sensor_px)


def _search_angles(probe: Probe, prepared: PreparedFingerprint, scale: float, base: int) -> list[Candidate]:
    size = probe.size_px(base)
    band = choose_band(count_angle_pixels(size, step_near(scale, prepared.plane_px).plane_px))
    step = step_near(scale * band, prepared.plane_px)
    pattern = shrink_spectrum(prepared.spectrum, prepared.plane_px, step.plane_px)
    turned = np.ascontiguousarray(orient(probe.reduced(band), base, mirrored=False))
    whole = turned.shape[0], turned.shape[1]
    cut = min(whole[0], step.plane_px[0]), min(whole[1], step.plane_px[1])
    found = []
    for angle in angle_steps(size, band):
        spectrum = transform_padded(rotate(turned, angle, cut), step.plane_px)
        for each in ORIENTATIONS[:4]:
            if each.base == base:
                place = search_plane(spectrum, pattern, step.plane_px, cut, each)
                geometry = _geometry(each, place.shift, step, angle, (whole, cut), band)
                found.append(Candidate(place.height, geometry, band, place.count))
    return found


def _geometry(
    orientation: Orientation,
    shift: tuple[int, int],
    step: ScaleStep,
    angle_deg: float,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    band: float,
) -> Geometry:
    whole, cut = sizes
    corner = shift[0] - (whole[0] - cut[0]) / 2, shift[1] - (whole[1] - cut[1]) / 2
    geometry = geometry_of(orientation, (corner[0] / step.scale, corner[1] / step.scale), step.scale / band)
    return replace(geometry, angle_deg=angle_deg)
