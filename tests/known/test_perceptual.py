import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known import perceptual_table
from varde.known.perceptual import HashIndex, is_degenerate


def search_slowly(
    hashes: NDArray[np.uint8], ids: NDArray[np.int64], probes: NDArray[np.uint8], most: int
) -> list[tuple[int, int, int]]:
    """The slow obvious way: every probe with every hash."""
    found = []
    for number, probe in enumerate(probes):
        distances = np.bitwise_count(hashes ^ probe).sum(axis=1, dtype=np.int64)
        found += [(number, int(ids[at]), int(distances[at])) for at in np.flatnonzero(distances <= most)]
    return sorted(found)


def rows(found: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]) -> list[tuple[int, int, int]]:
    assert all(part.dtype == np.int64 and part.ndim == 1 for part in found)
    return sorted(zip(*(part.tolist() for part in found), strict=True))


def flip(hashes: NDArray[np.uint8], counts: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Returns copies with exactly so many bits flipped."""
    bits = np.unpackbits(hashes, axis=1)
    for row, count in enumerate(counts):
        bits[row, generator.choice(256, count, replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def make(kind: str, count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Returns hashes of a distribution as lists have them, or worse."""
    random = generator.integers(0, 256, (count, 32), dtype=np.uint8)
    if kind == "random":
        return random
    if kind == "near constant":
        return flip(np.zeros((count, 32), dtype=np.uint8), generator.integers(0, 40, count), generator)
    if kind == "few values":
        return random[generator.integers(0, min(7, count), count)]
    if kind == "constant halves":
        random[:, : generator.integers(8, 24)] = 255
        return random
    clusters = random[generator.integers(0, min(5, count), count)]
    return flip(clusters, generator.integers(0, 45, count), generator)


KINDS = ["random", "near constant", "few values", "constant halves", "clusters"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [0, 1, 16, 31])
def test_finds_exactly_what_comparing_everything_finds(kind: str, most: int) -> None:
    generator = np.random.default_rng(7)
    hashes = make(kind, 8_000, generator)
    ids = generator.integers(-(1 << 60), 1 << 60, len(hashes))
    probes = np.concatenate([make(kind, 40, generator), flip(hashes[:64], np.arange(64) % 34, generator)])
    assert rows(HashIndex(hashes, ids).search(probes, most)) == search_slowly(hashes, ids, probes, most)


def test_planted_neighbours_are_found_up_to_31_bits_and_not_at_32() -> None:
    generator = np.random.default_rng(3)
    hashes = make("random", 20_000, generator)
    wanted = np.arange(340)
    probes = flip(hashes[wanted], wanted % 34, generator)
    probe, found, distance = HashIndex(hashes, np.arange(len(hashes))).search(probes, 31)
    assert probe.tolist() == [number for number in wanted if number % 34 <= 31]
    assert (found == probe).all()
    assert (distance == probe % 34).all()


@pytest.mark.parametrize("per_chunk", [(0, 31), (15, 16), (2,) * 15 + (1,)])
def test_the_worst_spread_over_the_chunks_is_found(per_chunk: tuple[int, ...]) -> None:
    generator = np.random.default_rng(5)
    hashes = make("random", 30_000, generator)
    bits = np.unpackbits(hashes[11])
    for chunk, count in enumerate(per_chunk):
        for bit in range(count):
            bits[(chunk * 16 + bit * 3) % 256] ^= 1
    probe = np.packbits(bits)[None]
    expected = int(np.bitwise_count(probe ^ hashes[11]).sum())
    assert rows(HashIndex(hashes, np.arange(len(hashes))).search(probe, 31)) == [(0, 11, expected)]


def test_equal_hashes_give_every_id() -> None:
    hashes = np.full((5, 32), 9, dtype=np.uint8)
    ids = np.array([4, 4, 1, -7, 1 << 40])
    probe, found, distance = HashIndex(hashes, ids).search(hashes[:2], 31)
    assert probe.tolist() == [0] * 5 + [1] * 5
    assert found.tolist() == sorted(ids.tolist()) * 2
    assert not distance.any()


def test_results_are_ordered_by_probe_then_distance() -> None:
    generator = np.random.default_rng(9)
    hashes = make("clusters", 2_000, generator)
    probe, _, distance = HashIndex(hashes, np.arange(2_000)).search(hashes[:50], 31)
    assert list(zip(probe.tolist(), distance.tolist(), strict=True)) == sorted(
        zip(probe.tolist(), distance.tolist(), strict=True)
    )


def test_empty_indexes_and_empty_searches_are_ordinary() -> None:
    none = np.empty((0, 32), dtype=np.uint8)
    one = np.zeros((1, 32), dtype=np.uint8)
    empty = HashIndex(none, np.empty(0, dtype=np.int64))
    assert len(empty) == 0
    assert rows(empty.search(one, 31)) == []
    assert rows(HashIndex(one, np.array([3])).search(none, 31)) == []
    assert rows(HashIndex(one, np.array([3])).search(one, 0)) == [(0, 3, 0)]


@pytest.mark.parametrize("most", [-1, 32, 256])
def test_a_distance_that_cannot_be_exact_is_refused(most: int) -> None:
    one = np.zeros((1, 32), dtype=np.uint8)
    with pytest.raises(WrongUse, match="31"):
        HashIndex(one, np.array([1])).search_batches(one, most)


@pytest.mark.parametrize(
    ("hashes", "ids"),
    [
        (np.zeros((2, 31), dtype=np.uint8), np.zeros(2, dtype=np.int64)),
        (np.zeros((2, 32), dtype=np.int64), np.zeros(2, dtype=np.int64)),
        (np.zeros(32, dtype=np.uint8), np.zeros(1, dtype=np.int64)),
        (np.zeros((2, 32), dtype=np.uint8), np.zeros(3, dtype=np.int64)),
        (np.zeros((2, 32), dtype=np.uint8), np.zeros(2, dtype=np.int32)),
    ],
)
def test_wrong_shapes_and_types_are_refused(hashes: NDArray[np.uint8], ids: NDArray[np.int64]) -> None:
    with pytest.raises(WrongUse):
        HashIndex(hashes, ids)


def test_hashes_in_any_memory_layout_are_read() -> None:
    hashes = np.asfortranarray(np.random.default_rng(1).integers(0, 256, (50, 64), dtype=np.uint8))[:, ::2]
    assert len(rows(HashIndex(hashes, np.arange(50)).search(hashes, 0))) == 50


@pytest.mark.parametrize("kind", ["near constant", "few values", "clusters"])
def test_skewed_data_does_not_cost_quadratic_memory(kind: str) -> None:
    generator = np.random.default_rng(2)
    hashes = make(kind, 8_000, generator)
    index = HashIndex(hashes, np.arange(8_000))
    tracemalloc.start()
    total = sum(len(probe) for probe, _, _ in index.search_batches(hashes, 31))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 1_000_000
    assert peak < 100e6


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_small_index_agrees_with_comparing_everything(data: st.DataObject) -> None:
    generator = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    kinds = itertools.cycle([data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from(KINDS))])
    hashes = make(next(kinds), data.draw(st.integers(1, 200)), generator)
    probes = make(next(kinds), data.draw(st.integers(1, 30)), generator)
    ids = np.arange(len(hashes))
    most = data.draw(st.integers(0, 31))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perceptual_table, "_FEWEST_EXPANDED", data.draw(st.sampled_from([1, 64])))
        if data.draw(st.booleans()):  # as if the index were large
            patch.setattr(perceptual_table, "_MOST_EXPANDED", 0)
            patch.setattr(perceptual_table, "_FEWEST_GROUPED", 1)
        assert rows(HashIndex(hashes, ids).search(probes, most)) == search_slowly(hashes, ids, probes, most)


def test_pictures_with_structure_have_half_of_the_bits_and_are_kept() -> None:
    generator = np.random.default_rng(4)
    order = generator.random((500, 256)).argsort(axis=1)
    assert not is_degenerate(np.packbits(order < 128, axis=1)).any()
    assert not is_degenerate(np.packbits(order < 128 - 32, axis=1)).any()


def test_flat_hashes_are_degenerate_whichever_way() -> None:
    few = np.packbits(np.arange(256) < 95)
    hashes = np.stack([np.zeros(32, np.uint8), np.full(32, 255, np.uint8), few, ~few])
    assert is_degenerate(hashes).tolist() == [True] * 4
    assert is_degenerate(hashes[:0]).tolist() == []
