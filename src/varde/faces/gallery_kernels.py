"""Inner loops of the gallery: quantising vectors, and scanning the codes for what may be among the closest.

Convention: see `varde.faces.gallery_codes`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from varde.faces.gallery_machine import PROBES, ROWS, STEP, STEP_BYTES, make_scorer, mark_scores
from varde.segments.compiled import compiled, lowest_bit

Array = Any
Whole = Any
Real = Any

HALF: Final = 31.5
"""Half of the 63 steps between the least and the largest code."""

_LEVELS: Final = 64
_SHRINKS: Final = (1.0, 0.93, 0.86, 0.8, 0.74)
"""Parts of the scale that holds every component without clipping: the one that loses least is taken."""

_CEILING: Final = np.float32(1.000001)

_score_one = make_scorer(1)
_score_several = make_scorer(PROBES)


@compiled
def encode(vectors: Array, codes: Array, scales: Array, residuals: Array) -> None:
    """Writes the codes, scales and block residuals of vectors.

    Args:
        vectors: (N, D) float32.
        codes: (B, steps * STEP_BYTES) uint8 of zeros, out.
        scales: (B * ROWS,) float32 of zeros, out.
        residuals: (B,) float32 of zeros, out; never less than the largest residual of the block.
    """
    dimensions = vectors.shape[1]
    levels = np.empty(dimensions, np.uint8)
    for row in range(len(vectors)):
        scale = _choose_scale(vectors[row])
        scales[row] = scale
        residual = _quantise(vectors[row], scale, levels)
        block, lane = row // ROWS, row % ROWS
        residuals[block] = max(residuals[block], np.float32(residual) * _CEILING)
        for each in range(dimensions):
            _put(codes[block], lane, each, levels[each])


@compiled
def scan(
    codes: Array, scales: Array, residuals: Array, blocks: Array, rows: Whole, words: Array, factors: Array,
    biases: Array, spreads: Array, slacks: Array, floors: Array, margin: Real, heaps: Array, allowed: Array,
    found_rows: Array, found_bounds: Array, counts: Array,
) -> None:  # fmt: skip
    """Writes which rows may reach what counts so far, with a bound that their true scores do not exceed.

    Args:
        codes: flat uint8.
        scales: (B * ROWS,) float32.
        residuals: (B,) float32.
        blocks: (2,) int64, the first and the one after the last to look at.
        rows: how many rows there are.
        words: flat int32, of 1 or `PROBES` probes.
        factors, biases: of the probes, float32 and int32; see `make_scorer`.
        spreads, slacks: (P,) float32; a row's true score is at most its score + residual * spread + slack.
        floors: (P,) float32, the highest bound at which a row was left out so far; raised here.
        margin: how much below the K-th largest score a bound may be before its row is left out.
        heaps: (P, K) float32, the largest scores so far, the least first; updated here.
        allowed: (rows,) uint8, 0 for rows that do not count; empty where all do.
        found_rows, found_bounds: (P, M) uint32 and float32, out; M is at least the rows of the blocks.
        counts: (P,) int64, out.
    """
    probes = len(factors)
    block_bytes = len(codes) // max(1, len(residuals))
    steps = block_bytes // STEP_BYTES
    scores = np.empty(PROBES * ROWS, np.float32)
    for block in range(blocks[0], blocks[1]):
        if probes == 1:
            _score_one(codes, block * block_bytes, steps, words, scales, block * ROWS, factors, biases, scores)
        else:
            _score_several(codes, block * block_bytes, steps, words, scales, block * ROWS, factors, biases, scores)
        for probe in range(probes):
            reach = residuals[block] * spreads[probe] + slacks[probe]
            marks = mark_scores(scores, probe * ROWS, floors[probe] - reach)
            while marks:
                lane = lowest_bit(marks)
                marks &= marks - np.uint32(1)
                row = block * ROWS + lane
                if row >= rows or (len(allowed) and not allowed[row]):
                    continue
                score = scores[probe * ROWS + lane]
                if score + reach < floors[probe]:
                    continue
                found_rows[probe, counts[probe]] = row
                found_bounds[probe, counts[probe]] = score + reach
                counts[probe] += 1
                if score > heaps[probe, 0]:
                    _replace_least(heaps[probe], score)
                    floors[probe] = max(floors[probe], heaps[probe, 0] - margin)


@compiled
def score_rows(vectors: Array, probe: Array, scores: Array) -> None:
    """Writes the true score of each vector: products summed in float64, in one order, rounded to float32 once."""
    for row in range(len(vectors)):
        total = 0.0
        for each in range(len(probe)):
            total += np.float64(vectors[row, each]) * np.float64(probe[each])
        scores[row] = np.float32(total)


@compiled
def _choose_scale(vector: Array) -> Real:
    """Returns the scale under which the codes lose least of a vector: the best of a few, fitted by least squares."""
    largest = np.float32(0)
    for each in range(len(vector)):
        largest = max(largest, abs(vector[each]))
    best, chosen = -1.0, np.float32(0)
    for shrink in _SHRINKS:
        scale = np.float64(largest) * shrink / HALF
        with_vector, with_itself = 0.0, 0.0
        for each in range(len(vector)):
            level = np.float64(_find_level(vector[each], scale)) - HALF
            with_vector += vector[each] * level
            with_itself += level * level
        kept = with_vector * with_vector / with_itself
        if kept > best:
            best, chosen = kept, np.float32(with_vector / with_itself)
    return chosen


@compiled
def _quantise(vector: Array, scale: Real, levels: Array) -> Real:
    """Returns the length of what the codes lose of a vector, and writes the codes."""
    lost = 0.0
    for each in range(len(vector)):
        levels[each] = _find_level(vector[each], np.float64(scale))
        left = np.float64(vector[each]) - np.float64(scale) * (np.float64(levels[each]) - HALF)
        lost += left * left
    return np.sqrt(lost)


@compiled
def _find_level(value: Real, scale: Real) -> Whole:
    return np.uint8(min(max(np.floor(np.float64(value) / scale) + _LEVELS // 2, 0.0), _LEVELS - 1.0))


@compiled
def _put(block: Array, lane: Whole, dimension: Whole, level: Whole) -> None:
    """Writes one 6-bit code into a block of zeros."""
    step, within = dimension // STEP, dimension % STEP
    vector, byte = within // 4, within % 4
    place = step * STEP_BYTES + lane * 4 + byte
    if vector < 3:
        block[place + vector * 64] |= np.uint8(level)
        return
    for part in range(3):
        block[place + part * 64] |= np.uint8(((level >> (2 * part)) & 3) << 6)


@compiled
def _replace_least(heap: Array, value: Real) -> None:
    """Puts a value in the place of the least of a heap."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= len(heap):
            break
        if child + 1 < len(heap) and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = value
