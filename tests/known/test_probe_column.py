from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure, WrongUse
from varde.known import probe_column
from varde.known.perceptual import HashIndex
from varde.known.probe_column import ProbeColumn, Probes
from varde.segments import merging


def make(contents: NDArray[np.int64], seed: int = 1) -> Probes:
    generator = np.random.default_rng(seed)
    rows = len(contents)
    return Probes(
        contents,
        generator.integers(0, 500, rows).astype(np.int32),
        generator.integers(0, 20, rows).astype(np.uint8),
        generator.integers(0, 256, (rows, 32), dtype=np.uint8),
    )


def scan(column: ProbeColumn, index: HashIndex, most: int = 31, after: int = 0) -> list[tuple[int, ...]]:
    return [
        (int(content), int(position), int(code), int(entry), int(distance))
        for found in column.scan(index, most, after_content=after)
        for content, position, code, entry, distance in zip(
            found.probes.content_ids,
            found.probes.positions,
            found.probes.codes,
            found.ids,
            found.distances,
            strict=True,
        )
    ]


def scan_slowly(probes: Probes, hashes: NDArray[np.uint8], most: int) -> list[tuple[int, ...]]:
    found = []
    for row in range(len(probes)):
        distances = np.bitwise_count(hashes ^ probes.hashes[row]).sum(axis=1, dtype=np.int64)
        where = int(probes.content_ids[row]), int(probes.positions[row]), int(probes.codes[row])
        found += [(*where, int(at), int(distances[at])) for at in np.flatnonzero(distances <= most)]
    return sorted(found)


def test_a_column_that_is_not_there_is_empty(tmp_path: Path) -> None:
    column = ProbeColumn(tmp_path / "deep")
    assert (len(column), column.last_content, column.merge(), column.verify()) == (0, 0, 0, 0)
    assert scan(column, HashIndex(np.zeros((1, 32), np.uint8), np.array([1]))) == []
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize("entries", [3, 500])
@pytest.mark.parametrize("most", [0, 31])
def test_a_scan_finds_what_comparing_everything_finds(tmp_path: Path, entries: int, most: int) -> None:
    probes = make(np.arange(9_000) // 3 + 1)
    column = ProbeColumn(tmp_path)
    for low, high in ((0, 3), (3, 6_000), (6_000, 9_000)):
        column.append(probes[low:high])
    hashes = probes.hashes[:: 9_000 // entries][:entries].copy()
    hashes[::2, 5] ^= 0x0F
    assert sorted(scan(column, HashIndex(hashes, np.arange(len(hashes))), most)) == scan_slowly(probes, hashes, most)


def test_a_scan_comes_in_the_order_of_contents_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_column, "_PIECE", 100)
    probes = make(np.arange(2_000) // 3 + 10)
    column = ProbeColumn(tmp_path)
    column.append(probes)
    index = HashIndex(probes.hashes[::10], np.arange(200))
    pieces = [found.probes.content_ids for found in column.scan(index, 31)]
    assert all(before.max() <= after.min() for before, after in pairwise(pieces))
    whole = scan(column, index)
    assert sorted(scan(column, index, after=300)) == sorted(row for row in whole if row[0] > 300)
    assert scan(column, index, after=10_000) == []


def test_merging_keeps_every_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "APPEND_ROWS", 400)
    monkeypatch.setattr(probe_column, "_PIECE", 300)
    probes = make(np.arange(4_000) // 4 + 1)
    column, reader = ProbeColumn(tmp_path), ProbeColumn(tmp_path)
    for low in range(0, 4_000, 500):
        column.append(probes[low : low + 500])
    index = HashIndex(probes.hashes[::7], np.arange(0, 4_000, 7))
    before = sorted(scan(reader, index))
    assert column.merge() == 7
    assert (len(column), column.last_content) == (4_000, 1_000)
    assert sorted(scan(reader, index)) == before


def test_a_column_may_be_complete_beyond_its_last_probe(tmp_path: Path) -> None:
    column = ProbeColumn(tmp_path)
    column.append(make(np.array([3, 3])), up_to=9)
    column.append(make(np.empty(0, np.int64)), up_to=12)
    assert (len(column), column.last_content) == (2, 12)
    with pytest.raises(WrongUse, match="complete up to content 12"):
        column.append(make(np.array([12])))


@pytest.mark.parametrize("contents", [[2, 1], [0, 1]])
def test_contents_out_of_order_are_refused(tmp_path: Path, contents: list[int]) -> None:
    column = ProbeColumn(tmp_path)
    with pytest.raises(WrongUse):
        column.append(make(np.array(contents)))
    assert len(column) == 0


def test_columns_that_do_not_fit_one_another_are_refused() -> None:
    good = make(np.array([1, 2]))
    with pytest.raises(WrongUse, match="positions"):
        Probes(good.content_ids, good.positions[:1], good.codes, good.hashes)
    with pytest.raises(WrongUse, match="codes"):
        Probes(good.content_ids, good.positions, good.codes.astype(np.int64), good.hashes)
    with pytest.raises(WrongUse, match="hashes"):
        Probes(good.content_ids, good.positions, good.codes, good.hashes[:, :31])


def test_a_distance_that_cannot_be_exact_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="31"):
        ProbeColumn(tmp_path).scan(HashIndex(np.zeros((1, 32), np.uint8), np.array([1])), 32)


def test_a_flipped_bit_is_refused_by_name(tmp_path: Path) -> None:
    ProbeColumn(tmp_path).append(make(np.arange(1, 500)))
    path = next(tmp_path.glob("*.segment"))
    data = bytearray(path.read_bytes())
    data[-2_000] ^= 64
    path.write_bytes(data)
    column = ProbeColumn(tmp_path)
    with pytest.raises(IntegrityFailure, match=path.name):
        column.scan(HashIndex(np.zeros((1, 32), np.uint8), np.array([1])), 31)
    column.discard()
    assert len(column) == 0
