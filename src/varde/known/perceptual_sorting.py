"""Inner loops of building a table of 256-bit hashes; what they build is told in `varde.known.perceptual_kernels`."""

from __future__ import annotations

import numpy as np

from varde.known.perceptual_kernels import CHUNKS, Array, Whole, measure_distance
from varde.segments.compiled import compiled, prefetch


@compiled
def number_distinct(words: Array, slots: Array, numbers: Array, firsts: Array) -> Whole:
    """Returns how many hashes are distinct, and numbers them in the order they are met.

    Args:
        words: (N, 4) uint64.
        slots: (2**k,) uint32 of zeros, 2**k > N: working memory, a hash table.
        numbers: (N,) uint32, out: number of each hash.
        firsts: (N,) uint32, out: the first row of each number.
    """
    mask = np.uint64(len(slots) - 1)
    distinct = 0
    for row in range(len(words)):
        if row + 16 < len(words):
            prefetch(slots, np.int64(_mix(words, row + 16) & mask))
        slot = _mix(words, row) & mask
        while True:
            number = np.int64(slots[slot])
            if number == 0:
                slots[slot] = distinct + 1
                firsts[distinct] = row
                numbers[row] = distinct
                distinct += 1
                break
            if measure_distance(words, np.int64(firsts[number - 1]), words, row) == 0:
                numbers[row] = number - 1
                break
            slot = (slot + np.uint64(1)) & mask
    return distinct


@compiled
def _mix(words: Array, row: Whole) -> Whole:
    mixed = np.uint64(0x9E3779B97F4A7C15)
    for word in range(4):
        mixed = (mixed ^ words[row, word]) * np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(32)
    return mixed


@compiled
def sort_chunk(
    chunks: Array, chunk: Whole, shift: Whole, expanded: Whole, directory: Array, signatures: Array, members: Array
) -> None:
    """Counting-sorts the hashes by the upper bits of one chunk.

    Args:
        chunks: (U, 16) uint16.
        shift: how many low bits to leave out; 0 where expanded.
        expanded: whether each hash stands in the groups one bit away too.
        directory: (groups + 1,) uint32, out.
        signatures: (S + 32,) uint16, out; S is U, or 17 U where expanded.
        members: (3 S,) uint8, out.
    """
    number, groups, after = len(chunks), len(directory) - 1, (chunk + 1) & 15
    copies = 1 + CHUNKS if expanded else 1
    directory[:] = 0
    for row in range(number):
        group = np.int64(chunks[row, chunk]) >> shift
        for copy in range(copies):
            directory[(group if copy == 0 else group ^ (1 << (copy - 1))) + 1] += 1
    for group in range(groups):
        directory[group + 1] += directory[group]
    nexts = directory[:groups].copy()
    for row in range(number):
        value = np.int64(chunks[row, chunk]) >> shift
        for copy in range(copies):
            group = value if copy == 0 else value ^ (1 << (copy - 1))
            at = np.int64(nexts[group])
            nexts[group] += 1
            signatures[at] = chunks[row, after]
            members[3 * at] = row & 255
            members[3 * at + 1] = (row >> 8) & 255
            members[3 * at + 2] = row >> 16
    signatures[copies * number :] = 0
