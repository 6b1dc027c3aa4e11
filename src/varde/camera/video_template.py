"""The part of a fingerprint that lies under a video's frames: which crop, at which scale, found by its best frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.fft

from varde.camera.correlation import PreparedFingerprint, compute_signal, prepare_values, transform
from varde.camera.geometry_mapping import map_fingerprint, shrink, shrink_spectrum
from varde.camera.residual import Residual
from varde.camera.search_plan import step_near
from varde.camera.video_place import REACH_PX, Place, PlaceFinder
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
_MIDDLE_RATIO: Final = 1.018
"""From one scale to the next near the middle: the tiles follow a growth of one per cent both ways."""

_SAME_PX: Final = 3.0
_SAME_ANGLE: Final = 0.005


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

    First about the middle of the sensor, where stabilisation crops, with small turns: any frame may be turned. Where
    nothing is there, anywhere, without turns.

    Args:
        frame: residual of one frame, the best there is.
        fingerprint: (H, W) float32, of photographs or of other videos of the camera.

    Source: ours; brute force over scale, shift from the maximum of the correlation, is of Goljan & Fridrich 2008,
        "Camera identification from cropped and scaled images". Evaluated in evaluations/camera_video.md.
    Limits: the frame has the sensor's own layout, as cameras store it: neither turned nor mirrored; at most a third of
        the sensor's width or height is cut off beyond the frame's own sides.
    """
    prepared = prepare_values(np.ascontiguousarray(fingerprint, np.float32))
    signal = compute_signal(frame)
    size_px = frame.values.shape[0], frame.values.shape[1]
    middle = _search_middle(signal, prepared)
    if middle.z >= FOUND_Z:
        return middle
    small = shrink(signal, (round(size_px[0] * _BAND), round(size_px[1] * _BAND)))
    best = (0.0, 1.0, 0.0, 0.0)
    for scale in _list_scales(size_px, prepared.size_px, 1 + _STEP_PX / (max(size_px) * _BAND)):
        if scale * _BAND <= 1:
            best = max(best, _look(small, prepared, scale))
    z, scale, down, right = best
    geometry = Geometry(scale=scale, shift=(down, right))
    return Template(map_fingerprint(prepared, geometry, size_px), geometry, z)


def _search_middle(signal: Plane, prepared: PreparedFingerprint) -> Template:
    """Returns the best place of a frame near the sensor's middle; its z is 0 unless both halves of the tiles agree."""
    size_px = signal.shape[0], signal.shape[1]
    best = Template(np.zeros(size_px, np.float32), Geometry(), 0.0)
    for scale in _list_scales(size_px, prepared.size_px, _MIDDLE_RATIO):
        shift = [(there - here / scale) / 2 for there, here in zip(prepared.size_px, size_px, strict=True)]
        geometry = Geometry(scale=scale, shift=(shift[0], shift[1]))
        one, other = PlaceFinder(map_fingerprint(prepared, geometry, size_px)).find(signal, None)
        z = (one.z + other.z) / 2**0.5
        if z > best.z and _agree(one, other):
            place = one if one.z > other.z else other
            best = Template(best.values, _move(geometry, place, size_px), z)
    return replace(best, values=map_fingerprint(prepared, best.geometry, size_px)) if best.z else best


def _agree(one: Place, other: Place) -> bool:
    """Returns whether both halves found one place, and not at the border of what was searched: it may lie beyond."""
    if max(abs(each) for each in (one.down, one.right, other.down, other.right)) > REACH_PX - _SAME_PX:
        return False
    apart = max(abs(one.down - other.down), abs(one.right - other.right))
    return apart <= _SAME_PX and abs(one.angle - other.angle) <= _SAME_ANGLE


def _move(geometry: Geometry, place: Place, size_px: tuple[int, int]) -> Geometry:
    """Returns the geometry of a frame that was found on a template: its shift and growth, without its turn."""
    scale = geometry.scale / (1 + place.growth)
    moved = [
        start + (side * place.growth / -2 + by) / geometry.scale
        for start, side, by in zip(geometry.shift, size_px, (place.down, place.right), strict=True)
    ]
    return Geometry(scale=scale, shift=(moved[0], moved[1]))


def _list_scales(size_px: tuple[int, int], sensor_px: tuple[int, int], ratio: float) -> list[float]:
    whole = max(size_px[0] / sensor_px[0], size_px[1] / sensor_px[1])
    count = math.ceil(math.log(LARGEST_CROP) / math.log(ratio))
    return [whole * ratio**number for number in range(count + 1) if whole * ratio**number >= _SMALLEST_SCALE]


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
