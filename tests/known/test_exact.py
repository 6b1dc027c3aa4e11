import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from varde.core.digest import DigestAlgorithm
from varde.core.errors import IntegrityFailure, WrongUse
from varde.known import exact
from varde.known.exact import ExactTable, read_keys
from varde.segments import merging

MD5, SHA1, SHA256 = DigestAlgorithm.MD5, DigestAlgorithm.SHA1, DigestAlgorithm.SHA256


def make(rows: int, length: int = 20, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (rows, length), dtype=np.uint8)


def find(table: ExactTable, algorithm: DigestAlgorithm, digests: NDArray[np.uint8]) -> list[tuple[int, int]]:
    rows, ids = table.find(algorithm, digests)
    assert rows.dtype == ids.dtype == np.int64
    found = list(zip(rows.tolist(), ids.tolist(), strict=True))
    assert found == sorted(found)
    return found


def find_slowly(digests: NDArray[np.uint8], ids: NDArray[np.int64], probes: NDArray[np.uint8]) -> list[tuple[int, int]]:
    known: dict[bytes, list[int]] = {}
    for digest, entry in zip(digests, ids.tolist(), strict=True):
        known.setdefault(digest[:8].tobytes(), []).append(entry)
    return [(row, entry) for row, probe in enumerate(probes) for entry in sorted(known.get(probe[:8].tobytes(), []))]


def rows_of(table: ExactTable) -> list[int]:
    return [int(listed.facts["rows"]) for listed in table._segments.read_manifest().listed]


def test_a_table_that_is_not_there_is_empty(tmp_path: Path) -> None:
    table = ExactTable(tmp_path / "deep")
    assert (len(table), table.last_id(MD5), table.merge(), table.verify()) == (0, 0, 0, 0)
    assert find(table, SHA1, make(3)) == []
    assert not (tmp_path / "deep").exists()


def test_every_digest_is_found_and_no_other(tmp_path: Path) -> None:
    table, digests = ExactTable(tmp_path), make(60_000)
    for low, high in ((0, 5), (5, 40_000), (40_000, 59_000)):
        table.append(SHA1, digests[low:high], np.arange(low + 1, high + 1))
    assert find(table, SHA1, digests) == [(row, row + 1) for row in range(59_000)]
    assert find(ExactTable(tmp_path), SHA1, digests[58_990:]) == [(row, 58_991 + row) for row in range(10)]


def test_algorithms_do_not_mix(tmp_path: Path) -> None:
    table = ExactTable(tmp_path)
    whole = make(100, 32)
    for algorithm in DigestAlgorithm:
        first = int(algorithm is MD5)
        table.append(algorithm, whole[first:, : algorithm.length_bytes], np.arange(first + 1, 101), up_to=120)
    assert find(table, MD5, whole[:2, :16]) == [(1, 2)]
    assert find(table, SHA256, whole[:2]) == [(0, 1), (1, 2)]
    assert {table.last_id(algorithm) for algorithm in DigestAlgorithm} == {120}
    assert len(table) == 299


@pytest.mark.parametrize("copies", [2, 40_000])
def test_a_repeated_digest_gives_every_id(tmp_path: Path, copies: int) -> None:
    table, digests = ExactTable(tmp_path), make(50_000)
    digests[1_000 : 1_000 + copies] = digests[7]
    table.append(SHA1, digests[:30_000], np.arange(1, 30_001))
    table.append(SHA1, digests[30_000:], np.arange(30_001, 50_001))
    ids = [8, *range(1_001, 1_001 + copies)]
    assert find(table, SHA1, digests[[0, 7]]) == [(0, 1), *((1, entry) for entry in ids)]


def test_digests_that_share_their_beginning_are_all_candidates(tmp_path: Path) -> None:
    table, digests = ExactTable(tmp_path), make(10)
    digests[3:6, :8] = digests[2, :8]
    table.append(SHA1, digests, np.arange(1, 11))
    assert find(table, SHA1, digests[2:3]) == [(0, 3), (0, 4), (0, 5), (0, 6)]


@pytest.mark.parametrize("value", [0, 255])
def test_skewed_digests_are_found(tmp_path: Path, value: int) -> None:
    table, digests = ExactTable(tmp_path), make(20_000)
    digests[:, :5] = value
    digests[:5] = value
    table.append(SHA1, digests, np.arange(1, 20_001))
    probes = np.concatenate([digests[:3_000], make(1_000, seed=2)])
    assert find(table, SHA1, probes) == find_slowly(digests, np.arange(1, 20_001), probes)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_any_small_table_agrees_with_a_dictionary(data: st.DataObject) -> None:
    generator = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    values = generator.integers(0, 256, (data.draw(st.integers(1, 20)), 16), dtype=np.uint8)
    digests = values[generator.integers(0, len(values), data.draw(st.integers(0, 60)))]
    ids = np.cumsum(generator.integers(1, 9, len(digests)))
    cut = data.draw(st.integers(0, len(digests)))
    with tempfile.TemporaryDirectory() as folder:
        table = ExactTable(Path(folder))
        table.append(MD5, digests[:cut], ids[:cut])
        table.append(MD5, digests[cut:], ids[cut:])
        assert find(table, MD5, values) == find_slowly(digests, ids, values)


