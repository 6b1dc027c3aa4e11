import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known import perceptual_kernels, perceptual_table
from varde.known.perceptual_table import (
    Table,
    build_table,
    compute_budgets,
    list_arrays,
    list_rows,
    order_found,
    read_table,
    read_words,
    search_tables,
)

Pairs = set[tuple[int, int, int]]


def search(table: Table, probes: NDArray[np.uint8], most: int) -> Pairs:
    probe, ids, distance = order_found(search_tables([table], probes, most))
    pairs = list(zip(probe.tolist(), ids.tolist(), distance.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs), "a pair was told twice"
    return set(pairs)


def search_slowly(hashes: NDArray[np.uint8], probes: NDArray[np.uint8], most: int) -> Pairs:
    found = set()
    for number, probe in enumerate(probes):
        distances = np.bitwise_count(hashes ^ probe).sum(axis=1, dtype=np.int64)
        found |= {(number, int(at), int(distances[at])) for at in np.flatnonzero(distances <= most)}
    return found


def make_random(count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    return generator.integers(0, 256, (count, 32), dtype=np.uint8)


@pytest.mark.parametrize("most", range(32))
def test_budgets_add_up_to_one_more_than_the_distance(most: int) -> None:
    budgets = compute_budgets(most)
    assert budgets.sum() == most + 1
    assert set(budgets.tolist()) <= {most // 16, (most + 16) // 16, 0, 1, 2}


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_the_spread_of_the_bits_some_chunk_meets_both_conditions(data: st.DataObject) -> None:
    most = data.draw(st.integers(0, 31))
    chunks = data.draw(st.lists(st.integers(0, 15), max_size=most))
    apart = np.bincount(chunks, minlength=16)
    budgets = compute_budgets(most)
    after, budgets_after = np.roll(apart, -1), np.roll(budgets, -1)
    assert ((apart < budgets) & (apart + after < budgets + budgets_after)).any()


@pytest.mark.parametrize("shift", [0, 3, 8, 12, 15])
@pytest.mark.parametrize("most", [0, 1, 15, 16, 30, 31])
def test_every_group_size_and_distance_finds_what_brute_force_finds(
    shift: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perceptual_table, "_choose_shift", lambda _: shift)
    monkeypatch.setattr(perceptual_table, "_FEWEST_GROUPED", 1)
    generator = np.random.default_rng(shift)
    hashes = make_random(3_000, generator)
    hashes[:1_000] = hashes[0]  # a cluster: 1,000 hashes within 40 bits of one
    bits = np.unpackbits(hashes[:1_000], axis=1)
    for row, count in enumerate(generator.integers(0, 40, 1_000)):
        bits[row, generator.choice(256, count, replace=False)] ^= 1
    hashes[:1_000] = np.packbits(bits, axis=1)
    probes = np.concatenate([hashes[::60], make_random(10, generator)])
    table = build_table(hashes, np.arange(3_000))
    assert len(table.directory)
    assert search(table, probes, most) == search_slowly(hashes, probes, most)


@pytest.mark.parametrize("expanded", [False, True])
def test_a_million_equal_hashes_cost_what_one_costs_until_they_are_told(*, expanded: bool) -> None:
    generator = np.random.default_rng(1)
    hashes = make_random(1_005_000, generator)
    hashes[5_000:] = hashes[7]
    table = build_table(hashes, np.arange(len(hashes)), for_many_probes=expanded)
    assert len(table.words) == 5_000
    assert len(search(table, hashes[:100], 31)) == 100 + 1_000_000
    assert max(len(ids) for _, ids, _ in table.search(read_words(hashes[7:8]), 31)) < 1_000_000


@pytest.mark.parametrize("expanded", [False, True])
def test_very_common_chunk_values_are_scanned_and_nothing_is_missed(*, expanded: bool) -> None:
    generator = np.random.default_rng(2)
    hashes = make_random(20_000, generator)
    hashes[:, :20] = 0
    hashes[:100, 4:8] = 255
    probes = np.concatenate([hashes[:40], make_random(20, generator)])
    probes[20:40, 31] ^= 0x3C
    table = build_table(hashes, np.arange(20_000), for_many_probes=expanded)
    assert search(table, probes, 31) == search_slowly(hashes, probes, 31)


def test_probes_given_up_after_some_chunks_are_told_once_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    hashes = make_random(4_000, generator)
    hashes[:, 16:18] = 7  # chunk 8 is the same everywhere: groups are left at chunk 7 or 8
    hashes[1:2_000:2] = hashes[0:2_000:2]
    hashes[1:2_000:2, 30] ^= 1
    table = build_table(hashes, np.arange(4_000))
    assert search(table, hashes[:300], 31) == search_slowly(hashes, hashes[:300], 31)


def test_results_larger_than_the_room_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual_table, "_ROOM", 32)
    generator = np.random.default_rng(4)
    base = make_random(1, generator)
    bits = np.unpackbits(np.repeat(base, 5_000, axis=0), axis=1)
    bits[np.arange(5_000), generator.integers(0, 256, 5_000)] ^= 1
    hashes = np.packbits(bits, axis=1)
    hashes = np.concatenate([hashes, make_random(50_000, generator)])
    table = build_table(hashes, np.arange(len(hashes)))
    probes = hashes[:5]
    assert search(table, probes, 31) == search_slowly(hashes, probes, 31)
    sizes = [len(ids) for ids, _, _ in table._search(read_words(probes), compute_budgets(31), 31)]
    assert max(sizes) <= 32 + perceptual_kernels.PENDING


def test_a_table_is_read_back_from_its_arrays() -> None:
    generator = np.random.default_rng(5)
    hashes = make_random(5_000, generator)
    hashes[:50] = hashes[50:100]
    table = build_table(hashes, np.arange(5_000))
    again = read_table(list_arrays(table), table.shift)
    assert search(again, hashes[:300], 31) == search(table, hashes[:300], 31)
    rows, ids = list_rows(again)
    assert (hashes[ids] == rows).all()
    assert sorted(ids) == list(range(5_000))


def test_a_table_of_pictures_costs_less_than_130_bytes_a_hash() -> None:
    hashes = make_random(200_000, np.random.default_rng(6))
    arrays = list_arrays(build_table(hashes, np.arange(200_000)))
    assert sum(array.nbytes for array in arrays.values()) < 130 * 200_000


def test_more_rows_than_can_be_numbered_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual_table, "MOST_ROWS", 9)
    with pytest.raises(WrongUse, match="at most 9"):
        build_table(np.zeros((10, 32), np.uint8), np.arange(10))


@pytest.mark.parametrize("offset", [0, 1, 5])
def test_bytes_at_odd_addresses_are_read(offset: int) -> None:
    hashes = make_random(10, np.random.default_rng(7))
    moved = np.frombuffer(bytes(offset) + hashes.tobytes(), np.uint8)[offset:].reshape(10, 32)
    assert (read_words(moved).view(np.uint8) == hashes).all()
    assert read_words(moved).flags.aligned
