"""Behaviour of comparing a few hashes with many: as a slow and obvious comparison finds them."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.errors import WrongUse
from varde.known.near import find_near


def find_slowly(stored: np.ndarray, hashes: np.ndarray, most: int) -> set[tuple[int, int, int]]:
    found = set()
    for row, one in enumerate(stored):
        for which, other in enumerate(hashes):
            distance = sum(bin(a ^ b).count("1") for a, b in zip(one.tolist(), other.tolist(), strict=True))
            if distance <= most:
                found.add((row, which, distance))
    return found


@pytest.mark.parametrize("most", [0, 1, 15, 31])
def test_finds_what_a_slow_comparison_finds(most: int) -> None:
    rng = np.random.default_rng(5)
    stored = rng.integers(0, 256, (300, 32), dtype=np.uint8)
    hashes = stored[[3, 200]].copy()
    for row, bits in ((10, 1), (11, 15), (12, 16), (13, 31), (14, 32), (15, 128)):
        flipped = np.unpackbits(hashes[0])
        flipped[rng.choice(256, bits, replace=False)] ^= 1
        stored[row] = np.packbits(flipped)
    found = {
        (int(row), which, int(distance))
        for rows, which, distances in find_near(stored, hashes, most)
        for row, distance in zip(rows, distances, strict=True)
    }
    assert found == find_slowly(stored, hashes, most)


def test_opposite_hashes_are_256_apart_and_never_near() -> None:
    nothing, everything = np.zeros((1, 32), np.uint8), np.full((1, 32), 255, np.uint8)
    assert list(find_near(nothing, everything, 31)) == []
    ((rows, which, distances),) = find_near(everything, everything, 0)
    assert (rows.tolist(), which, distances.tolist()) == ([0], 0, [0])


def test_nothing_stored_or_asked_is_nothing_found() -> None:
    none, one = np.empty((0, 32), np.uint8), np.zeros((1, 32), np.uint8)
    assert list(find_near(none, one, 31)) == list(find_near(one, none, 31)) == []


@pytest.mark.parametrize(("shape", "most"), [((1, 31), 31), ((32,), 31), ((1, 32), 32), ((1, 32), -1)])
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], most: int) -> None:
    with pytest.raises(WrongUse):
        list(find_near(np.zeros(shape, np.uint8), np.zeros((1, 32), np.uint8), most))
