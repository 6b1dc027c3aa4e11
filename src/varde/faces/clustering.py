"""Who appears how often: faces grouped by likeness, under rules that are never broken. It proposes; a person decides.

Average linkage over the graph of nearest neighbours: the two clusters whose faces are most alike on average are joined
first, as long as that mean is high enough. Faces in one picture, or in one moment of a video, stay apart; what people
put together stays together; what they split, or said to be different, is never joined again by the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.outcome import NotComparable, Reason
from varde.faces.clustering_kernels import agglomerate
from varde.faces.neighbours import Floats, Neighbours, list_edges, make_empty, update_neighbours

METHOD: Final = "face-average-linkage"
VERSION: Final = "1"

LEAST_SIZE_PX: Final = 20.0
"""Faces smaller than this are not clustered (FACES section 3: below it, errors multiply)."""

_MOST_ROUNDS: Final = 8

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClusterPoint:
    """The operating point.

    Attributes:
        strict: least cosine similarity at which two single faces are joined.
        loose: what the least mean similarity of two clusters tends to as they grow: see `compute_needed`.
        least_quality: of a face; below it a face is unknown.
    """

    strict: float
    loose: float
    least_quality: int

    @property
    def floor(self) -> float:
        """Similarity below which two faces are no neighbours."""
        return self.loose


@dataclass(frozen=True, slots=True)
class Rules:
    """What clusters must obey; all in places of the faces.

    Attributes:
        groups: (N,) int64: faces of one group are in one picture, and stay apart; -1 for none.
        apart: pairs that stay apart.
        together: pairs that stay together, whatever else holds.
        kept: faces whose clusters people kept: the machine joins no two such clusters.
    """

    groups: Places
    apart: Places = field(default_factory=lambda: np.empty((0, 2), np.int64))
    together: Places = field(default_factory=lambda: np.empty((0, 2), np.int64))
    kept: Places = field(default_factory=lambda: np.empty(0, np.int64))


def judge_face(quality: int, size_px: float, point: ClusterPoint) -> NotComparable | None:
    """Returns why a face is not clustered but kept apart as unknown, None where it is clustered."""
    if size_px < LEAST_SIZE_PX:
        return NotComparable(Reason.TOO_SMALL, f"{size_px:.0f} pixels wide, less than {LEAST_SIZE_PX:.0f}")
    if quality < point.least_quality:
        return NotComparable(Reason.QUALITY_TOO_LOW, f"quality {quality}, less than {point.least_quality}")
    return None


def cluster(vectors: Floats, neighbours: Neighbours, rules: Rules, point: ClusterPoint) -> Places:
    """Returns the cluster of each face, named by the lowest place in it.

    The result depends on the faces, their vectors and the rules; not on when each came.

    Convention: (N, D) float32 unit rows in the order of `neighbours.ids`; returns (N,) int64.

    Source: average linkage (UPGMA; Sokal and Michener 1958) on a sparse graph, with a threshold that falls with size,
        ours: evaluations/face_clustering.md.

    Limits: twins and close relatives are joined; a child over years is not.
    """
    count = len(vectors)
    parents = _join_together(count, rules.together)
    if not count:
        return parents
    kept = np.zeros(count, np.uint8)
    kept[parents[rules.kept]] = 1
    starts, apart = _index_apart(count, rules.apart)
    edges = list_edges(neighbours)
    for _ in range(_MOST_ROUNDS):
        joins = agglomerate(vectors, parents, kept, edges, rules.groups, starts, apart, point.loose, point.strict)
        edges = _list_cluster_edges(vectors, parents, point)
        if not joins or not len(edges):
            break
    return parents


def compute_centres(vectors: Floats, labels: Places) -> tuple[Places, Floats]:
    """Returns the clusters, ascending, and (C, D) float32: the mean of the vectors of each, not of unit length.

    The product of two such means is the mean similarity over all pairs of the two clusters.
    """
    names, of_face, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(of_face, kind="stable")
    sums = np.add.reduceat(vectors[order].astype(np.float64), np.r_[0, np.cumsum(sizes)[:-1]], axis=0)
    return names, (sums / sizes[:, None]).astype(np.float32)


def compute_fits(vectors: Floats, labels: Places) -> Floats:
    """Returns (N,): mean similarity of each face to the others of its cluster (1 if alone); outliers are low."""
    names, centres = compute_centres(vectors, labels)
    of_face = np.searchsorted(names, labels)
    sizes = np.bincount(of_face, minlength=len(names))[of_face]
    with_itself = np.einsum("nd,nd->n", vectors, centres[of_face]) * sizes
    own = np.einsum("nd,nd->n", vectors, vectors)
    others = np.maximum(sizes - 1, 1)
    return np.where(sizes > 1, (with_itself - own) / others, 1.0).astype(np.float32)


def find_nearest(centre: Floats, centres: Floats, most: int) -> list[tuple[int, float]]:
    """Returns the places and mean similarities of the clusters most like one, the most similar first."""
    scores = centres @ centre
    best = np.lexsort((np.arange(len(scores)), -scores))[:most]
    return [(int(place), float(scores[place])) for place in best]


def read_centres(rows: Iterable[tuple[int, bytes]]) -> tuple[list[int], Floats]:
    """Returns clusters and (C, D) means from stored ones."""
    ids, parts = [], []
    for number, data in rows:
        ids.append(number)
        parts.append(np.frombuffer(data, "<f4"))
    return ids, np.stack(parts) if parts else np.empty((0, 1), np.float32)


def find_broken(labels: Places, rules: Rules) -> list[tuple[int, int]]:
    """Returns pairs in one cluster that must stay apart and that people did not put together: always none."""
    joined = _join_together(len(labels), rules.together)
    broken = [(int(a), int(b)) for a, b in rules.apart if labels[a] == labels[b] and joined[a] != joined[b]]
    seen: dict[tuple[int, int], int] = {}
    for place in np.flatnonzero(rules.groups >= 0):
        key = (int(labels[place]), int(rules.groups[place]))
        before = seen.setdefault(key, int(place))
        if before != place and joined[before] != joined[place]:
            broken.append((before, int(place)))
    return broken


def cluster_all(
    vectors: Floats, rules: Rules, point: ClusterPoint, progress: Callable[[int, int], None] = lambda done, total: None
) -> Places:
    """Returns the cluster of each of some faces that were never clustered; see `cluster`."""
    neighbours = update_neighbours(make_empty(point.floor), np.arange(len(vectors)), vectors, progress)
    return cluster(vectors, neighbours, rules, point)


def pair_overlaps(spans: Iterable[tuple[int, int, float, float]]) -> Places:
    """Returns the pairs of places that were seen at one time in one video.

    Args:
        spans: (place, video, first second, last second) of each track.
    """
    pairs: list[tuple[int, int]] = []
    running: list[tuple[int, int, float]] = []
    for place, video, first_s, last_s in sorted(spans, key=lambda one: (one[1], one[2], one[0])):
        running = [one for one in running if one[1] == video and one[2] >= first_s]
        pairs.extend((one[0], place) for one in running)
        running.append((place, video, last_s))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _join_together(count: int, pairs: Places) -> Places:
    """Returns the lowest place that each is tied to by pairs."""
    parents = list(range(count))

    def find(one: int) -> int:
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    for a, b in pairs.tolist():
        low, high = sorted((find(a), find(b)))
        parents[high] = low
    return np.array([find(one) for one in range(count)], np.int64)


def _index_apart(count: int, pairs: Places) -> tuple[Places, Places]:
    """Returns where the partners of each place begin, and the partners."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    order = np.argsort(both[:, 0], kind="stable")
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(both[:, 0], minlength=count)[:count], out=starts[1:])
    return starts, np.ascontiguousarray(both[order, 1])


def _list_cluster_edges(vectors: Floats, parents: Places, point: ClusterPoint) -> Places:
    """Returns pairs of faces, one pair for every two clusters that are alike: lists of neighbours do not reach all."""
    names, centres = compute_centres(vectors, parents)
    sizes = np.bincount(np.searchsorted(names, parents), minlength=len(names))
    several = np.flatnonzero(sizes > 1)
    found = []
    for start in range(0, len(several), 512):
        rows = several[start : start + 512]
        for first in range(0, len(names), 8192):
            alike = centres[rows] @ centres[first : first + 8192].T >= point.loose
            ones, others = np.nonzero(alike)
            found.append(np.stack([names[rows[ones]], names[first + others]], 1))
    edges = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return np.ascontiguousarray(edges[edges[:, 0] != edges[:, 1]])