def test_merging_keeps_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "APPEND_ROWS", 1_000)
    monkeypatch.setattr(exact, "_PIECE", 700)
    table, digests = ExactTable(tmp_path), make(12_000)
    digests[5_000:6_500] = digests[3]
    for low in range(0, 12_000, 1_500):
        table.append(SHA1, digests[low : low + 1_500], np.arange(low + 1, low + 1_501))
    table.append(MD5, digests[:50, :16], np.arange(1, 51))
    reader = ExactTable(tmp_path)
    before = find(reader, SHA1, digests[:4_000])
    assert rows_of(table) == [1_500] * 8 + [50]
    assert table.merge() == 7
    assert rows_of(table) == [12_000, 50]
    assert find(reader, SHA1, digests[:4_000]) == before
    assert find(reader, MD5, digests[:50, :16]) == [(row, row + 1) for row in range(50)]
    assert (reader.last_id(SHA1), reader.last_id(MD5)) == (12_000, 50)


def test_many_rows_become_several_segments_and_one_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_SORTED_ROWS", 2_000)
    table, digests = ExactTable(tmp_path), make(5_000)
    table.append(SHA1, digests, np.arange(1, 5_001))
    assert rows_of(table) == [2_000, 2_000, 1_000]
    assert find(table, SHA1, digests) == [(row, row + 1) for row in range(5_000)]
    assert table.merge() == 2
    assert find(table, SHA1, digests) == [(row, row + 1) for row in range(5_000)]


def test_a_large_table_costs_less_than_25_bytes_a_row(tmp_path: Path) -> None:
    table = ExactTable(tmp_path)
    table.append(SHA256, make(200_000, 32), np.arange(1, 200_001))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 25 * 200_000


def test_the_filter_lets_few_absent_digests_through(tmp_path: Path) -> None:
    table, probes = ExactTable(tmp_path), read_keys(SHA1, make(100_000, seed=2))
    table.append(SHA1, make(100_000), np.arange(1, 100_001))
    blocks = table._tables.refresh()[0].blocks
    passed = sum(exact.kernels._may_hold(key, blocks, len(blocks) // 8) for key in probes)
    assert passed < 0.02 * len(probes)


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [0, 1], [-1, 5], [1, 2, 3]])
def test_ids_that_do_not_fit_are_refused_and_change_nothing(tmp_path: Path, ids: list[int]) -> None:
    table = ExactTable(tmp_path)
    with pytest.raises(WrongUse):
        table.append(SHA1, make(2), np.array(ids))
    assert (len(table), table.last_id(SHA1)) == (0, 0)


def test_ids_the_table_is_complete_beyond_are_refused(tmp_path: Path) -> None:
    table = ExactTable(tmp_path)
    table.append(SHA1, make(0), np.empty(0, np.int64), up_to=7)
    with pytest.raises(WrongUse, match="complete up to id 7"):
        table.append(SHA1, make(1), np.array([7]))
    table.append(MD5, make(1, 16), np.array([7]))


@pytest.mark.parametrize("digests", [make(2, 19), make(2).astype(np.int64), make(2)[0]])
def test_digests_of_another_length_or_type_are_refused(tmp_path: Path, digests: NDArray[np.uint8]) -> None:
    with pytest.raises(WrongUse, match="sha1"):
        ExactTable(tmp_path).find(SHA1, digests)


def test_a_flipped_bit_is_refused_by_name(tmp_path: Path) -> None:
    ExactTable(tmp_path).append(SHA1, make(1_000), np.arange(1, 1_001))
    path = next(tmp_path.glob("*.segment"))
    data = bytearray(path.read_bytes())
    data[999] ^= 64
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match=path.name):
        ExactTable(tmp_path).find(SHA1, make(1))


def test_lookups_go_on_while_segments_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "APPEND_ROWS", 300)
    table, digests = ExactTable(tmp_path), make(6_000)
    table.append(SHA1, digests[:300], np.arange(1, 301))
    stop, wrong = threading.Event(), []

    def look() -> None:
        reader = ExactTable(tmp_path)
        while not stop.is_set():
            if reader.find(SHA1, digests[:300])[1].tolist() != list(range(1, 301)):
                wrong.append(True)

    reader = threading.Thread(target=look)
    reader.start()
    for low in range(300, 6_000, 300):
        table.append(SHA1, digests[low : low + 300], np.arange(low + 1, low + 301))
        ExactTable(tmp_path).merge()
    stop.set()
    reader.join()
    assert not wrong
    assert find(table, SHA1, digests) == [(row, row + 1) for row in range(6_000)]


CHURN = """
import sys, numpy as np
from pathlib import Path
from varde.core.digest import DigestAlgorithm
from varde.segments import merging
from varde.known.exact import ExactTable
merging.APPEND_ROWS = 900
table = ExactTable(Path(sys.argv[1]))
while True:
    done = table.last_id(DigestAlgorithm.SHA1)
    rows = 1 + done % 700
    digests = np.random.default_rng(1).integers(0, 256, (done + rows, 20), dtype=np.uint8)[done:]
    table.append(DigestAlgorithm.SHA1, digests, np.arange(done + 1, done + rows + 1))
    print(done + rows, flush=True)
    table.merge()
"""


def test_killed_while_appending_or_merging_it_holds_what_was_appended(tmp_path: Path) -> None:
    for turn in range(3):
        process = subprocess.Popen([sys.executable, "-c", CHURN, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.11 + 0.13 * turn)
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.communicate()[0].split()]
        table = ExactTable(tmp_path)
        rows = table.last_id(SHA1)
        assert table.verify() == len(rows_of(table))
        assert len(table) == rows >= max(told, default=0)
        assert find(table, SHA1, make(rows)) == [(row, row + 1) for row in range(rows)]
    assert rows > 100
