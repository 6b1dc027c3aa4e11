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
from varde.camera.packing import Noise, give_bands
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

    def extend(self, share: float) -> Agreement:
        """Returns what it comes to over so many times as many pixels of the same kind."""
        return Agreement(share * self.pce, self.gain, share * self.expected_pce, round(share * self.pixels))


class FingerprintSums:
    """The sums of a weighted maximum-likelihood estimate of one sensor's pattern.

    Memory is two planes, however many residuals are added. Source: Chen, Fridrich, Goljan, Lukas 2008, "Determining
    image origin and integrity using sensor noise", eq. (9), with weights 1 / variance for noise that is not the same
    everywhere.
    """

    def __init__(self, height_px: int, width_px: int) -> None:
        self.numerator: Plane = np.zeros((height_px, width_px), np.float32)
        self.denominator: Plane = np.zeros((height_px, width_px), np.float32)
        self._lanes: Plane = np.zeros((6, width_px), np.float32)
        self._least: float | None = None

    def add(self, noise: Noise) -> None:
        """Adds a residual of the same size."""
        self._fold(noise, 1)

    def subtract(self, noise: Noise) -> None:
        """Takes a residual out that was added."""
        self._fold(noise, -1)

    def measure(self, noise: Noise, *, is_inside: bool, each: int = 1) -> Agreement:
        """Returns how a residual agrees with the estimate from all the others.

        Args:
            noise: a residual of the same size.
            is_inside: whether it was added; then it is left out of the estimate it is compared with.
            each: only every so many bands of rows are compared, and counted.
        """
        least, own = np.float32(self._find_least()), np.float32(1 if is_inside else 0)
        totals = np.zeros(5)
        for rows, part in give_bands(noise, each):
            planes = self.numerator[rows], self.denominator[rows], part.values, part.weights, part.luma
            _measure(*planes, own, least, self._lanes, totals)
        cross, energy, expected, weighted, pixels = (float(total) for total in totals)
        if energy <= 0 or expected <= 0:
            return Agreement(0.0, 0.0, 0.0, 0)
        scale = sqrt(energy * expected)
        pce = copysign(pixels * (cross / scale) ** 2, cross)
        return Agreement(pce, cross / weighted, pixels * (weighted / scale) ** 2, int(pixels))

    def estimate(self) -> Plane:
        """Returns the estimate: (H, W) float32, 0 where no reference says anything."""
        filled = self.denominator > np.float32(max(self._find_least(), _TINY))
        return np.divide(self.numerator, self.denominator, out=np.zeros_like(self.numerator), where=filled)

    def clean(self) -> FingerprintSums:
        """Returns sums whose estimate is this one's without what cameras of one model share; nothing can be added."""
        values = self.estimate()
        cleaned = FingerprintSums(*values.shape)
        known = values != 0
        cleaned.numerator = clean_noise(values, known, Workspace(*values.shape)).copy()
        cleaned.denominator = known.astype(np.float32)
        return cleaned

    def _fold(self, noise: Noise, sign: int) -> None:
        self._least = None
        for rows, part in give_bands(noise, 1):
            numerator, denominator = self.numerator[rows].reshape(-1), self.denominator[rows].reshape(-1)
            values, weights, luma = part.values.reshape(-1), part.weights.reshape(-1), part.luma.reshape(-1)
            _fold(numerator, denominator, values, weights, luma, np.float32(sign))

    def _find_least(self) -> float:
        if self._least is None:
            self._least = _LEAST_SHARE * float(self.denominator.mean(dtype=np.float64))
        return self._least


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
    lanes: Plane,
    totals: NDArray[np.float64],
) -> None:
    """Adds a band to the totals: cross, energy, expected, weighted, pixels; one lane a column, so that they vectorise.

    Of few rows: lanes are sums in single precision.
    """
    lanes[:] = 0
    noise, signal = lanes[4], lanes[5]
    for row in range(len(values)):
        totals[4] += _expect(
            numerator[row], denominator[row], values[row], weights[row], luma[row], own, least, noise, signal
        )
        _correlate(noise, signal, weights[row], lanes[0], lanes[1], lanes[2], lanes[3])
    for at in range(4):
        total = 0.0
        for column in range(values.shape[1]):
            total += lanes[at, column]
        totals[at] += total


@compiled
def _expect(
    numerator: Plane,
    denominator: Plane,
    values: Plane,
    weights: Plane,
    luma: NDArray[np.uint8],
    own: np.float32,
    least: np.float32,
    noise: Plane,
    signal: Plane,
) -> int:
    """Writes the weighted noise of a row and the signal it should hold, 0 where nothing is known; returns how many."""
    pixels = 0
    for column in range(len(values)):
        light, weight = np.float32(luma[column]), weights[column]
        found = weight * values[column]
        under = denominator[column] - own * weight * light * light
        is_known = (weight > 0) & (under > least)
        pixels += is_known
        share = np.float32(is_known)
        noise[column] = share * found
        under = max(under, np.float32(_TINY))
        signal[column] = share * light * (numerator[column] - own * found * light) / under
    return pixels


@compiled
def _correlate(
    noise: Plane, signal: Plane, weights: Plane, cross: Plane, energy: Plane, expected: Plane, weighted: Plane
) -> None:
    for column in range(len(noise)):
        cross[column] += noise[column] * signal[column]
        energy[column] += noise[column] * noise[column]
        expected[column] += signal[column] * signal[column]
        weighted[column] += weights[column] * signal[column] * signal[column]
