"""Behaviour of stacks: against the slow, obvious way, and what a person relies on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known.perceptual import HashIndex
from varde.review import stacks
from varde.review.stacks import MAX_DISTANCE, choose_leaders


def make_family(seed: int, count: int, *, bases: int, most_flips: int) -> NDArray[np.uint8]:
    """Returns hashes that lie around a few others, so that many are near the limit."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 256, (bases, 32), np.uint8)[rng.integers(0, bases, count)]
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.choice(256, rng.integers(0, most_flips + 1), replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def choose_slowly(hashes: NDArray[np.uint8], most: int) -> tuple[list[int], list[int]]:
    leaders, distances = list[int](), list[int]()
    for row in range(len(hashes)):
        known = sorted(set(leaders))
        apart = [(int(np.bitwise_count(hashes[row] ^ hashes[leader]).sum()), leader) for leader in known]
        distance, leader = min((pair for pair in apart if pair[0] <= most), default=(0, row))
        leaders.append(leader)
        distances.append(distance)
    return leaders, distances


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    count=st.integers(0, 120),
    bases=st.integers(1, 12),
    most_flips=st.integers(0, 9),
    most=st.sampled_from([0, 4, MAX_DISTANCE, 20]),
)
def test_leaders_are_those_of_the_slow_way(seed: int, count: int, bases: int, most_flips: int, most: int) -> None:
    hashes = make_family(seed, count, bases=bases, most_flips=most_flips)
    leaders, distances = choose_leaders(hashes, HashIndex, most)
    assert (leaders.tolist(), distances.tolist()) == choose_slowly(hashes, most)


def test_size_of_the_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = make_family(1, 700, bases=60, most_flips=7)
    whole = choose_leaders(hashes, HashIndex)
    monkeypatch.setattr(stacks, "_BLOCK", 16)
    pieces = choose_leaders(hashes, HashIndex)
    assert [part.tolist() for part in whole] == [part.tolist() for part in pieces]


def test_steps_do_not_chain() -> None:
    bits = np.zeros((12, 256), np.uint8)
    for row in range(12):
        bits[row, : 6 * row] = 1  # each is 6 bits from the next
    leaders, distances = choose_leaders(np.packbits(bits, axis=1), HashIndex)
    assert distances.max() <= MAX_DISTANCE
    assert leaders.tolist() == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10]


def test_what_comes_later_changes_nothing_before() -> None:
    hashes = make_family(2, 400, bases=30, most_flips=8)
    before, _ = choose_leaders(hashes[:250], HashIndex)
    after, _ = choose_leaders(hashes, HashIndex)
    assert after[:250].tolist() == before.tolist()


def test_many_of_the_same_are_one_stack() -> None:
    leaders, distances = choose_leaders(np.full((9_000, 32), 0b1010, np.uint8), HashIndex)
    assert not leaders.any()
    assert not distances.any()


def test_hashes_of_another_length_are_refused() -> None:
    with pytest.raises(WrongUse):
        choose_leaders(np.zeros((3, 16), np.uint8), HashIndex)


def test_eight_bits_are_one_stack_and_nine_are_two() -> None:
    bits = np.zeros((3, 256), np.uint8)
    bits[1, :8] = 1
    bits[2, 100:109] = 1
    leaders, _ = choose_leaders(np.packbits(bits, axis=1), HashIndex)
    assert leaders.tolist() == [0, 0, 2]
