"""Whether the frames of a video lie at one place on the sensor, by its own noise: no fingerprint is needed for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import scipy.fft

from varde.camera.video_sums import Plane, VideoSums

REACH_PX: Final = 32
"""How far away the two halves are looked for; stabilisation moves frames by less from one second to the next."""

_PEAK: Final = 2
_AGREES_Z: Final = 6.0
_STILL: Final = 1.0


class Verdict(StrEnum):
    """What a video's own noise says of it."""

    STEADY = "steady"
    """Its halves agree where they lie: no stabilisation, or none that moves the frames over the sensor."""

    STILL = "still"
    """They agree, but the scene hardly moved, and what is left of it in the noise agrees with itself."""

    UNCLEAR = "unclear"
    """They do not: stabilised, or too short or too coarsely coded to tell."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How the noise of every other second of a video agrees with that of the seconds between.

    Attributes:
        verdict: what follows.
        z_here: correlation at no shift, in standard deviations of that at shifts of up to `REACH_PX`: what is left of a
            scene that moved little agrees at many of them.
        z_elsewhere: the greatest at any other shift of up to `REACH_PX`; what is left of a moving scene can make it
            large, so that nothing follows from it alone.
        motion: mean difference of the halves' pictures, in grey levels.
    """

    verdict: Verdict
    z_here: float
    z_elsewhere: float
    motion: float


def measure_steadiness(one: VideoSums, other: VideoSums, one_noise: Plane, other_noise: Plane) -> Steadiness:
    """Returns whether the two halves of a video agree where they lie.

    Args:
        one, other: sums of every other second, and of the seconds between.
        one_noise, other_noise: their `compute_even_noise`, cleaned.

    Source: ours; evaluations/camera_video.md. Frame-to-frame agreement as the sign of stabilisation is of Taspinar,
        Mohanty & Memon 2016, "Source camera attribution using stabilized video".
    Limits: half of the frames against half needs several seconds at middle bit rates; see the evaluation.
    """
    if not one.frames or not other.frames:
        return Steadiness(Verdict.UNCLEAR, 0.0, 0.0, 0.0)
    motion = float(np.abs(one.light / one.frames - other.light / other.frames).mean())
    plane = _correlate(one_noise * np.sqrt(one.information), other_noise * np.sqrt(other.information))
    near = np.roll(plane, (REACH_PX, REACH_PX), (0, 1))[: 2 * REACH_PX + 1, : 2 * REACH_PX + 1].copy()
    here = float(near[REACH_PX, REACH_PX])
    around = np.ones(near.shape, np.bool_)
    around[REACH_PX - _PEAK : REACH_PX + _PEAK + 1, REACH_PX - _PEAK : REACH_PX + _PEAK + 1] = False
    deviation = float(near[around].std()) or 1.0
    here, elsewhere = here / deviation, float(near[around].max()) / deviation
    return Steadiness(_judge(here, elsewhere, motion), here, elsewhere, motion)


def _judge(here: float, elsewhere: float, motion: float) -> Verdict:
    if here < max(_AGREES_Z, elsewhere):
        return Verdict.UNCLEAR
    return Verdict.STEADY if motion >= _STILL else Verdict.STILL


def _correlate(one: Plane, other: Plane) -> Plane:
    spectrum = scipy.fft.rfft2(one)
    spectrum *= np.conj(scipy.fft.rfft2(other))
    return np.asarray(scipy.fft.irfft2(spectrum, one.shape), np.float32)
