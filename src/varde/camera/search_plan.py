"""Which scales and angles a search tries: known ones first, then steps so fine that no peak falls between two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from varde.camera.correlation import choose_length

SMALLEST_SCALE: Final = 0.25
LARGEST_SCALE: Final = 2.0
LARGEST_ANGLE_DEG: Final = 5.0

USUAL_SIDES_PX: Final = (2560, 2048, 1920, 1600, 1440, 1280, 1200, 1080, 1024, 960)
"""Long sides to which services and programs usually resize a picture, which may have been cropped afterwards."""

STEP_PX: Final = 2.0
"""How far the two ends of a picture move against each other from one scale or angle to the next."""

BANDS: Final = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125)
"""Shares of the picture's frequencies that a first pass may be confined to."""

BUDGET: Final = 3.0e8
"""Pixels of planes that one orientation may transform in a first pass; the widest band within it is taken."""


@dataclass(frozen=True, slots=True)
class ScaleStep:
    """One scale of a search.

    Attributes:
        scale: pixels of the picture per pixel of the sensor.
        plane_px: (rows, columns) of the sensor's plane at this scale.
    """

    scale: float
    plane_px: tuple[int, int]


def whole_scales(size_px: tuple[int, int], sensor_px: tuple[int, int]) -> list[float]:
    """Returns the scales at which a picture has the sensor's full width or its full height, and fits."""
    scales = {size_px[1] / sensor_px[1], size_px[0] / sensor_px[0]}
    least = max(scales)
    near = {each for each in scales if each >= least * (1 - 1.5 / max(size_px))}
    return sorted(each for each in near if SMALLEST_SCALE <= each < 1)


def usual_scales(size_px: tuple[int, int], sensor_px: tuple[int, int]) -> list[float]:
    """Returns the scales at which a whole picture of this sensor has a usual size and this picture is a crop of it."""
    scales = {side / max(sensor_px) for side in USUAL_SIDES_PX}
    scales |= {side / min(sensor_px) for side in USUAL_SIDES_PX}
    scales |= {0.5, 0.75}
    return sorted(each for each in scales if least_scale(size_px, sensor_px) <= each < 1)


def grid_steps(
    size_px: tuple[int, int], plane_px: tuple[int, int], sensor_px: tuple[int, int], band: float
) -> list[ScaleStep]:
    """Returns every scale from the smallest at which the picture fits up to the sensor's own, finely enough.

    From one to the next, the picture's ends move by at most `STEP_PX` against each other: each by at most half a pixel
    from the nearest step.

    Args:
        size_px: (rows, columns) of the picture after its turn.
        plane_px: (rows, columns) of the fingerprint's plane.
        sensor_px: (rows, columns) of the sensor.
        band: by how much the picture that is searched was reduced; the steps are scales of that picture.
    """
    scale, steps = least_scale(size_px, sensor_px), []
    ratio = (1 + STEP_PX / (max(size_px) * band)) ** (1 / 3)
    while scale < 1:
        steps.append(step_near(scale * band, plane_px, ratio))
        scale = max(steps[-1].scale / band, scale) * ratio**2
    return steps


def least_scale(size_px: tuple[int, int], sensor_px: tuple[int, int]) -> float:
    """Returns the smallest scale at which a picture fits the sensor, at least `SMALLEST_SCALE`."""
    return max(SMALLEST_SCALE, size_px[0] / sensor_px[0], size_px[1] / sensor_px[1])


def step_near(scale: float, plane_px: tuple[int, int], slack: float = 1.0) -> ScaleStep:
    """Returns a step at this scale, or up to `slack` times it where the plane is then faster to transform."""
    first = max(1, round(plane_px[1] * scale))
    columns = range(first, max(first, math.floor(plane_px[1] * scale * slack)) + 1)
    sizes = [(max(1, round(plane_px[0] * each / plane_px[1])), each) for each in columns]
    best = min(sizes, key=lambda size: (_slow(size[0]) + _slow(size[1]), size[1]))
    return ScaleStep(best[1] / plane_px[1], best)


def angle_steps(size_px: tuple[int, int], band: float = 1.0) -> list[float]:
    """Returns the small angles to try, in degrees, from the smallest up, both ways; 0 is none of them."""
    step = math.degrees(STEP_PX / (max(size_px) * band))
    count = math.ceil(LARGEST_ANGLE_DEG / step)
    return [float(sign * LARGEST_ANGLE_DEG * each / count) for each in range(1, count + 1) for sign in (1, -1)]


def choose_band(pixels: float) -> float:
    """Returns the share of the frequencies that a first pass is confined to, from the pixels it would transform in all.

    On a share b, planes have b^2 of the pixels, and b of the steps are enough.
    """
    return next((each for each in BANDS if pixels * each**3 <= BUDGET), BANDS[-1])


def count_scale_pixels(size_px: tuple[int, int], sensor_px: tuple[int, int]) -> float:
    """Returns about how many pixels the planes of all scales have together, for one orientation of the picture."""
    least = least_scale(size_px, sensor_px)
    return sensor_px[0] * sensor_px[1] * max(1 - least**2, 0.0) / 2 * max(size_px) / (STEP_PX * 0.85)


def count_angle_pixels(size_px: tuple[int, int], plane_px: tuple[int, int]) -> float:
    """Returns how many pixels the planes of all small angles have together, for one orientation of the picture."""
    return plane_px[0] * plane_px[1] * len(angle_steps(size_px))


def _slow(length: int) -> int:
    """Returns 1 for a length whose transform takes several times as long as others."""
    return int(choose_length(length) != length)
