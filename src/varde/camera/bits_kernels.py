"""Inner loops over sign bits: how many of them differ.

Convention: words are uint64; the loop over a slice of words is one that the compiler turns into vector instructions,
which it does not where several queries are counted in one loop.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import compiled, count_bits

Array = Any
Whole = Any

_TILE: Final = 1_024
"""Words of a row that stay in the innermost cache while all queries are compared with them."""


@compiled
def count_differing(one: Array, other: Array) -> Whole:
    """Returns how many bits of two equally long (W,) uint64 differ."""
    differing = 0
    for each in range(len(one)):
        differing += count_bits(one[each] ^ other[each])
    return differing


@compiled
def count_differing_within(one: Array, other: Array, within: Array) -> Whole:
    """Returns how many bits of two (W,) uint64 differ where `within` has a 1."""
    differing = 0
    for each in range(len(one)):
        differing += count_bits((one[each] ^ other[each]) & within[each])
    return differing


@compiled
def scan_rows(rows: Array, queries: Array, within: Array, differing: Array) -> None:
    """Writes for every row how many bits differ from every query.

    Args:
        rows: (N, W) uint64.
        queries, within: (Q, W) uint64: the bits, and which of them count.
        differing: (N, Q) int64, out.
    """
    words = rows.shape[1]
    for row in range(len(rows)):
        for query in range(len(queries)):
            differing[row, query] = 0
        for start in range(0, words, _TILE):
            end = min(words, start + _TILE)
            for query in range(len(queries)):
                differing[row, query] += count_differing_within(
                    rows[row, start:end], queries[query, start:end], within[query, start:end]
                )


@compiled
def fill_words(words: Array, within: Array, salt: Whole) -> None:
    """Replaces the bits of (W,) uint64 that `within` leaves out by those of a fixed sequence that the salt begins."""
    state = np.uint64(salt)
    for each in range(len(words)):
        state += np.uint64(0x9E3779B97F4A7C15)
        if within[each] == np.uint64(0xFFFFFFFFFFFFFFFF):
            continue
        mixed = state  # splitmix64 (Steele, Lea, Flood 2014)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        words[each] = (words[each] & within[each]) | (mixed & ~within[each])
