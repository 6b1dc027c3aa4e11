"""Inner loops of comparing two pictures point by point; `varde.known.alignment` says what they are for."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import compiled, count_bits

Array = Any

BLOCK: Final = 256


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
    most = len(worth)
    apart = np.empty(BLOCK, np.uint8)
    for point in range(len(cells)):
        first_half, second_half = query[point, 0], query[point, 1]
        for choice in range(cells.shape[1]):
            first, last = starts[cells[point, choice]], starts[cells[point, choice] + 1]
            if last - first > longest:
                continue
            rarity = np.log2(total / np.float32(last - first + 1))
            for block in range(first, last, BLOCK):
                # Counting without deciding lets the compiler count several at once.
                size = min(BLOCK, last - block)
                for at in range(size):
                    apart[at] = count_bits(signatures[block + at, 0] ^ first_half) + count_bits(
                        signatures[block + at, 1] ^ second_half
                    )
                for at in range(size):
                    if apart[at] < most:
                        picture = pictures[block + at]
                        # No index that was built here names pictures beyond its last one; a file may.
                        if picture < len(stamps) and stamps[picture] != point:
                            stamps[picture] = point
                            scores[picture] += worth[apart[at]] * rarity


@compiled
def find_best(scores: Array, best: Array) -> int:
    """Writes the places of the largest positive scores, largest first, and returns how many there are.

    Args:
        scores: (N,) float32.
        best: (K,) int64, gets at most K places; of equal scores the earlier one counts more.
    """
    found = 0
    for at in range(len(scores)):
        score = scores[at]
        if score <= 0 or (found == len(best) and score <= scores[best[found - 1]]):
            continue
        if found < len(best):
            found += 1
        place = found - 1
        while place > 0 and scores[best[place - 1]] < score:
            best[place] = best[place - 1]
            place -= 1
        best[place] = at
    return found
