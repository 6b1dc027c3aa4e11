"""Scores of all pairs: of sketches by XOR and popcount, of whole residuals by products of matrices.

Convention: scores are z: by how many standard deviations two pictures' noise agrees above chance, for each variant of
the second picture. Variants are numbered so that applying one after the other is the exclusive or of their numbers:
0 as it is, 1 turned by 180 degrees; where mirrored ones are tried too, 0 as it is, 1 left to right, 2 upside down,
3 turned by 180 degrees. Every variant is its own inverse, so each (N, N) plane of scores is symmetric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.middle import Middle
from varde.camera.residual import Residual
from varde.camera.sketch import turn_signs
from varde.camera.source_kernels import count_tiles

Words = NDArray[np.uint64]
Scores = NDArray[np.float32]
Row = NDArray[np.int8]

TURNED: Final = 2
"""Variants: as it is, and turned by 180 degrees."""

MIRRORED: Final = 4
"""Variants: those of `TURNED`, each mirrored too."""

_CLIP: Final = 3.0
_LEVELS: Final = 127 / _CLIP
_BLOCK: Final = 32
_CHUNK_BYTES: Final = 48 << 20
_PHASE: Final = 8
_TURNED_AT_ONCE: Final = 128


def count_all(rows: Words, others: Words) -> NDArray[np.int32]:
    """Returns how many bits of every row differ from every other's, (N, M) int32.

    Args:
        rows, others: (N, W) and (M, W) uint64, W a multiple of 8; they may lie in a mapped file.
    """
    differing = np.zeros((len(rows), len(others)), np.int32)
    few = np.empty((_BLOCK, rows.shape[1]), np.uint64)
    others = np.ascontiguousarray(others).reshape(-1)
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        few[: len(part)] = part
        count_tiles(few.reshape(-1), others, rows.shape[1], differing[start : start + _BLOCK])
    return differing


def score_signs(rows: Words, others: Words, pixels: int) -> Scores:
    """Returns the z-score of every row with every other, (N, M) float32; arguments as of `count_all`."""
    scores: Scores = ((pixels - 2.0 * count_all(rows, others)) / pixels**0.5).astype(np.float32)
    return scores


def score_sketches(rows: Words, middle: Middle) -> Scores:
    """Returns the scores of all pairs of sketches of one family, (2, N, N) float32: as they are, and turned by 180."""
    count = len(rows)
    scores = np.zeros((TURNED, count, count), np.float32)
    for start in range(0, count, _TURNED_AT_ONCE):
        end = min(count, start + _TURNED_AT_ONCE)
        others = np.ascontiguousarray(rows[start:end])
        turned = np.stack([turn_signs(row, middle, 2) for row in others])
        for variant, each in enumerate((others, turned)):  # both planes are symmetric: half of each is enough
            scores[variant, :end, start:end] = score_signs(rows[:end], each, middle.pixels)
            scores[variant, start:end, :end] = scores[variant, :end, start:end].T
    return scores


def make_row(residual: Residual) -> Row:
    """Returns a whole residual as (H, W) int8 to be multiplied with others: weighted, times luma, levelled, clipped.

    The weights and the luma are those that the maximum-likelihood estimate of the sensor's pattern from one picture
    has. What all pictures of a model share (rows, columns, 8 x 8 blocks) is taken out once more, since multiplying by
    the luma lets it back in; values beyond 3 standard deviations are scene, and clipped.

    Source: ours; evaluations/source_clustering.md compares it with plain residuals.
    """
    values = residual.values * residual.weights
    values *= residual.luma
    _level(values)
    spread = float(values.std())
    if spread > 0:
        values *= np.float32(_LEVELS / spread)
    row: Row = np.rint(np.clip(values, -127, 127, out=values), out=values).astype(np.int8)
    return row


def score_rows(
    rows: NDArray[np.int8], *, variants: int = MIRRORED, progress: Callable[[float], None] = lambda share: None
) -> Scores:
    """Returns the scores of all pairs of whole residuals, (variants, N, N) float32.

    Args:
        rows: (N, H, W) int8 from `make_row`, of pictures of one size; they may lie in a mapped file.
        variants: `TURNED` or `MIRRORED`.
        progress: called with the share that is done.
    """
    count, height, width = rows.shape
    flips = _FLIPS[variants]
    sums = np.zeros((len(flips), count, count), np.float64)
    step = max(1, _CHUNK_BYTES // (8 * max(1, count) * width))
    for top in range(0, height, step):
        bottom = min(height, top + step)
        here = rows[:, top:bottom].astype(np.float32).reshape(count, -1)
        for variant, (up, across) in enumerate(flips):
            there = rows[:, height - bottom : height - top][:, ::-1] if up else rows[:, top:bottom]
            turned = there[:, :, ::-1] if across else there
            other = turned.astype(np.float32).reshape(count, -1) if up or across else here
            sums[variant] += here @ other.T
        progress(bottom / height)
    norms = np.sqrt(np.maximum(np.diagonal(sums[0]), 1.0))
    scores: Scores = (sums / (norms[:, None] * norms) * (height * width) ** 0.5).astype(np.float32)
    return scores


_FLIPS: Final[dict[int, Sequence[tuple[bool, bool]]]] = {
    TURNED: ((False, False), (True, True)),
    MIRRORED: ((False, False), (False, True), (True, False), (True, True)),
}
"""Whether each variant is upside down, and whether left is right."""


def _level(values: NDArray[np.float32]) -> None:
    """Takes the means of rows and columns of each place of the mosaic out, and those of the 8 x 8 phases."""
    for top in range(2):
        for left in range(2):
            part = values[top::2, left::2]
            part -= part.mean(axis=1, keepdims=True)
            part -= part.mean(axis=0, keepdims=True)
    for top in range(_PHASE):
        for left in range(_PHASE):
            part = values[top::_PHASE, left::_PHASE]
            part -= part.mean()
