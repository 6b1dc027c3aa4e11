"""Inner loops of comparing two pictures point by point; `varde.known.alignment` says what they are for."""

from __future__ import annotations

from typing import Any

import numpy as np

from varde.known.compiled import compiled, count_bits

Array = Any


@compiled
def find_pairs(query: Array, known: Array, most: int, pairs: Array) -> int:
    """Writes the pairs of points that are each other's nearest, and returns how many there are.

    Args:
        query: (Q, 2) uint64 signatures.
        known: (K, 2) uint64 signatures.
        most: largest distance of a pair in bits.
        pairs: (Q, 2) int32, gets number of the query's and of the known point.
    """
    nearest_known = np.full(len(query), -1, np.int32)
    nearest_query = np.full(len(known), -1, np.int32)
    best_query = np.full(len(query), most + 1, np.int32)
    best_known = np.full(len(known), most + 1, np.int32)
    for i in range(len(query)):
        for j in range(len(known)):
            apart = count_bits(query[i, 0] ^ known[j, 0]) + count_bits(query[i, 1] ^ known[j, 1])
            if apart < best_query[i]:
                best_query[i], nearest_known[i] = apart, j
            if apart < best_known[j]:
                best_known[j], nearest_query[j] = apart, i
    found = 0
    for i in range(len(query)):
        j = nearest_known[i]
        if j >= 0 and nearest_query[j] == i:
            pairs[found, 0], pairs[found, 1] = i, j
            found += 1
    return found


@compiled
def count_support(pairs: Array, tolerance_px: float, counts: Array) -> None:
    """Counts for each pair how many pairs agree with the similarity that it alone implies.

    Args:
        pairs: (P, 6) float32: known x, y, query x, y, log2 of query size to known size, query angle less known angle.
        tolerance_px: in the query's frame; a pair must also agree in size within a factor of 2 and in angle.
        counts: (P,) int32, gets the numbers; a pair agrees with itself.
    """
    for i in range(len(pairs)):
        scale = 2.0 ** pairs[i, 4]
        cosine, sine = scale * np.cos(pairs[i, 5]), scale * np.sin(pairs[i, 5])
        shift_x = pairs[i, 2] - cosine * pairs[i, 0] + sine * pairs[i, 1]
        shift_y = pairs[i, 3] - sine * pairs[i, 0] - cosine * pairs[i, 1]
        limit = (tolerance_px * min(1.0, scale)) ** 2
        count = 0
        for j in range(len(pairs)):
            turned = np.abs((pairs[j, 5] - pairs[i, 5] + np.pi) % (2 * np.pi) - np.pi)
            if np.abs(pairs[j, 4] - pairs[i, 4]) > 1.0 or turned > 0.6:
                continue
            x = cosine * pairs[j, 0] - sine * pairs[j, 1] + shift_x - pairs[j, 2]
            y = sine * pairs[j, 0] + cosine * pairs[j, 1] + shift_y - pairs[j, 3]
            if x * x + y * y <= limit:
                count += 1
        counts[i] = count


@compiled
def vote(
    starts: Array,
    pictures: Array,
    signatures: Array,
    cells: Array,
    query: Array,
    longest: int,
    worth: Array,
    scores: Array,
    stamps: Array,
) -> None:
    """Adds what each point of a query speaks for: every picture that has a nearly equal point, once.

    Args:
        starts: (65537,) int64: where each pair of words begins in the postings.
        pictures: (P,) uint32: picture of each posting.
        signatures: (P, 2) uint64: signature of each posting.
        cells: (Q, C) int32: pairs of words to look under, for each point of the query.
        query: (Q, 2) uint64 signatures.
        longest: pairs of words with more postings say too little and are left out.
        worth: (D,) float32: what a posting at each distance in bits is worth; none from D on.
        scores: (N,) float32, by picture, is added to.
        stamps: (N,) int32, by picture: the last point of the query that spoke for it.
    """
    total = np.float32(len(pictures))
    for point in range(len(cells)):
        for choice in range(cells.shape[1]):
            first, last = starts[cells[point, choice]], starts[cells[point, choice] + 1]
            if last - first > longest:
                continue
            rarity = np.log2(total / np.float32(last - first + 1))
            for at in range(first, last):
                apart = count_bits(signatures[at, 0] ^ query[point, 0]) + count_bits(
                    signatures[at, 1] ^ query[point, 1]
                )
                if apart < len(worth):
                    picture = pictures[at]
                    if stamps[picture] != point:
                        stamps[picture] = point
                        scores[picture] += worth[apart] * rarity
