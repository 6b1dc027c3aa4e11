"""The streaming sums of a video's noise over its frames: compiled loops, memory independent of the number of frames."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.residual import SATURATED, Residual
from varde.camera.video_weights import BLOCK_PX, Gains
from varde.core.signal import Method
from varde.segments.compiled import compiled

METHOD: Final = Method("camera.video_residual", "1")

DARK: Final = 20
"""Luma below this holds nothing in a video: coders spend no bits there."""

Plane = NDArray[np.float32]

EVEN_LUMA: Final = 128
"""That a video's residual is given at, whatever light its frames had."""

_SPARE_VARIANCE: Final = 3.0
"""Added to a block's variance: very smooth blocks are smooth because the coder made them so."""

_LEAST_SHARE: Final = 1e-3


class VideoSums:
    """The sums of a weighted maximum-likelihood estimate of the pattern under a video.

    Attributes:
        signal: (H, W) float32, sum of gain / variance x noise x luma.
        information: (H, W) float32, sum of gain squared / variance x luma squared.
        light: (H, W) float32, sum of luma.
        frames: how many were added.

    Source: Chen, Fridrich, Goljan & Lukas 2008, "Determining image origin and integrity using sensor noise", eq. (9),
    with a gain and a variance for every block of every frame.
    """

    def __init__(self, height_px: int, width_px: int) -> None:
        """Takes the memory of three planes."""
        self.signal: Plane = np.zeros((height_px, width_px), np.float32)
        self.information: Plane = np.zeros((height_px, width_px), np.float32)
        self.light: Plane = np.zeros((height_px, width_px), np.float32)
        self.frames = 0
        self._usable = 0

    @property
    def usable(self) -> float:
        """Share of the pixels of all frames that are neither saturated nor dark."""
        return self._usable / max(1, self.frames * self.signal.size)

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """Returns signal, information and light."""
        return self.signal, self.information, self.light

    def add(self, noise: Plane, luma: NDArray[np.uint8], gains: Gains) -> None:
        """Adds one frame of the same size.

        Args:
            noise: (H, W) float32, not cleaned.
            luma: (H, W) uint8.
            gains: of `compute_gains`.
        """
        self._usable += fold_frame(self.signal, self.information, self.light, noise, luma, gains)
        self.frames += 1

    def join(self, other: VideoSums) -> None:
        """Adds all that another of the same size holds."""
        self.signal += other.signal
        self.information += other.information
        self.light += other.light
        self.frames += other.frames
        self._usable += other._usable

    def count_usable(self, other: VideoSums, *, share: float) -> None:
        """Counts a share of another's usable pixels, where its planes were added by hand."""
        self._usable += round(other._usable * share)

    def clear(self) -> None:
        """Takes everything out again."""
        for plane in self.planes:
            plane[:] = 0
        self.frames, self._usable = 0, 0

    def compute_even_noise(self) -> Plane:
        """Returns the estimate scaled to equal variance everywhere, (H, W) float32; 0 where nothing is known."""
        known = self.information > np.float32(_LEAST_SHARE) * self.information.mean(dtype=np.float64)
        noise = np.zeros_like(self.signal)
        return np.divide(self.signal, np.sqrt(self.information), out=noise, where=known)

    def make_residual(self, even_noise: Plane) -> Residual:
        """Returns the video's residual, ready to be compared as a picture's: what it would be in even light.

        Values and weights are those of one luma everywhere, so that whatever weighs light finds the sums' own weights.

        Args:
            even_noise: of `compute_even_noise`, cleaned of what no sensor leaves.
        """
        weights: Plane = self.information / np.float32(EVEN_LUMA**2)
        weights[even_noise == 0] = 0
        values = np.zeros_like(weights)
        np.divide(even_noise, np.sqrt(weights), out=values, where=weights > 0)
        luma = np.full(weights.shape, EVEN_LUMA, np.uint8)
        return Residual(values, weights, luma, self.usable, METHOD)


@compiled
def fold_frame(
    signal: Plane, information: Plane, light: Plane, noise: Plane, luma: NDArray[np.uint8], gains: Gains
) -> int:
    """Adds one frame to the sums; returns how many of its pixels are neither saturated nor dark.

    Rows of blocks are worked on in lanes, one a column, so that the loops become vector instructions.
    """
    height, width = noise.shape
    energies, totals = np.empty(width, np.float32), np.empty(width, np.float32)
    shares, row_gains = np.empty(width, np.float32), np.empty(width, np.float32)
    usable = 0
    for top in range(0, height, BLOCK_PX):
        bottom = min(top + BLOCK_PX, height)
        energies[:] = 0
        totals[:] = 0
        for row in range(top, bottom):
            _sum_lanes(noise[row], energies, totals)
        for left in range(0, width, BLOCK_PX):
            right = min(left + BLOCK_PX, width)
            count = np.float32((bottom - top) * (right - left))
            energy, total = np.float32(0), np.float32(0)
            for column in range(left, right):
                energy += energies[column]
                total += totals[column]
            variance = (energy - total * total / count) / count
            gain = gains[top // BLOCK_PX, left // BLOCK_PX]
            shares[left:right] = gain / (variance + np.float32(_SPARE_VARIANCE))
            row_gains[left:right] = gain
        for row in range(top, bottom):
            usable += _fold_row(signal[row], information[row], light[row], noise[row], luma[row], shares, row_gains)
    return usable


@compiled
def _sum_lanes(noise: Plane, energies: Plane, totals: Plane) -> None:
    for column in range(len(noise)):
        value = noise[column]
        energies[column] += value * value
        totals[column] += value


@compiled
def _fold_row(
    signal: Plane,
    information: Plane,
    light: Plane,
    noise: Plane,
    luma: NDArray[np.uint8],
    shares: Plane,
    gains: Plane,
) -> int:
    usable = np.int32(0)
    for column in range(len(noise)):
        grey = luma[column]
        taken = np.int32((grey >= DARK) & (grey <= SATURATED))
        bright = np.float32(grey)
        weighted = shares[column] * bright * np.float32(taken)
        light[column] += bright
        signal[column] += weighted * noise[column]
        information[column] += weighted * gains[column] * bright
        usable += taken
    return int(usable)
