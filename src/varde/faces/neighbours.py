"""Which faces are most like which: exact lists of nearest neighbours, brought up to date when faces come and go.

The lists say the same whether they were made at once or bit by bit: they are a function of the faces alone, but for
pairs whose similarities differ by rounding only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.faces.clustering_kernels import offer_block

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

MOST_NEIGHBOURS: Final = 32
"""Neighbours of a face that are kept; clusters that grow together reach the others."""

_ROWS: Final = 512
_COLUMNS: Final = 8192


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest faces of each face.

    Attributes:
        ids: (N,) numbers of the faces, ascending.
        near: (N, K) int32: places in `ids` of the nearest, most similar first; -1 where the list ends.
        scores: (N, K) float32: cosine similarities, larger is closer.
        floor: similarity below which nobody is a neighbour.
    """

    ids: Ids
    near: NDArray[np.int32]
    scores: Floats
    floor: float


def make_empty(floor: float, most: int = MOST_NEIGHBOURS) -> Neighbours:
    """Returns the lists of no faces."""
    return Neighbours(np.empty(0, np.int64), np.empty((0, most), np.int32), np.empty((0, most), np.float32), floor)


def update_neighbours(
    earlier: Neighbours, ids: Ids, vectors: Floats, progress: Callable[[int, int], None] = lambda done, total: None
) -> Neighbours:
    """Returns the lists of these faces, made from earlier ones: only what came, or lost a neighbour, is compared.

    Convention: exact; every pair with a new face is compared once, in blocks of 16 MB.

    Args:
        earlier: lists with the same vectors for the same faces.
        ids: (N,) numbers of the faces that there are now, ascending.
        vectors: (N, D) float32 unit rows.
        progress: told how many of the faces to compare are compared.
    """
    near, scores, known = _take_over(earlier, ids)
    todo = np.flatnonzero(~known)
    is_new = (~known).astype(np.uint8)
    for start in range(0, len(todo), _ROWS):
        rows = todo[start : start + _ROWS]
        probes = np.ascontiguousarray(vectors[rows])
        for first in range(0, len(ids), _COLUMNS):
            block = probes @ vectors[first : first + _COLUMNS].T
            offer_block(block, rows, first, earlier.floor, is_new, near, scores)
        progress(min(start + _ROWS, len(todo)), len(todo))
    return Neighbours(ids, near, scores, earlier.floor)


def list_edges(neighbours: Neighbours) -> NDArray[np.int64]:
    """Returns (E, 2) pairs of places, the lower first, each once."""
    rows, columns = np.nonzero(neighbours.near >= 0)
    others = neighbours.near[rows, columns].astype(np.int64)
    low, high = np.minimum(rows, others), np.maximum(rows, others)
    keys = np.unique(low * max(1, len(neighbours.ids)) + high)
    return np.stack(np.divmod(keys, max(1, len(neighbours.ids))), 1)


def _take_over(earlier: Neighbours, ids: Ids) -> tuple[NDArray[np.int32], Floats, NDArray[np.bool_]]:
    """Returns lists for these faces with what stays of the earlier ones, and which are complete so far."""
    most = earlier.near.shape[1]
    near = np.full((len(ids), most), -1, np.int32)
    scores = np.full((len(ids), most), -2.0, np.float32)
    known = np.zeros(len(ids), bool)
    places = np.searchsorted(ids, earlier.ids)
    stays = (places < len(ids)) & (ids[np.minimum(places, max(0, len(ids) - 1))] == earlier.ids if len(ids) else False)
    if not np.any(stays):
        return near, scores, known
    moved = np.where(stays, places, -1)
    listed = np.where(earlier.near >= 0, moved[earlier.near], -1)
    lost = (earlier.near >= 0) & (listed < 0)
    # whoever lost one of a full list may have others behind it: compared again
    is_complete = stays & ~(lost.any(1) & (earlier.near[:, -1] >= 0))
    order = np.argsort(listed < 0, 1, kind="stable")  # what stays, in its order, then the gaps
    listed, kept = np.take_along_axis(listed, order, 1), np.take_along_axis(earlier.scores, order, 1)
    rows = np.flatnonzero(is_complete)
    near[places[rows]] = listed[rows]
    scores[places[rows]] = np.where(listed[rows] >= 0, kept[rows], -2.0)
    known[places[rows]] = True
    return near, scores, known


def to_arrays(neighbours: Neighbours) -> dict[str, NDArray[Any]]:
    """Returns the lists as arrays that a segment holds."""
    return {"ids": neighbours.ids, "near": neighbours.near, "scores": neighbours.scores}
