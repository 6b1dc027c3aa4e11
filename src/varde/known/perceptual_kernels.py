"""Inner loops of the exact search of 256-bit hashes; the idea and its proof are in `varde.known.perceptual_table`.

Convention: a hash is seen as 4 uint64 or as 16 uint16 chunks of the same 32 bytes. `words` (U, 4) uint64 are the
distinct hashes. For every chunk c the hashes are sorted into groups by the upper bits of that chunk:
`directory[c * (groups + 1) + g]` is where group g begins, `signatures[c * stride + i]` is the *next* chunk of the i-th
hash in this order, and `members[3 * (c * U + i)]` its number in `words`, three bytes, lowest first.

An *expanded* table is for few hashes and very many probes: a hash stands in the group of its chunk's value and in those
of all values one bit away, 17 times in all, so that a probe visits one group of a chunk instead of 17.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.segments.compiled import HASHES, LANES, compiled, count_bits, lowest_bit, near_hashes, near_lanes, prefetch

CHUNKS: Final = 16
PENDING: Final = 256
"""Candidates verified at a time; the arrays of results must have room for as many beyond what is wanted."""

_NEAR: Final = 4
_FAR: Final = 8
_LINE_U32: Final = 16
_BLOCK: Final = 8_192
"""Hashes that stay near while all probes are compared with them."""
_LINES_AHEAD: Final = 8
_CANDIDATE_COST: Final = 48
"""What verifying one candidate costs, in signatures compared."""

Array = Any
Whole = Any


@compiled
def measure_distance(words: Array, at: Whole, probes: Array, probe: Whole) -> Whole:
    """Returns the number of differing bits of one hash and one probe."""
    return (
        count_bits(words[at, 0] ^ probes[probe, 0])
        + count_bits(words[at, 1] ^ probes[probe, 1])
        + count_bits(words[at, 2] ^ probes[probe, 2])
        + count_bits(words[at, 3] ^ probes[probe, 3])
    )


@compiled
def find_first_chunk(words: Array, at: Whole, probes: Array, probe: Whole, budgets: Array, shift: Whole) -> Whole:
    """Returns the first chunk by which `search_tables` meets this pair; 16 if by none."""
    for chunk in range(CHUNKS):
        after = (chunk + 1) & 15
        move = np.uint64((chunk & 3) * 16)
        here = ((words[at, chunk >> 2] ^ probes[probe, chunk >> 2]) >> move) & np.uint64(0xFFFF)
        move = np.uint64((after & 3) * 16)
        there = ((words[at, after >> 2] ^ probes[probe, after >> 2]) >> move) & np.uint64(0xFFFF)
        apart = count_bits(here >> np.uint64(shift))
        if apart < budgets[chunk] and apart + count_bits(there) < budgets[chunk] + budgets[after]:
            return chunk
    return CHUNKS


@compiled
def search_tables(
    words: Array,
    directory: Array,
    signatures: Array,
    members: Array,
    shift: Whole,
    expanded: Whole,
    probes: Array,
    chunks: Array,
    budgets: Array,
    most: Whole,
    spent: Array,
    scan_from: Array,
    cursor: Array,
    found_probe: Array,
    found_member: Array,
    found_distance: Array,
) -> Whole:
    """Fills the arrays with matches and returns how many; `cursor` says where to go on, `cursor[0]` = 16 M when done.

    Args:
        probes, chunks: (M, 4) uint64 and (M, 16) uint16 of the same bytes.
        budgets: (16,) int64, see `varde.known.perceptual_table`.
        most: largest distance.
        spent: (M,) int64, work done for each probe so far, in signatures.
        scan_from: (M,) int64, set to the chunk from which on a probe's groups are too dear; pairs that are met by
            that chunk or a later one first are then left to `scan_words`.
        cursor: (3,) int64: unit of work (chunk-major), group and place in it.
    """
    count, number, groups = len(probes), len(words), 1 << (CHUNKS - shift)
    stride, sorted_rows = len(signatures) // CHUNKS, len(members) // (3 * CHUNKS)
    flips = 0 if expanded else CHUNKS - shift
    # What the groups of one chunk, and of all chunks, may cost before scanning all hashes is cheaper.
    dearest, allowance = number >> 3, 8 * number
    pending_probe = np.empty(PENDING, np.int64)
    pending_place = np.empty(PENDING, np.int64)
    pending_chunk = np.empty(PENDING, np.int64)
    pending = 0
    found = 0
    unit, group, place = cursor[0], cursor[1], cursor[2]
    chunk, probe = unit // count, unit % count
    # Directory lines are asked for `_FAR` units of work ahead, the groups they name `_NEAR` units ahead.
    far_chunk, far_probe = chunk, probe
    near_chunk, near_probe = chunk, probe
    for _ahead in range(_FAR):
        if far_chunk < CHUNKS:
            _prefetch_directory(directory, groups, shift, flips, chunks[far_probe, far_chunk], far_chunk)
            far_chunk, far_probe = _step(far_chunk, far_probe, count)
    for _ahead in range(_NEAR):
        if near_chunk < CHUNKS:
            _prefetch_groups(
                directory, groups, shift, flips, signatures, stride, chunks[near_probe, near_chunk],
                near_chunk, budgets[near_chunk],
            )  # fmt: skip
            near_chunk, near_probe = _step(near_chunk, near_probe, count)
    while chunk < CHUNKS:
        if far_chunk < CHUNKS:
            _prefetch_directory(directory, groups, shift, flips, chunks[far_probe, far_chunk], far_chunk)
            far_chunk, far_probe = _step(far_chunk, far_probe, count)
        if near_chunk < CHUNKS:
            _prefetch_groups(
                directory, groups, shift, flips, signatures, stride, chunks[near_probe, near_chunk],
                near_chunk, budgets[near_chunk],
            )  # fmt: skip
            near_chunk, near_probe = _step(near_chunk, near_probe, count)
        after = (chunk + 1) & 15
        budget = budgets[chunk]
        if budget == 0 or scan_from[probe] <= chunk:
            chunk, probe = _step(chunk, probe, count)
            group, place = 0, -1
            continue
        lookups = 1 if budget == 1 else 1 + flips
        key = np.int64(chunks[probe, chunk]) >> shift
        base = chunk * (groups + 1)
        if place < 0:
            total = np.int64(0)
            for lookup in range(lookups):
                value = key if lookup == 0 else key ^ (1 << (lookup - 1))
                total += np.int64(directory[base + value + 1]) - np.int64(directory[base + value])
            if total > dearest or spent[probe] + total > allowance:
                scan_from[probe] = chunk
                chunk, probe = _step(chunk, probe, count)
                continue
            spent[probe] += total
        while group < lookups:
            value = key if group == 0 else key ^ (1 << (group - 1))
            end = np.int64(directory[base + value + 1])
            if place < 0:
                place = np.int64(directory[base + value])
            limit = min(budget + budgets[after] - 1 - (group > 0), 16)
            while place < end:
                near = near_lanes(signatures, chunk * stride + place, chunks[probe, after], np.uint16(limit))
                if near:
                    if end - place < LANES:
                        near &= (np.uint32(1) << np.uint32(end - place)) - np.uint32(1)
                    while near:
                        at = chunk * sorted_rows + place + lowest_bit(near)
                        near &= near - np.uint32(1)
                        prefetch(members, 3 * at)
                        pending_probe[pending] = probe
                        pending_place[pending] = at
                        pending_chunk[pending] = chunk
                        pending += 1
                place += LANES
                if pending > PENDING - LANES:
                    found = _verify(
                        words, members, shift, probes, budgets, most, spent,
                        pending_probe, pending_place, pending_chunk, pending,
                        found_probe, found_member, found_distance, found,
                    )  # fmt: skip
                    pending = 0
                    if found + PENDING > len(found_probe):
                        cursor[0], cursor[1], cursor[2] = chunk * count + probe, group, place
                        return found
            group += 1
            place = -1
        chunk, probe = _step(chunk, probe, count)
        group, place = 0, -1
    found = _verify(
        words, members, shift, probes, budgets, most, spent,
        pending_probe, pending_place, pending_chunk, pending,
        found_probe, found_member, found_distance, found,
    )  # fmt: skip
    cursor[0], cursor[1], cursor[2] = CHUNKS * count, 0, -1
    return found


@compiled
def scan_words(
    words: Array,
    shift: Whole,
    probes: Array,
    budgets: Array,
    most: Whole,
    scan_from: Array,
    cursor: Array,
    found_probe: Array,
    found_member: Array,
    found_distance: Array,
) -> Whole:
    """As `search_tables`, by comparing every hash with the probes whose `scan_from` is below 16.

    Args:
        cursor: (3,) int64: block of hashes, probe, and place in the block; the block is U or more when done.
    """
    found, block, probe, place = 0, cursor[0], cursor[1], cursor[2]
    flat = words.reshape(words.size)
    while block < len(words):
        end = min(block + _BLOCK, len(words))
        while probe < len(probes):
            while scan_from[probe] < CHUNKS and place < end - block:
                if found + HASHES > len(found_probe):
                    cursor[0], cursor[1], cursor[2] = block, probe, place
                    return found
                low = block + place
                if low + HASHES <= end:
                    near = near_hashes(
                        flat, 4 * low, probes[probe, 0], probes[probe, 1], probes[probe, 2], probes[probe, 3], most
                    )
                else:
                    near = np.uint32((1 << (end - low)) - 1)
                while near:
                    at = low + lowest_bit(near)
                    near &= near - np.uint32(1)
                    distance = measure_distance(words, at, probes, probe)
                    if distance <= most and (
                        scan_from[probe] == 0
                        or find_first_chunk(words, at, probes, probe, budgets, shift) >= scan_from[probe]
                    ):
                        found_probe[found] = probe
                        found_member[found] = at
                        found_distance[found] = distance
                        found += 1
                place += HASHES
            probe += 1
            place = 0
        block, probe = end, 0
    cursor[0], cursor[1], cursor[2] = block, 0, 0
    return found


@compiled
def _step(chunk: Whole, probe: Whole, count: Whole) -> Whole:
    if probe + 1 < count:
        return chunk, probe + 1
    return chunk + 1, 0


@compiled
def _prefetch_directory(
    directory: Array, groups: Whole, shift: Whole, flips: Whole, value: Whole, chunk: Whole
) -> None:
    base, key = chunk * (groups + 1), np.int64(value) >> shift
    prefetch(directory, base + key)
    flip = _LINE_U32
    while flip < 1 << flips:
        prefetch(directory, base + (key ^ flip))
        flip <<= 1


@compiled
def _prefetch_groups(
    directory: Array,
    groups: Whole,
    shift: Whole,
    flips: Whole,
    signatures: Array,
    stride: Whole,
    value: Whole,
    chunk: Whole,
    budget: Whole,
) -> None:
    base, key = chunk * (groups + 1), np.int64(value) >> shift
    lookups = budget if budget < 2 else 1 + flips
    for lookup in range(lookups):
        group = key if lookup == 0 else key ^ (1 << (lookup - 1))
        start = chunk * stride + np.int64(directory[base + group])
        end = min(chunk * stride + np.int64(directory[base + group + 1]), start + _LINES_AHEAD * LANES)
        while start < end:
            prefetch(signatures, start)
            start += LANES
        prefetch(signatures, end)


@compiled
def _verify(
    words: Array,
    members: Array,
    shift: Whole,
    probes: Array,
    budgets: Array,
    most: Whole,
    spent: Array,
    pending_probe: Array,
    pending_place: Array,
    pending_chunk: Array,
    pending: Whole,
    found_probe: Array,
    found_member: Array,
    found_distance: Array,
    found: Whole,
) -> Whole:
    flat = words.reshape(words.size)
    for row in range(pending):
        at = 3 * pending_place[row]
        member = np.int64(members[at]) | np.int64(members[at + 1]) << 8 | np.int64(members[at + 2]) << 16
        prefetch(flat, 4 * member)
        pending_place[row] = member
    for row in range(pending):
        probe, member = pending_probe[row], pending_place[row]
        if member >= len(words):
            continue  # no table that was built here says so; a file may
        spent[probe] += _CANDIDATE_COST
        distance = measure_distance(words, member, probes, probe)
        if distance <= most and find_first_chunk(words, member, probes, probe, budgets, shift) == pending_chunk[row]:
            found_probe[found] = probe
            found_member[found] = member
            found_distance[found] = distance
            found += 1
    return found
