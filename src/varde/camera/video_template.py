"""The part of a fingerprint that lies under a video's frames: which crop, at which scale, found by its best frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft

from varde.camera.correlation import PreparedFingerprint, compute_signal, prepare_values, transform
from varde.camera.geometry_mapping import map_fingerprint, shrink, shrink_spectrum
from varde.camera.residual import Residual
from varde.camera.search_plan import step_near
from varde.camera.video_sums import Plane
from varde.core.camera import Geometry

LARGEST_CROP: Final = 1.4
"""By how much more than the whole sensor would need a frame may be enlarged: stabilisation crops by up to a third."""

FOUND_Z: Final = 6.0
"""From here on a frame is taken to lie on a fingerprint: chance reaches about 5 in so many places."""

_BAND: Final = 0.7
_SPARE_PX: Final = 4
_STEP_PX: Final = 2.0
_SMALLEST_SCALE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Template:
    """A fingerprint as it would show in a video's frames.

    Attributes:
        values: (H, W) float32 of a frame's size, 0 beyond the sensor.
        geometry: of the frame on the sensor.
        z: how well the frame agrees there, in standard deviations of the correlation elsewhere.
    """

    values: Plane
    geometry: Geometry
    z: float


def find_template(frame: Residual, fingerprint: Plane) -> Template:
    """Returns the best place of a frame on a fingerprint; its `z` says whether it is one at all (`FOUND_Z`).

    Args:
        frame: residual of one frame, the best there is.
        fingerprint: (H, W) float32, of photographs or of other videos of the camera.

    Source: ours; brute force over scale, shift from the maximum of the correlation, is of Goljan & Fridrich 2008,
        "Camera identification from cropped and scaled images". Evaluated in evaluations/camera_video.md.
    Limits: the frame has the sensor's own layout, as cameras store it: neither turned nor mirrored; at most a third of
        the sensor's width or height is cut off beyond the frame's own sides.
    """
    prepared = prepare_values(np.ascontiguousarray(fingerprint, np.float32))
    size_px = frame.values.shape[0], frame.values.shape[1]
    small = shrink(compute_signal(frame), (round(size_px[0] * _BAND), round(size_px[1] * _BAND)))
    best = (0.0, 1.0, 0.0, 0.0)
    for scale in _list_scales(size_px, prepared.size_px):
        best = max(best, _look(small, prepared, scale))
    z, scale, down, right = best
    geometry = Geometry(scale=scale, shift=(down, right))
    return Template(map_fingerprint(prepared, geometry, size_px), geometry, z)


def _list_scales(size_px: tuple[int, int], sensor_px: tuple[int, int]) -> list[float]:
    whole = max(size_px[0] / sensor_px[0], size_px[1] / sensor_px[1])
    ratio = 1 + _STEP_PX / (max(size_px) * _BAND)
    count = math.ceil(math.log(LARGEST_CROP) / math.log(ratio))
    scales = (whole * ratio**number for number in range(count + 1))
    return [scale for scale in scales if scale >= _SMALLEST_SCALE and scale * _BAND <= 1]


def _look(small: Plane, prepared: PreparedFingerprint, scale: float) -> tuple[float, float, float, float]:
    """Returns z, scale and shift in pixels of the sensor of the best place at about a scale."""
    step = step_near(scale * _BAND, prepared.plane_px)
    rows, columns = (max(here, there) for here, there in zip(step.plane_px, small.shape, strict=True))
    if (rows, columns) != step.plane_px:  # by a pixel, where the frame shows the whole sensor
        small = small[: step.plane_px[0], : step.plane_px[1]]
    spectrum = shrink_spectrum(prepared.spectrum, prepared.plane_px, step.plane_px)
    spectrum *= np.conj(transform(small, step.plane_px))
    plane: Plane = scipy.fft.irfft2(spectrum, step.plane_px, overwrite_x=True)
    inside = np.roll(plane, (_SPARE_PX, _SPARE_PX), (0, 1))
    inside = inside[
        : plane.shape[0] - small.shape[0] + 2 * _SPARE_PX, : plane.shape[1] - small.shape[1] + 2 * _SPARE_PX
    ]
    row, column = (int(each) for each in np.unravel_index(int(inside.argmax()), inside.shape))
    z = float(inside[row, column]) / (float(plane.std()) or 1.0)
    return z, step.scale / _BAND, (row - _SPARE_PX) / step.scale, (column - _SPARE_PX) / step.scale
