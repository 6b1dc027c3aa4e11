"""Parts of pictures and of fingerprints at the same place: each is a comparison of its own, of fewer pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from varde.camera.compare import compare
from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual
from varde.core.camera import SearchExtent, SourceScore
from varde.core.outcome import NotComparable

Block = tuple[slice, slice]
"""Rows and columns."""


def list_blocks(size_px: tuple[int, int], side: int) -> Iterator[Block]:
    """Yields square blocks side by side from the top left, what is left over at the edges not; the whole for side 0.

    Args:
        size_px: (rows, columns) of the picture.
        side: of a block.
    """
    if not side:
        yield slice(0, size_px[0]), slice(0, size_px[1])
        return
    for top in range(0, size_px[0] - side + 1, side):
        for left in range(0, size_px[1] - side + 1, side):
            yield slice(top, top + side), slice(left, left + side)


def cut_residual(residual: Residual, block: Block) -> Residual:
    """Returns a part of a residual, as copies."""
    values, weights = (np.ascontiguousarray(part[block]) for part in (residual.values, residual.weights))
    luma = np.ascontiguousarray(residual.luma[block])
    return Residual(values, weights, luma, float((weights > 0).mean()), residual.method)


def cut_fingerprint(fingerprint: Fingerprint, block: Block) -> Fingerprint:
    """Returns a part of a fingerprint, as a copy."""
    values = np.ascontiguousarray(fingerprint.values[block])
    return Fingerprint(values, fingerprint.kind, (), fingerprint.method, {})


def compare_block(residual: Residual, fingerprint: Fingerprint, block: Block) -> SourceScore | NotComparable:
    """Returns the score of a block at its known place.

    Args:
        residual: of the whole picture; the block's own is cut out of it, cleaned as it is.
        fingerprint: of the whole sensor, of the same size.
        block: where.
    """
    return compare(cut_residual(residual, block), cut_fingerprint(fingerprint, block), SearchExtent.ALIGNED)
