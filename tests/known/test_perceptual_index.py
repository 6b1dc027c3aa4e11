import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure, WrongUse
from varde.known.perceptual import HashIndex, PerceptualIndex
from varde.segments import merging


def make(rows: int, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (rows, 32), dtype=np.uint8)


def append(index: PerceptualIndex, hashes: NDArray[np.uint8], *sizes: int) -> int:
    """Appends the hashes in such portions; the id of row n is n + 1."""
    done = len(index)
    for size in sizes:
        index.append(hashes[done : done + size], np.arange(done + 1, done + size + 1))
        done += size
    return done


def sizes(index: PerceptualIndex) -> list[int]:
    return [int(listed.facts["rows"]) for listed in index._segments.read_manifest().listed]


def check(index: PerceptualIndex, hashes: NDArray[np.uint8]) -> None:
    """Compares the index with one in memory over the same hashes."""
    probes = hashes[:: max(1, len(hashes) // 50)].copy()
    probes[::2, 3] ^= 5
    expected = HashIndex(hashes, np.arange(1, len(hashes) + 1)).search(probes, 31)
    for found, wanted in zip(index.search(probes), expected, strict=True):
        assert found.tolist() == wanted.tolist()


def test_an_index_that_is_not_there_is_empty(tmp_path: Path) -> None:
    index = PerceptualIndex(tmp_path / "deep" / "index")
    assert (len(index), index.last_id, index.merge(), index.verify()) == (0, 0, 0, 0)
    assert [part.tolist() for part in index.search(make(3))] == [[], [], []]
    assert not (tmp_path / "deep").exists()


def test_small_appends_collect_in_a_tail_and_segments_stay_few(tmp_path: Path) -> None:
    index, hashes = PerceptualIndex(tmp_path), make(30_000)
    done = append(index, hashes, *[1] * 20, 3_000, *[7] * 20, 20_000, 0, 500, *[1] * 5)
    assert (len(index), index.last_id) == (done, done)
    assert len(sizes(index)) <= 4
    check(index, hashes[:done])
    check(PerceptualIndex(tmp_path), hashes[:done])


def test_a_row_is_rewritten_a_few_times_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "TAIL_ROWS", 16)
    index, hashes = PerceptualIndex(tmp_path), make(1_200)
    written = []
    stage = index._segments.stage
    monkeypatch.setattr(
        index._segments, "stage", lambda facts, arrays: (written.append(facts["rows"]), stage(facts, arrays))[1]
    )
    append(index, hashes, *[20] * 60)
    assert sum(written) < 1_200 * 12
    assert len(sizes(index)) < 8


def test_merging_leaves_one_segment_and_the_same_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "APPEND_ROWS", 3_000)
    index, hashes = PerceptualIndex(tmp_path), make(20_000)
    hashes[100:200] = hashes[9_000:9_100]
    done = append(index, hashes, *[2_500] * 8)
    reader = PerceptualIndex(tmp_path)
    check(reader, hashes[:done])
    assert len(sizes(index)) == 8
    assert index.merge() == 7
    assert sizes(index) == [done]
    assert len(list(tmp_path.glob("*.segment"))) == 1
    assert index.merge() == 0
    check(reader, hashes[:done])
    assert (reader.last_id, len(reader)) == (done, done)


def test_more_rows_than_a_table_holds_become_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("varde.known.perceptual_index.MOST_ROWS", 3_000)
    monkeypatch.setattr(merging, "APPEND_ROWS", 3_000)
    index, hashes = PerceptualIndex(tmp_path), make(8_000)
    append(index, hashes, 7_000, 1_000)
    assert sizes(index) == [3_000, 3_000, 2_000]
    assert index.merge() == 0
    check(index, hashes)


