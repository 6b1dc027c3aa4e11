"""Inner loops of the exact table: a blocked Bloom filter, and a directory over sorted 64-bit prefixes.

Convention: `keys` (N,) uint64 ascending are the first 8 bytes of digests; `directory[b]` is where the keys begin whose
upper bits are b. The filter is blocks of eight uint32; a key sets one bit in each word of one block.
Source: split block Bloom filter, Apache Parquet's format documentation; after Putze, Sanders, Singler 2009.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import compiled, prefetch

BLOCK_WORDS: Final = 8

_TOGETHER: Final = 64
_MIX: Final = 0x9E3779B97F4A7C15
_SALTS: Final = np.array(
    [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31], np.uint32
)

Array = Any
Whole = Any


@compiled
def add_to_filter(keys: Array, blocks: Array) -> None:
    """Sets the bits of the keys in the flat filter."""
    number = len(blocks) // BLOCK_WORDS
    for row in range(len(keys)):
        if row + _TOGETHER < len(keys):
            prefetch(blocks, _choose_block(keys[row + _TOGETHER], number))
        block = _choose_block(keys[row], number)
        for word in range(BLOCK_WORDS):
            blocks[block + word] |= _choose_bit(keys[row], word)


@compiled
def find_keys(
    probes: Array, blocks: Array, directory: Array, shift: Whole, keys: Array, starts: Array, ends: Array
) -> Whole:
    """Returns how many probes are there, and writes where: probe i is at `starts[i]` up to `ends[i]`, equal if absent.

    Args:
        probes: (M,) uint64.
        blocks: the filter.
        directory: (2**(64 - shift) + 1,) uint32; shift is below 64.
        keys: (N,) uint64.
        starts, ends: (M,) int64, out.
    """
    present = 0
    number = len(blocks) // BLOCK_WORDS
    waiting = np.empty(_TOGETHER, np.int64)
    for low in range(0, len(probes), _TOGETHER):
        high = min(low + _TOGETHER, len(probes))
        for row in range(low, high):
            prefetch(blocks, _choose_block(probes[row], number))
        passed = 0
        for row in range(low, high):
            starts[row] = ends[row] = 0
            if _may_hold(probes[row], blocks, number):
                prefetch(directory, np.int64(probes[row] >> np.uint64(shift)))
                waiting[passed] = row
                passed += 1
        for place in range(passed):
            row = waiting[place]
            bucket = np.int64(probes[row] >> np.uint64(shift))
            # No directory that was built here points beyond the keys; a file may.
            starts[row], ends[row] = directory[bucket], min(np.int64(directory[bucket + 1]), len(keys))
            prefetch(keys, starts[row])
        for place in range(passed):
            row = waiting[place]
            start = _find_place(keys, probes[row], starts[row], ends[row])
            end = start
            if start < ends[row] and keys[start] == probes[row]:
                end = start + 1
                if end < ends[row] and keys[end] == probes[row]:
                    end = ends[row]
                    if probes[row] < np.uint64(0xFFFFFFFFFFFFFFFF):
                        end = _find_place(keys, probes[row] + np.uint64(1), start, ends[row])
                present += 1
            starts[row], ends[row] = start, end
    return present


@compiled
def count_buckets(keys: Array, shift: Whole, counts: Array) -> None:
    """Adds to `counts[b + 1]` how many keys have the upper bits b."""
    for row in range(len(keys)):
        counts[np.int64(keys[row] >> np.uint64(shift)) + 1] += np.uint32(1)


@compiled
def _choose_block(key: Whole, number: Whole) -> Whole:
    mixed = (key * np.uint64(_MIX)) >> np.uint64(32)
    return np.int64((mixed * np.uint64(number)) >> np.uint64(32)) * BLOCK_WORDS


@compiled
def _choose_bit(key: Whole, word: Whole) -> Whole:
    low = np.uint32((key * np.uint64(_MIX)) & np.uint64(0xFFFFFFFF))
    return np.uint32(1) << np.uint32(np.uint32(low * _SALTS[word]) >> np.uint32(27))


@compiled
def _may_hold(key: Whole, blocks: Array, number: Whole) -> Whole:
    block = _choose_block(key, number)
    word = 0
    while word < BLOCK_WORDS and blocks[block + word] & _choose_bit(key, word):
        word += 1
    return word == BLOCK_WORDS


@compiled
def _find_place(keys: Array, key: Whole, low: Whole, high: Whole) -> Whole:
    """Returns the first place in `keys[low:high]` whose key is not below; high if all are."""
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low
