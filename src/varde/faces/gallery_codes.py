"""6-bit codes of vectors and 8-bit codes of probes, and how far the score of two codes can be from the true one.

A vector x is kept as codes u of 0 to 63 and one scale s, chosen so that x' = s (u - 31.5) loses little of it; the
length of what it loses, r = |x - x'|, is computed when it is coded, and kept as the largest of its block. A probe p is
kept as codes q of -127 to 127 and a scale t; e = |p - t q| is computed at each search. Then, by Cauchy-Schwarz,

    |<p, x> - <t q, x'>| = |<p, x - x'> + <p - t q, x'>| <= |p| r + e (|x| + r)

and <t q, x'> = (s t / 2) (2 sum(q u) - 63 sum(q)) is a whole number, known exactly, times two scales. `Coded.spreads`
and `slacks` are the parts of this bound that do and do not grow with r, the second with what float32 may round away.
See docs/decisions/0023-gallery.md.

Convention of codes: blocks of 16 rows. Three vectors of 64 bytes hold 16 dimensions of a block: byte ``4 * lane + j``
of vector v is, in its lower six bits, dimension ``4 v + j`` of that row, and in its upper two bits, bits ``2 v`` and
``2 v + 1`` of dimension ``12 + j``. Dimensions beyond the last hold 0; probes multiply them by 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.faces.gallery_kernels import encode
from varde.faces.gallery_machine import ROWS, STEP, STEP_BYTES

MOST_DIMENSIONS: Final = 2_048
"""More would not fit into the whole numbers of the scan."""

UNIT: Final = 1e-3
"""How far from 1 the length of a vector may be."""

_ROUNDING: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Codes:
    """Coded vectors.

    Attributes:
        codes: (B, bytes) uint8.
        scales: (B * 16,) float32.
        residuals: (B,) float32, the largest r of each block.
    """

    codes: NDArray[np.uint8]
    scales: NDArray[np.float32]
    residuals: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CodedProbes:
    """Coded probes, with which the scan works.

    Attributes:
        words: (P, steps * 4) int32, four codes each.
        factors: (P,) float32, t / 2.
        biases: (P,) int32, 63 sum(q).
        spreads: (P,) float32, by which a row's residual widens its bound.
        slacks: (P,) float32, by which every bound is wider.
    """

    words: NDArray[np.int32]
    factors: NDArray[np.float32]
    biases: NDArray[np.int32]
    spreads: NDArray[np.float32]
    slacks: NDArray[np.float32]

    def __len__(self) -> int:
        """Returns the number of probes."""
        return len(self.factors)

    def select(self, first: int, last: int, padded: int) -> CodedProbes:
        """Returns some of the probes, filled up to a number with probes that no row reaches."""
        fill = padded - (last - first)
        parts = [getattr(self, name)[first:last] for name in ("words", "factors", "biases", "spreads", "slacks")]
        return CodedProbes(*(np.concatenate([part, np.zeros((fill, *part.shape[1:]), part.dtype)]) for part in parts))


def count_bytes(dimensions: int) -> int:
    """Returns how many bytes the codes of a block of rows take."""
    return -(-dimensions // STEP) * STEP_BYTES


def check_vectors(vectors: NDArray[np.float32], dimensions: int) -> None:
    """Does nothing if these are unit vectors.

    Raises:
        WrongUse: if they have another type or shape, are not finite, or not of length 1.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimensions or vectors.dtype != np.float32:
        raise WrongUse(f"vectors must be (N, {dimensions}) float32, not {vectors.shape} {vectors.dtype}")
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= UNIT))
    if len(wrong):
        raise WrongUse(f"vector {wrong[0]} has length {lengths[wrong[0]]:g}; vectors must be finite and of length 1")


def encode_vectors(vectors: NDArray[np.float32]) -> Codes:
    """Returns the codes of (N, D) unit vectors."""
    blocks = -(-len(vectors) // ROWS)
    codes = np.zeros((blocks, count_bytes(vectors.shape[1])), np.uint8)
    scales, residuals = np.zeros(blocks * ROWS, np.float32), np.zeros(blocks, np.float32)
    encode(np.ascontiguousarray(vectors), codes, scales, residuals)
    return Codes(codes, scales, residuals)


def encode_probes(probes: NDArray[np.float32]) -> CodedProbes:
    """Returns the codes of (P, D) unit vectors."""
    exact = probes.astype(np.float64)
    scales = np.abs(exact).max(axis=1, initial=0.0) / 127
    levels = np.rint(exact / scales[:, None])
    lost = np.linalg.norm(exact - scales[:, None] * levels, axis=1)
    lengths = np.linalg.norm(exact, axis=1)
    padded = np.zeros((len(probes), count_bytes(probes.shape[1]) // STEP_BYTES * STEP), np.int8)
    padded[:, : probes.shape[1]] = levels
    return CodedProbes(
        words=padded.view(np.int32),
        factors=(scales / 2).astype(np.float32),
        biases=(63 * levels.sum(axis=1)).astype(np.int32),
        spreads=((lengths + lost) * (1 + 1e-6)).astype(np.float32),
        slacks=(lost * (1 + UNIT) + _ROUNDING).astype(np.float32),
    )


def decode_vectors(codes: Codes, rows: int, dimensions: int) -> NDArray[np.float64]:
    """Returns (N, D) what the codes stand for, slowly: for tests and for those who want to know."""
    parts = codes.codes.reshape(len(codes.codes), -1, 3, ROWS, 4)
    upper = parts >> 6
    fourth = upper[:, :, 0] | upper[:, :, 1] << 2 | upper[:, :, 2] << 4
    levels = np.concatenate([parts & 63, fourth[:, :, None]], axis=2)
    levels = levels.transpose(0, 3, 1, 2, 4).reshape(len(codes.codes) * ROWS, -1)
    return ((levels - 31.5) * codes.scales[:, None].astype(np.float64))[:rows, :dimensions]