def test_an_index_may_be_complete_beyond_its_last_hash(tmp_path: Path) -> None:
    index, hashes = PerceptualIndex(tmp_path), make(3)
    index.append(hashes[:0], np.empty(0, np.int64), up_to=10)
    assert (index.last_id, len(index)) == (10, 0)
    with pytest.raises(WrongUse, match="complete up to id 10"):
        index.append(hashes[:1], np.array([10]))
    index.append(hashes[:1], np.array([11]), up_to=5)
    assert index.last_id == 11


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [0, 1], [-1, 5]])
def test_ids_that_do_not_ascend_are_refused_and_change_nothing(tmp_path: Path, ids: list[int]) -> None:
    index = PerceptualIndex(tmp_path)
    with pytest.raises(WrongUse):
        index.append(make(2), np.array(ids))
    assert (len(index), index.last_id) == (0, 0)


def test_wrong_shapes_and_distances_are_refused(tmp_path: Path) -> None:
    index = PerceptualIndex(tmp_path)
    with pytest.raises(WrongUse):
        index.append(make(2)[:, :31], np.array([1, 2]))
    with pytest.raises(WrongUse):
        index.append(make(2), np.array([1, 2, 3]))
    with pytest.raises(WrongUse, match="31"):
        index.search_batches(make(1), 32)


def test_a_flipped_bit_is_refused_by_name_until_the_index_is_discarded(tmp_path: Path) -> None:
    index, hashes = PerceptualIndex(tmp_path), make(5_000)
    append(index, hashes, 5_000)
    path = next(tmp_path.glob("*.segment"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match=path.name):
        PerceptualIndex(tmp_path).search(make(1))
    with pytest.raises(IntegrityFailure, match=path.name):
        append(PerceptualIndex(tmp_path), make(9_000), 4_000)  # would be merged with it
    index.discard()
    append(index, hashes, 5_000)
    check(index, hashes)


def test_searches_go_on_while_segments_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "APPEND_ROWS", 600)
    index, hashes = PerceptualIndex(tmp_path), make(12_000)
    append(index, hashes, 500)
    stop, wrong = threading.Event(), []

    def search() -> None:
        reader = PerceptualIndex(tmp_path)
        while not stop.is_set():
            _, ids, _ = reader.search(hashes[:50])
            if ids.tolist() != list(range(1, 51)):
                wrong.append(ids)

    reader = threading.Thread(target=search)
    reader.start()
    for _ in range(20):
        append(index, hashes, 500)
        PerceptualIndex(tmp_path).merge()
    stop.set()
    reader.join()
    assert not wrong
    check(index, hashes[:10_500])


CHURN = """
import sys, numpy as np
from pathlib import Path
from varde.segments import merging
from varde.known.perceptual import PerceptualIndex
merging.APPEND_ROWS = 900
index = PerceptualIndex(Path(sys.argv[1]))
while True:
    done = len(index)
    rows = np.random.default_rng(done).integers(1, 700)
    hashes = np.random.default_rng(1).integers(0, 256, (done + rows, 32), dtype=np.uint8)[done:]
    index.append(hashes, np.arange(done + 1, done + rows + 1))
    print(done + rows, flush=True)
    index.merge()
"""


def test_killed_while_appending_or_merging_it_holds_what_was_appended(tmp_path: Path) -> None:
    for turn in range(3):
        process = subprocess.Popen([sys.executable, "-c", CHURN, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.11 + 0.13 * turn)
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.communicate()[0].split() if line.isdigit()]
        index = PerceptualIndex(tmp_path)
        assert index.verify() == len(sizes(index))
        assert len(index) == index.last_id >= max(told, default=0)
        if len(index):
            check(index, make(len(index)))
    assert len(index) > 1_000


def test_a_folder_that_is_only_read_needs_no_right_to_write(tmp_path: Path) -> None:
    append(PerceptualIndex(tmp_path), make(100), 100)
    before = sorted(os.listdir(tmp_path))
    check(PerceptualIndex(tmp_path), make(100))
    assert sorted(os.listdir(tmp_path)) == before
