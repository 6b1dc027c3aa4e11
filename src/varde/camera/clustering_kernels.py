"""Inner loop of clustering by source: joins the two groups that agree most, again and again, until none agree enough.

Convention: sums of z-scores between groups stand in for products of their mean residuals, since a product of sums is a
sum of products: no residual is read again. Variants are combined by exclusive or (see `varde.camera.source_pairs`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from varde.segments.compiled import compiled

Array = Any
Whole = Any


@compiled
def agglomerate(sums: Array, heads: Array, flips: Array, root: Whole, least: Whole, share: Whole) -> Whole:
    """Joins groups in place and returns how often.

    Args:
        sums: (V, N, N) float32 z-scores of all pairs; used up.
        heads: (N,) int64, the lowest row of the group each row is in; in and out.
        flips: (N,) int64, the variant of each row in which it lies as its group's first row does; in and out.
        root: square root of the number of pixels compared.
        least: z two groups' means must have to be joined.
        share: of the agreement inside two groups of several, that between them must reach.
    """
    count = sums.shape[1]
    size = np.ones(count, np.int64)
    inside = np.zeros(count, np.float64)
    alive = np.ones(count, np.bool_)
    refused = np.zeros((count, count), np.bool_)
    for row in range(count):
        if heads[row] != row:  # groups that are given
            _join(sums, size, inside, alive, refused, heads[row], row, flips[row])
    best = np.empty(count, np.float64)
    mate = np.empty(count, np.int64)
    kind = np.empty(count, np.int64)
    for row in range(count):
        _find_best(sums, size, inside, alive, refused, root, row, best, mate, kind)
    joins = 0
    while True:
        one = int(np.argmax(best))
        if best[one] < least:
            return joins
        other, variant = mate[one], kind[one]
        if other < one:
            one, other = other, one
        if not _is_consistent(sums, size, inside, one, other, variant, share):
            refused[one, other] = refused[other, one] = True
            _find_best(sums, size, inside, alive, refused, root, one, best, mate, kind)
            _find_best(sums, size, inside, alive, refused, root, other, best, mate, kind)
            continue
        _join(sums, size, inside, alive, refused, one, other, variant)
        joins += 1
        best[other] = -np.inf
        for row in range(count):
            if heads[row] == other:
                heads[row] = one
                flips[row] ^= variant
        _find_best(sums, size, inside, alive, refused, root, one, best, mate, kind)
        for row in range(count):
            if alive[row] and row != one:
                if mate[row] == one or mate[row] == other:
                    _find_best(sums, size, inside, alive, refused, root, row, best, mate, kind)
                else:
                    _compare(sums, size, inside, refused, root, row, one, best, mate, kind)


@compiled
def _join(
    sums: Array,
    size: Array,
    inside: Array,
    alive: Array,
    refused: Array,
    one: Whole,
    other: Whole,
    variant: Whole,
) -> None:
    variants, count = sums.shape[0], sums.shape[1]
    inside[one] += inside[other] + 2.0 * sums[variant, one, other]
    size[one] += size[other]
    alive[other] = False
    for each in range(variants):
        for row in range(count):
            if row != one and row != other:
                total = sums[each, one, row] + sums[each ^ variant, other, row]
                sums[each, one, row] = total
                sums[each, row, one] = total
    for row in range(count):
        refused[one, row] = False
        refused[row, one] = False


@compiled
def _find_best(
    sums: Array,
    size: Array,
    inside: Array,
    alive: Array,
    refused: Array,
    root: Whole,
    row: Whole,
    best: Array,
    mate: Array,
    kind: Array,
) -> None:
    best[row], mate[row], kind[row] = -np.inf, -1, 0
    if not alive[row]:
        return
    for other in range(sums.shape[1]):
        if other != row and alive[other]:
            _compare(sums, size, inside, refused, root, row, other, best, mate, kind)


@compiled
def _compare(
    sums: Array,
    size: Array,
    inside: Array,
    refused: Array,
    root: Whole,
    row: Whole,
    other: Whole,
    best: Array,
    mate: Array,
    kind: Array,
) -> None:
    if refused[row, other]:
        return
    norm = np.sqrt(max(size[row] + inside[row] / root, 1.0) * max(size[other] + inside[other] / root, 1.0))
    for variant in range(sums.shape[0]):
        score = sums[variant, row, other] / norm
        if score > best[row]:
            best[row], mate[row], kind[row] = score, other, variant


@compiled
def _is_consistent(
    sums: Array, size: Array, inside: Array, one: Whole, other: Whole, variant: Whole, share: Whole
) -> bool:
    if size[one] < 2 or size[other] < 2:
        return True
    between = sums[variant, one, other] / (size[one] * size[other])
    first = inside[one] / (size[one] * (size[one] - 1))
    second = inside[other] / (size[other] * (size[other] - 1))
    return bool(between >= share * np.sqrt(max(first, 0.0) * max(second, 0.0)))
