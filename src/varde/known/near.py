"""Compares a few hashes with very many, one after the other: what a person holds in hand with all that is stored.

An index pays where thousands of hashes are asked about. For one, reading every stored hash once is about as fast as the
memory (benchmarks/results/search.md), needs nothing built, and misses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from varde.known.perceptual_table import compute_budgets, read_words


def find_near(
    stored: NDArray[np.uint8], hashes: NDArray[np.uint8], max_distance: int
) -> Iterator[tuple[NDArray[np.int64], int, NDArray[np.int64]]]:
    """Yields, for each hash that has any, the stored hashes within the distance: their rows, its row, the distances.

    Convention: (N, 32) and (M, 32) uint8; distance is the number of differing bits, smaller is closer.

    Args:
        stored: a piece of what is compared with; 65,536 rows at once stay in the processor's cache.
        hashes: what is asked about.
        max_distance: in bits, 0 to 31.

    Raises:
        WrongUse: if a shape, a type or the distance does not fit.
    """
    compute_budgets(max_distance)
    words, asked = read_words(stored), read_words(hashes)
    for row, hash_words in enumerate(asked):
        # 1. Half of the bits rules out nearly everything.
        half = np.bitwise_count(words[:, 0] ^ hash_words[0])
        half += np.bitwise_count(words[:, 1] ^ hash_words[1])
        near = np.flatnonzero(half <= max_distance)
        if not len(near):
            continue
        # 2. All bits of what is left.
        distances = np.bitwise_count(words[near] ^ hash_words).sum(axis=1, dtype=np.int64)
        within = distances <= max_distance
        if within.any():
            yield near[within], row, distances[within]
