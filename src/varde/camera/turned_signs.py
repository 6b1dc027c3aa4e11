"""A picture's noise as sign bits, turned in every way in which it may lie on a sensor of a given size.

The query is turned, never the index: one picture is turned in milliseconds, ten thousand fingerprints are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import Words, pack_mask, pack_signs
from varde.camera.correlation import compute_signal
from varde.camera.geometry import ORIENTATIONS, Orientation, orient, turned_size

if TYPE_CHECKING:
    from varde.camera.residual import Residual

Floats = NDArray[np.float32]

_SAMPLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TurnedSigns:
    """A query for an index of one sensor size.

    Attributes:
        orientations: in which the picture has that size; four of them, or eight where it is square.
        signs, within: (Q, W) uint64, one row for each of these: see `varde.camera.bits.scan_signs`.
    """

    orientations: tuple[Orientation, ...]
    signs: Words
    within: Words


@dataclass(frozen=True, slots=True)
class SignQuery:
    """A picture's noise as it is searched with.

    Attributes:
        signal: (H, W) float32, what is correlated with a fingerprint: see `compute_signal`.
        strong: (H, W) bool, the pixels whose signs are compared.
    """

    signal: Floats
    strong: NDArray[np.bool_]

    @classmethod
    def of(cls, residual: Residual) -> SignQuery:
        """Returns the query of a residual, which is not changed."""
        signal = compute_signal(residual)
        return cls(signal, choose_strong(signal))

    def list_sizes(self) -> list[tuple[int, int]]:
        """Returns (rows, columns) of the sensors that the picture may fill: its own size, and that turned."""
        size = (self.signal.shape[0], self.signal.shape[1])
        return list(dict.fromkeys(turned_size(size, turn) for turn in (0, 90)))

    def turn_to(self, size_px: tuple[int, int]) -> TurnedSigns:
        """Returns the query for sensors of (rows, columns), in every turn and mirror that has that size."""
        own = (self.signal.shape[0], self.signal.shape[1])
        fitting = tuple(each for each in ORIENTATIONS if turned_size(own, each.turn) == size_px)
        signs, within = [], []
        for each in fitting:
            strong = np.ascontiguousarray(orient(self.strong, each.turn, mirrored=each.mirrored))
            signal = np.ascontiguousarray(orient(self.signal, each.turn, mirrored=each.mirrored))
            signs.append(pack_signs(signal, strong))
            within.append(pack_mask(strong))
        return TurnedSigns(fitting, np.stack(signs), np.stack(within))


def choose_strong(signal: Floats) -> NDArray[np.bool_]:
    """Returns which pixels' signs to compare so that the agreement stands out most from chance.

    A pixel's share in the correlation is the size of its signal, but each compared sign adds the same to the variance.
    Of a camera's own picture, the n largest signals give a z-score in proportion to their sum over the square root of
    n: this takes the n at which that is largest. For normally distributed signals it is the upper 54 %, and keeps 90 %
    of z instead of the 80 % of all signs; weighted signals have longer tails and gain more.

    Convention: (H, W) float32 in, (H, W) bool out; masked pixels, which are 0, are left out.
    Source: ours; figures in benchmarks/results/camera_search.md.
    """
    sizes = np.abs(signal)
    flat = sizes.reshape(-1)
    sample = np.sort(flat[:: max(1, flat.size // _SAMPLE)])[::-1]
    sample = sample[sample > 0]
    if not sample.size:
        return np.zeros(signal.shape, np.bool_)
    gain = np.cumsum(sample, dtype=np.float64) / np.sqrt(np.arange(1, sample.size + 1))
    strong: NDArray[np.bool_] = sizes >= sample[int(np.argmax(gain))]
    return strong
