"""A picture's noise as sign bits, turned in every way in which it may lie on a sensor of a given size.

The query is turned, never the index: one picture is turned in milliseconds, ten thousand fingerprints are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import Words, count_agreement_within, count_words, pack_mask, pack_signs
from varde.camera.correlation import compute_signal
from varde.camera.geometry import ORIENTATIONS, Orientation, orient, turned_size

if TYPE_CHECKING:
    from varde.camera.residual import Residual

Floats = NDArray[np.float32]

_SAMPLE: Final = 1 << 16
_ROWS: Final = 32

_LEVELS: Final = 7
_STRONGEST: Final = 0.97


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
class WeightedSigns:
    """A query in one turn whose pixels count by how strong they are: closer to the exact correlation, and dearer.

    Attributes:
        signs: (W,) uint64.
        planes: (W,) uint64 each, the binary digits of every pixel's weight, 0 to 7, the lowest first.
        variance: of the weighted agreement by chance, which is the sum of the squared weights.
    """

    signs: Words
    planes: tuple[Words, ...]
    variance: float

    def compute_z(self, signs: Words) -> float:
        """Returns by how many standard deviations a fingerprint's signs, (W,) uint64, agree more than by chance."""
        total = 0
        for digit, plane in enumerate(self.planes):
            agreement, pixels = count_agreement_within(signs, self.signs, plane)
            total += (2 * agreement - pixels) << digit
        return total / self.variance**0.5 if self.variance else 0.0


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
        words = count_words(size_px[0] * size_px[1])
        signs, within = [np.empty((0, words), np.uint64)], [np.empty((0, words), np.uint64)]
        for each in fitting:
            strong = np.ascontiguousarray(orient(self.strong, each.turn, mirrored=each.mirrored))
            signal = np.ascontiguousarray(orient(self.signal, each.turn, mirrored=each.mirrored))
            signs.append(pack_signs(signal, strong)[None])
            within.append(pack_mask(strong)[None])
        return TurnedSigns(fitting, np.concatenate(signs), np.concatenate(within))

    def weigh(self, orientation: Orientation) -> WeightedSigns:
        """Returns the query in one turn, its pixels weighted in seven steps up to the strongest thirtieth."""
        signal = self.lay(orientation)
        sizes = np.abs(signal)
        sample = np.sort(sizes.reshape(-1)[:: max(1, sizes.size // _SAMPLE)])
        most = float(sample[int(_STRONGEST * (len(sample) - 1))]) or 1.0
        levels = np.minimum(np.rint(sizes * np.float32(_LEVELS / most)), _LEVELS).astype(np.uint8)
        planes = tuple(pack_mask((levels >> digit & 1).astype(np.bool_)) for digit in range(_LEVELS.bit_length()))
        return WeightedSigns(pack_signs(signal), planes, float(np.square(levels, dtype=np.uint16).sum(dtype=np.int64)))

    def lay(self, orientation: Orientation) -> Floats:
        """Returns the signal as it lies on the sensor in a turn, contiguous; for `correlate`."""
        return np.ascontiguousarray(orient(self.signal, orientation.turn, mirrored=orientation.mirrored))


def correlate(signal: Floats, values: NDArray[np.float16] | Floats) -> float:
    """Returns the normalised correlation of a signal that was laid on a sensor with a fingerprint of that size.

    Some rows at a time, so that everything stays in the cache; and without a library for matrices, which starts
    threads of its own for so long a sum.
    """
    product = ours = theirs = 0.0
    rows = np.empty((_ROWS, values.shape[1]), np.float32)
    for start in range(0, len(values), _ROWS):
        one = signal[start : start + _ROWS]
        two = rows[: len(one)]
        two[:] = values[start : start + _ROWS]
        product += float(np.einsum("ij,ij->i", one, two).sum(dtype=np.float64))
        ours += float(np.einsum("ij,ij->i", one, one).sum(dtype=np.float64))
        theirs += float(np.einsum("ij,ij->i", two, two).sum(dtype=np.float64))
    norm = (ours * theirs) ** 0.5
    return product / norm if norm else 0.0


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
