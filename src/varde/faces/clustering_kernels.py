"""Inner loops of clustering faces; `varde.faces.clustering` and `varde.faces.neighbours` say what they are for."""

from __future__ import annotations

from typing import Any

import numpy as np

from varde.segments.compiled import compiled

Array = Any


@compiled
def insert_neighbour(near: Array, scores: Array, row: int, other: int, score: float) -> None:
    """Puts a neighbour into a row's list, most similar first, of equal ones the lower number; each at most once.

    Args:
        near: (N, K) int32, -1 where the list ends.
        scores: (N, K) float32, of `near`.
        row, other, score: what is put where.
    """
    last = near.shape[1] - 1
    if near[row, last] >= 0 and (score < scores[row, last] or (score == scores[row, last] and other > near[row, last])):
        return
    for place in range(last + 1):
        if near[row, place] == other:
            return
        if near[row, place] < 0:
            break
    place = last
    while place > 0 and (
        near[row, place - 1] < 0
        or score > scores[row, place - 1]
        or (score == scores[row, place - 1] and other < near[row, place - 1])
    ):
        near[row, place], scores[row, place] = near[row, place - 1], scores[row, place - 1]
        place -= 1
    near[row, place], scores[row, place] = other, score


@compiled
def offer_block(block: Array, rows: Array, first: int, floor: float, is_new: Array, near: Array, scores: Array) -> None:
    """Offers the pairs of a block of similarities to the lists of both.

    Args:
        block: (R, C) float32: of `rows` with the faces from `first` on.
        rows: (R,) int64, ascending: faces whose lists are being made.
        first: number of the block's first column.
        floor: least similarity of a neighbour.
        is_new: (N,) uint8: whether a face is one of those whose lists are being made.
        near, scores: as in `insert_neighbour`.
    """
    for i in range(block.shape[0]):
        row = rows[i]
        for j in range(block.shape[1]):
            score = block[i, j]
            if score < floor:
                continue
            other = first + j
            if other == row or (is_new[other] and other > row):
                continue  # itself, or a pair that comes as (other, row)
            insert_neighbour(near, scores, row, other, score)
            insert_neighbour(near, scores, other, row, score)


@compiled
def find_root(parents: Array, one: int) -> int:
    """Returns the cluster that a face is in now, and shortens the way to it."""
    root = one
    while parents[root] != root:
        root = parents[root]
    while parents[one] != root:
        parents[one], one = root, parents[one]
    return root


@compiled
def compute_needed(loose: float, strict: float, one: int, other: int) -> float:
    """Returns the least mean similarity at which clusters of two sizes are joined.

    Single faces need the strict one; the mean over many pairs says more, and needs less: see evaluations.
    """
    return float(loose + (strict - loose) / np.sqrt(float(one) * float(other)))


@compiled
def _measure(sums: Array, sizes: Array, a: int, b: int) -> float:
    """Returns the mean similarity over all pairs of two clusters."""
    total = 0.0
    for d in range(sums.shape[1]):
        total += float(sums[a, d]) * float(sums[b, d])
    return total / (float(sizes[a]) * float(sizes[b]))


@compiled
def _may_join(
    a: int,
    b: int,
    parents: Array,
    kept: Array,
    heads: Array,
    after: Array,
    groups: Array,
    starts: Array,
    apart: Array,
    marks: Array,
    attempt: int,
) -> bool:
    """Returns whether no two of their faces must stay apart; only faces with such a rule are in the lists.

    Args:
        a, b: clusters.
        parents, kept, groups, starts, apart: as in `agglomerate`.
        heads, after: first face with a rule of each cluster, and the one after each.
        marks: (G,) int64, changed: the attempt in which a group was last seen in `a`.
        attempt: number of this one.
    """
    if kept[a] and kept[b]:
        return False
    one = heads[a]
    while one >= 0:
        for place in range(starts[one], starts[one + 1]):
            if find_root(parents, apart[place]) == b:
                return False
        if groups[one] >= 0:
            marks[groups[one]] = attempt
        one = after[one]
    one = heads[b]
    while one >= 0:
        if groups[one] >= 0 and marks[groups[one]] == attempt:
            return False
        one = after[one]
    return True


@compiled
def _is_before(scores: Array, pairs: Array, x: int, y: int) -> bool:
    if scores[x] != scores[y]:
        return bool(scores[x] > scores[y])
    if pairs[x, 0] != pairs[y, 0]:
        return bool(pairs[x, 0] < pairs[y, 0])
    return bool(pairs[x, 1] < pairs[y, 1])


@compiled
def _exchange(scores: Array, pairs: Array, x: int, y: int) -> None:
    scores[x], scores[y] = scores[y], scores[x]
    for column in range(pairs.shape[1]):
        pairs[x, column], pairs[y, column] = pairs[y, column], pairs[x, column]


@compiled
def _sink(scores: Array, pairs: Array, place: int, count: int) -> None:
    while True:
        child = 2 * place + 1
        if child >= count:
            return
        if child + 1 < count and _is_before(scores, pairs, child + 1, child):
            child += 1
        if not _is_before(scores, pairs, child, place):
            return
        _exchange(scores, pairs, place, child)
        place = child


