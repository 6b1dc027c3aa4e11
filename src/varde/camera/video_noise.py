"""The noise of single frames, and the cleaning of what is summed over them: once for the whole, not once a frame."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from varde.camera.residual import LEAST_USABLE, Residual, Workspace, clean_noise, extract_noise
from varde.camera.video_sums import Plane, VideoSums
from varde.core.outcome import NotComparable, Reason

_LEAST_NOISE: Final = 1e-3
"""Mean of the summed noise in grey levels: that of a thousand real frames is a hundred times larger."""

_NEAR_PX: Final = 9
_MOST_DEVIATIONS: Final = 4.0
_MEDIAN_OF_SQUARE: Final = 0.4549
"""Of a normal variable with variance 1."""


class FrameNoise:
    """Extracts the noise of frames of one size, in buffers that are used again."""

    def __init__(self, height_px: int, width_px: int) -> None:
        """Takes the buffers."""
        self._workspace = Workspace(height_px, width_px)

    def extract(self, luma: NDArray[np.uint8]) -> Plane:
        """Returns the noise of one frame, (H, W) float32, not cleaned; the next call writes over it."""
        return extract_noise(luma, self._workspace)

    def clean(self, sums: VideoSums) -> Plane:
        """Returns the summed noise at equal variance, without what coders and cameras of one model leave in it.

        What is left of a scene that stands still adds up from frame to frame as the pattern does. Where the summed
        noise is therefore stronger than elsewhere it counts less, by its local variance, and single values are cut off.
        """
        even = sums.compute_even_noise()
        known = even != 0
        values = np.where(known, clean_noise(even, known, self._workspace), np.float32(0))
        return _even_out(values, known)

    def finish(self, sums: VideoSums) -> Residual | NotComparable:
        """Returns the residual of all frames, or why there is none."""
        if sums.usable < LEAST_USABLE:
            is_dark = float(sums.light.mean()) / max(1, sums.frames) < 128
            reason = Reason.TOO_DARK if is_dark else Reason.OVEREXPOSED
            return NotComparable(reason, f"{sums.usable:.0%} of its frames' pixels are neither saturated nor dark.")
        summed = sums.make_residual(self.clean(sums))
        if not float(np.abs(summed.values).mean()) > _LEAST_NOISE:
            return NotComparable(Reason.BLANK, "Its frames hold no noise: they are blank or drawn.")
        return summed


def _even_out(values: Plane, known: NDArray[np.bool_]) -> Plane:
    """Returns noise divided by how much its local variance exceeds the usual one, large values cut off."""
    if not known.any():
        return values
    usual = float(np.median(np.square(values[known]))) / _MEDIAN_OF_SQUARE
    values = np.clip(values, -_MOST_DEVIATIONS * usual**0.5, _MOST_DEVIATIONS * usual**0.5)
    shares = cv2.blur(known.astype(np.float32), (_NEAR_PX, _NEAR_PX))
    energies = cv2.blur(np.square(values), (_NEAR_PX, _NEAR_PX)) / np.maximum(shares, np.float32(0.01))
    return np.asarray(values / np.maximum(energies / max(usual, 1e-12), 1), np.float32)
