"""What the sketches of one sensor have in common: the sign of their sum, a fingerprint at sketch precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.middle import Middle
from varde.camera.sketch import turn_signs
from varde.camera.sketch_rows import SketchRows
from varde.camera.source_pairs import Scores, score_signs

Words = NDArray[np.uint64]

_AT_ONCE: Final = 256

MOST_MEMBERS: Final = 128
"""Sketches a reference is made of at most, evenly spread over its cluster: more add little and cost 5 ms each."""


def make_reference(rows: SketchRows, members: Sequence[int], variants: Sequence[int], middle: Middle) -> Words:
    """Returns the signs that most members have, (W,) uint64; where as many have either, a fixed bit of both.

    Args:
        rows: sketches of one family.
        members: rows of one cluster.
        variants: of each member: 1 where it lies turned by 180 degrees.
        middle: that the sketches cover.
    """
    step = max(1, -(-len(members) // MOST_MEMBERS))
    sums = np.zeros(middle.words * 64, np.int16)
    chosen = list(zip(members, variants, strict=True))[::step]
    for member, variant in chosen:
        words = rows.take_one(member)
        words = turn_signs(words, middle, 2) if variant else words
        sums += np.unpackbits(words.view(np.uint8), bitorder="little")
    sums *= 2
    undecided = np.arange(len(sums)) & 1
    bits = np.where(sums == len(chosen), undecided, sums > len(chosen)).astype(np.uint8)
    bits[middle.pixels :] = 0
    return np.packbits(bits, bitorder="little").view(np.uint64)


def score_references(rows: Words, references: Sequence[Words], middle: Middle) -> Scores:
    """Returns z of every reference with every row, (2, K, N) float32: as the row is, and turned by 180 degrees."""
    if not references:
        return np.zeros((2, 0, len(rows)), np.float32)
    as_is = np.stack(references)
    turned = np.stack([turn_signs(each, middle, 2) for each in references])
    return np.stack([score_signs(rows, as_is, middle.pixels).T, score_signs(rows, turned, middle.pixels).T])


def compute_reference_fits(rows: SketchRows, members: Sequence[int], variants: Sequence[int], middle: Middle) -> Scores:
    """Returns z of each member with what others have in common, (M,) float32: every second one makes a reference.

    A member is compared with the half that it is not in, so that it is not compared with itself.
    """
    fits = np.empty(len(members), np.float32)
    kinds = np.array(variants, np.int64)
    for half in range(2):
        reference = make_reference(rows, members[half::2], variants[half::2], middle)
        others = np.arange(1 - half, len(members), 2)
        for start in range(0, len(others), _AT_ONCE):
            some = others[start : start + _AT_ONCE]
            scores = score_references(rows.take(np.array(members)[some]), [reference], middle)[:, 0]
            fits[some] = scores[kinds[some], np.arange(len(some))]
    return fits