@compiled
def _rise(scores: Array, pairs: Array, place: int) -> None:
    while place > 0 and _is_before(scores, pairs, place, (place - 1) // 2):
        _exchange(scores, pairs, place, (place - 1) // 2)
        place = (place - 1) // 2


@compiled
def agglomerate(
    vectors: Array,
    parents: Array,
    kept: Array,
    edges: Array,
    groups: Array,
    starts: Array,
    apart: Array,
    loose: float,
    strict: float,
) -> int:
    """Joins clusters, the most similar pair first, and returns how many joins were made.

    Args:
        vectors: (N, D) float32 unit rows.
        parents: (N,) int64: the cluster of each face at first, as the lowest number in it; is changed to the result.
        kept: (N,) uint8: whether a person kept this cluster; two of those are never joined.
        edges: (E, 2) int64: pairs of faces whose clusters are looked at; others are reached as clusters grow together.
        groups: (N,) int64: faces of one group must stay apart (one picture); -1 for none.
        starts, apart: (N + 1,) and (A,) int64: with which faces each must stay apart, both ways.
        loose, strict: see `compute_needed`.
    """
    count = len(parents)
    sums = vectors.copy()
    sizes = np.ones(count, np.int64)
    heads, tails, after = np.full(count, -1, np.int64), np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    for one in range(count):
        if groups[one] >= 0 or starts[one + 1] > starts[one]:
            heads[one] = tails[one] = one
    for one in range(count):
        root = find_root(parents, one)
        if root != one:
            _absorb(root, one, sums, sizes, heads, tails, after)
    # each cluster's edges, as a list of places in `ends`: 2 e and 2 e + 1 are the two ends of edge e
    first, last = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    follow = np.full(2 * len(edges), -1, np.int64)
    for end in range(2 * len(edges)):
        root = find_root(parents, edges[end // 2, end % 2])
        if first[root] < 0:
            first[root] = end
        else:
            follow[last[root]] = end
        last[root] = end
    versions, stamps = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    scores, pairs = np.empty(1024, np.float64), np.empty((1024, 4), np.int64)
    waiting = 0
    for one in range(count):
        if parents[one] == one:
            scores, pairs, waiting = _look_around(
                one, True, one, parents, edges, first, last, follow, stamps, sums, sizes, versions, loose, strict,
                scores, pairs, waiting,
            )  # fmt: skip
    marks = np.zeros(max(1, groups.max() + 1) if count else 1, np.int64)
    joins = attempts = 0
    while waiting:
        a, b, version_a, version_b = pairs[0, 0], pairs[0, 1], pairs[0, 2], pairs[0, 3]
        waiting -= 1
        _exchange(scores, pairs, 0, waiting)
        _sink(scores, pairs, 0, waiting)
        if parents[a] != a or parents[b] != b or versions[a] != version_a or versions[b] != version_b:
            continue  # one of them has changed since: the new pair is in the heap too
        attempts += 1
        if not _may_join(a, b, parents, kept, heads, after, groups, starts, apart, marks, attempts):
            continue
        parents[b] = a
        _absorb(a, b, sums, sizes, heads, tails, after)
        kept[a] = max(kept[a], kept[b])
        if first[a] < 0:
            first[a] = first[b]
            last[a] = last[b]
        elif first[b] >= 0:
            follow[last[a]] = first[b]
            last[a] = last[b]
        versions[a] += 1
        joins += 1
        scores, pairs, waiting = _look_around(
            a, False, count + joins, parents, edges, first, last, follow, stamps, sums, sizes, versions, loose, strict,
            scores, pairs, waiting,
        )  # fmt: skip
    for one in range(count):
        parents[one] = find_root(parents, one)
    return joins


@compiled
def _absorb(root: int, one: int, sums: Array, sizes: Array, heads: Array, tails: Array, after: Array) -> None:
    """Adds a cluster's sum, size and list of faces with rules to another's."""
    for d in range(sums.shape[1]):
        sums[root, d] += sums[one, d]
    sizes[root] += sizes[one]
    if heads[one] < 0:
        return
    if heads[root] < 0:
        heads[root] = heads[one]
    else:
        after[tails[root]] = heads[one]
    tails[root] = tails[one]


@compiled
def _look_around(
    root: int,
    only_lower: bool,
    stamp: int,
    parents: Array,
    edges: Array,
    first: Array,
    last: Array,
    follow: Array,
    stamps: Array,
    sums: Array,
    sizes: Array,
    versions: Array,
    loose: float,
    strict: float,
    scores: Array,
    pairs: Array,
    waiting: int,
) -> tuple[Array, Array, int]:
    """Puts a cluster's pairs that are similar enough on the heap; edges within it, and doubled ones, are forgotten."""
    end, before = first[root], -1
    first[root] = last[root] = -1
    while end >= 0:
        following = follow[end]
        other = find_root(parents, edges[end // 2, 1 - end % 2])
        if other != root and stamps[other] != stamp:
            stamps[other] = stamp
            if before < 0:
                first[root] = end
            else:
                follow[before] = end
            before = last[root] = end
            follow[end] = -1
            if not only_lower or other < root:
                score = _measure(sums, sizes, root, other)
                if score >= compute_needed(loose, strict, sizes[root], sizes[other]):
                    if waiting == len(scores):
                        scores, pairs = _grow(scores, pairs)
                    low, high = min(root, other), max(root, other)
                    scores[waiting] = score
                    pairs[waiting, 0], pairs[waiting, 1] = low, high
                    pairs[waiting, 2], pairs[waiting, 3] = versions[low], versions[high]
                    _rise(scores, pairs, waiting)
                    waiting += 1
        end = following
    return scores, pairs, waiting


@compiled
def _grow(scores: Array, pairs: Array) -> tuple[Array, Array]:
    more_scores, more_pairs = np.empty(2 * len(scores), np.float64), np.empty((2 * len(scores), 4), np.int64)
    more_scores[: len(scores)] = scores
    more_pairs[: len(scores)] = pairs
    return more_scores, more_pairs
