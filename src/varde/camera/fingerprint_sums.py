"""The streaming sums of a fingerprint's estimate, and how far one residual agrees with them: compiled loops.

Convention: planes are (H, W) float32, C-contiguous. The numerator is the sum of weight x residual x luma, the
denominator that of weight x luma squared, both over the references and over usable pixels only: a pixel that is
saturated or dark in a reference has weight 0 there and counts in neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.cleaning import clean_noise
from varde.camera.residual import Residual
from varde.camera.workspace import Workspace
from varde.segments.compiled import compiled

Plane = NDArray[np.float32]

_LEAST_SHARE: Final = 0.02
"""Share of the mean denominator below which a pixel was hardly ever usable: the fingerprint says nothing there."""

_TINY: Final = 1e-30


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a residual agrees with what the picture would show if it came from the camera of some others.

    Attributes:
        pce: signed; pixels compared times the squared normalised correlation, with its sign: what the peak-to-
            correlation energy is where the correlation elsewhere is chance (Source: ours, docs/decisions/0025).
        gain: share of the expected pattern that the residual holds, by weighted least squares: about the same for all
            pictures of one camera, however strong their texture, and about 0 for another camera's.
        expected_pce: what `pce` would be at a gain of 1.
        pixels: how many were compared.
    """

    pce: float
    gain: float
    expected_pce: float
    pixels: int


class FingerprintSums:
    """The sums of a weighted maximum-likelihood estimate of one sensor's pattern.

    Memory is two planes, however many residuals are added. Source: Chen, Fridrich, Goljan, Lukas 2008, "Determining
    image origin and integrity using sensor noise", eq. (9), with weights 1 / variance for noise that is not the same
    everywhere.
    """

    def __init__(self, height_px: int, width_px: int) -> None:
        self.numerator: Plane = np.zeros((height_px, width_px), np.float32)
        self.denominator: Plane = np.zeros((height_px, width_px), np.float32)

    def add(self, residual: Residual) -> None:
        """Adds a residual of the same size."""
        self._fold(residual, 1)

    def subtract(self, residual: Residual) -> None:
        """Takes a residual out that was added."""
        self._fold(residual, -1)

    def measure(self, residual: Residual, *, is_inside: bool) -> Agreement:
        """Returns how a residual agrees with the estimate from all the others.

        Args:
            residual: of the same size.
            is_inside: whether it was added; then it is left out of the estimate it is compared with.
        """
        least, own = np.float32(self._find_least()), np.float32(1 if is_inside else 0)
        numerator, denominator = self.numerator.reshape(-1), self.denominator.reshape(-1)
        values, weights, luma = _flatten(residual)
        cross, energy, expected, weighted, pixels = _measure(numerator, denominator, values, weights, luma, own, least)
        if energy <= 0 or expected <= 0:
            return Agreement(0.0, 0.0, 0.0, 0)
        scale = sqrt(energy * expected)
        pce = copysign(pixels * (cross / scale) ** 2, cross)
        return Agreement(pce, cross / weighted, pixels * (weighted / scale) ** 2, pixels)

    def estimate(self) -> Plane:
        """Returns the estimate: (H, W) float32, 0 where no reference says anything."""
        filled = self.denominator > np.float32(max(self._find_least(), _TINY))
        return np.divide(self.numerator, self.denominator, out=np.zeros_like(self.numerator), where=filled)

    def clean(self) -> FingerprintSums:
        """Returns sums whose estimate is this one's without what cameras of one model share; nothing can be added."""
        values = self.estimate()
        cleaned = FingerprintSums.__new__(FingerprintSums)
        known = values != 0
        cleaned.numerator = clean_noise(values, known, Workspace(*values.shape)).copy()
        cleaned.denominator = known.astype(np.float32)
        return cleaned

    def _fold(self, residual: Residual, sign: int) -> None:
        numerator, denominator = self.numerator.reshape(-1), self.denominator.reshape(-1)
        values, weights, luma = _flatten(residual)
        _fold(numerator, denominator, values, weights, luma, np.float32(sign))

    def _find_least(self) -> float:
        return _LEAST_SHARE * float(self.denominator.mean(dtype=np.float64))


def _flatten(residual: Residual) -> tuple[Plane, Plane, NDArray[np.uint8]]:
    return residual.values.reshape(-1), residual.weights.reshape(-1), residual.luma.reshape(-1)


@compiled
def _fold(
    numerator: Plane, denominator: Plane, values: Plane, weights: Plane, luma: NDArray[np.uint8], sign: np.float32
) -> None:
    for at in range(len(numerator)):
        light = np.float32(luma[at])
        weighted = sign * weights[at] * light
        numerator[at] += weighted * values[at]
        denominator[at] += weighted * light


@compiled
def _measure(
    numerator: Plane,
    denominator: Plane,
    values: Plane,
    weights: Plane,
    luma: NDArray[np.uint8],
    own: np.float32,
    least: np.float32,
) -> tuple[float, float, float, float, int]:
    cross, energy, expected, weighted, pixels = 0.0, 0.0, 0.0, 0.0, 0
    for at in range(len(numerator)):
        weight = weights[at]
        if weight <= 0:
            continue
        light = np.float32(luma[at])
        noise = weight * values[at]
        under = denominator[at] - own * weight * light * light
        if under <= least:
            continue
        signal = light * (numerator[at] - own * noise * light) / under
        cross += noise * signal
        energy += noise * noise
        expected += signal * signal
        weighted += weight * signal * signal
        pixels += 1
    return cross, energy, expected, weighted, pixels
