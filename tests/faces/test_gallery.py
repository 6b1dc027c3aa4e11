"""Behaviour of `varde.faces.gallery`: exactly what the slow obvious search says, and nothing that was deleted."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure, WrongUse
from varde.faces import gallery_rows
from varde.faces.gallery import Gallery
from varde.faces.gallery_pieces import open_segments
from varde.faces.gallery_rows import code_rows
from varde.faces.gallery_scan import ALL, search_rows

MODEL = bytes(range(32))


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def make(rows: int, dimensions: int = 32, seed: int = 1) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).standard_normal((rows, dimensions)))


def count_from(first: int, rows: int) -> NDArray[np.uint64]:
    return np.arange(first, first + rows, dtype=np.uint64)


def fill(folder: Path, vectors: NDArray[np.float32], *sizes: int) -> Gallery:
    """Returns a gallery to which the vectors were appended in such portions; the id of row n is n + 1."""
    gallery, done = Gallery(folder, vectors.shape[1], MODEL), 0
    for size in sizes or (len(vectors),):
        gallery.append(count_from(done + 1, size), vectors[done : done + size])
        done += size
    return gallery


def search_slowly(
    ids: NDArray[np.uint64], vectors: NDArray[np.float32], probe: NDArray[np.float32], k: int, at_least: float = -2
) -> tuple[list[int], NDArray[np.float32]]:
    scores = (vectors.astype(np.float64) * probe.astype(np.float64)).sum(axis=1).astype(np.float32)
    order = [row for row in np.lexsort((ids, -scores)) if scores[row] >= np.float32(at_least)][:k]
    return ids[order].tolist(), scores[order]


def check(gallery: Gallery, ids: NDArray[np.uint64], vectors: NDArray[np.float32], probes: NDArray[np.float32]) -> None:
    for k in (1, 7, len(ids) + 3):
        for probe, (found, scores) in zip(probes, gallery.search(probes, k), strict=True):
            wanted, exact = search_slowly(ids, vectors, probe, k)
            assert found.tolist() == wanted
            assert np.allclose(scores, exact, rtol=0, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 120),
    dimensions=st.sampled_from([1, 2, 5, 16, 33]),
    probes=st.integers(1, 11),
    k=st.integers(1, 130),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["random", "clustered", "duplicates", "opposite", "sparse"]),
    at_least=st.sampled_from([-2.0, 0.0, 0.5, 0.999, 1.5]),
    allowed=st.sampled_from([None, "some", "none"]),
)
def test_it_finds_what_the_slow_search_finds(
    rows: int, dimensions: int, probes: int, k: int, seed: int, kind: str, at_least: float, allowed: str | None
) -> None:
    generator = np.random.default_rng(seed)
    raw = generator.standard_normal((rows + probes, dimensions))
    if kind == "clustered":
        raw = raw[generator.integers(0, 3, rows + probes) % len(raw)] + 0.01 * raw
    elif kind == "duplicates":
        raw = raw[generator.integers(0, 4, rows + probes) % len(raw)]
    elif kind == "opposite":
        raw[1::2] = -raw[: len(raw) // 2 * 2 : 2]
    elif kind == "sparse":
        raw[:, 1:] *= generator.random((rows + probes, dimensions - 1)) < 0.2
    raw[~raw.any(axis=1), 0] = 1
    vectors = unit(raw)
    ids = np.unique(generator.integers(0, 1 << 40, rows).astype(np.uint64))
    kept, asked = vectors[: len(ids)], vectors[rows:]
    mask = ALL if allowed is None else (generator.random(len(ids)) < 0.5 * (allowed == "some")).astype(np.uint8)
    counts = np.ones(len(ids), bool) if allowed is None else mask > 0
    half = len(ids) // 2
    tables = [
        (code_rows(ids[part], kept[part]), mask[part] if len(mask) else ALL)
        for part in (slice(0, half), slice(half, len(ids)))
        if len(ids[part])
    ]
    for probe, (found, scores) in zip(asked, search_rows(tables, asked, k, at_least), strict=True):
        wanted, exact = search_slowly(ids[counts], kept[counts], probe, k, at_least)
        assert found.tolist() == wanted
        assert np.array_equal(scores, exact)


def test_many_rows_are_found_though_the_guess_of_the_scan_is_far_too_high(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("varde.faces.gallery_scan._MARGIN", -0.5)
    vectors, probes = make(3_000), make(9, seed=2)
    tables = [(code_rows(count_from(0, 3_000), vectors), ALL)]
    for probe, (found, _) in zip(probes, search_rows(tables, probes, 20), strict=True):
        assert found.tolist() == search_slowly(count_from(0, 3_000), vectors, probe, 20)[0]


def test_a_gallery_that_is_not_there_is_empty_and_is_not_made(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "deep" / "gallery", 32, MODEL)
    assert (gallery.size, gallery.compact(), gallery.verify(), gallery.marks) == (0, 0, 0, {})
    assert [len(ids) for ids, _ in gallery.search(make(2), 5)] == [0, 0]
    assert not len(gallery.list_ids())
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize("dimensions", [32, 512])
def test_appended_vectors_are_found_in_whatever_portions_they_came(tmp_path: Path, dimensions: int) -> None:
    vectors = make(700, dimensions)
    gallery = fill(tmp_path, vectors, 1, 1, 300, 7, 391)
    check(gallery, count_from(1, 700), vectors, vectors[::100])
    check(Gallery(tmp_path, dimensions, MODEL), count_from(1, 700), vectors, vectors[::100])
    assert (gallery.size, gallery.list_ids().tolist()) == (700, list(range(1, 701)))


def test_segments_have_a_bounded_size_and_stay_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_rows, "_MOST_VALUES", 32 * 500)
    vectors = make(2_300)
    gallery = fill(tmp_path, vectors, 1_200, *[10] * 20, 900)
    assert max(int(each.facts["rows"]) for each in gallery._segments.read_manifest().listed) <= 500
    gallery.compact()
    assert len(list(tmp_path.glob("*.segment"))) <= 8
    check(gallery, count_from(1, 2_300), vectors, vectors[::700])


def test_ids_that_are_there_are_left_out(tmp_path: Path) -> None:
    vectors = make(20)
    gallery = fill(tmp_path, vectors[:10])
    assert gallery.append(count_from(6, 10), vectors[5:15]) == 5
    assert gallery.append(count_from(6, 10), vectors[5:15], marks={"up_to": 15}) == 0
    assert (gallery.size, gallery.marks) == (15, {"up_to": 15})


def test_deleted_vectors_are_never_found_and_can_come_back_as_others(tmp_path: Path) -> None:
    vectors = make(300)
    gallery, reader = fill(tmp_path, vectors, 200, 100), Gallery(tmp_path, 32, MODEL)
    assert reader.search(vectors[4:5], 1)[0][0].tolist() == [5]
    assert gallery.delete(np.array([5, 250, 9_999], np.uint64)) == 2
    assert gallery.delete(np.array([5], np.uint64)) == 0
    kept = np.delete(count_from(1, 300), [4, 249])
    for each in (gallery, reader):
        check(each, kept, vectors[kept.astype(int) - 1], vectors[[4, 249, 7]])
        assert each.size == 298
    gallery.append(np.array([5], np.uint64), make(1, seed=9))
    gallery.delete(np.array([6], np.uint64))
    assert reader.search(make(1, seed=9), 1)[0][0].tolist() == [5]
    assert gallery.compact() == 3
    assert reader.search(make(1, seed=9), 1)[0][0].tolist() == [5]
    assert reader.size == 298


@pytest.mark.parametrize("marked", [True, False])
def test_no_byte_of_a_deleted_vector_is_left_after_compacting(tmp_path: Path, *, marked: bool) -> None:
    vectors = make(500, 64)
    gallery = fill(tmp_path, vectors, 300, 200)
    codes = code_rows(count_from(0, 16), np.repeat(vectors[[76]], 16, axis=0)).codes.tobytes()[:192]
    exact, quantised = vectors[76].tobytes(), codes[:4]
    assert any(exact in path.read_bytes() for path in tmp_path.iterdir())
    assert any(quantised in path.read_bytes() for path in tmp_path.iterdir())
    gallery.delete(np.array([77, *range(400, 420)], np.uint64), marks={"changes": 1} if marked else None)
    assert gallery.compact() == 21
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        assert not any(vector.tobytes() in data for vector in vectors[[76, *range(399, 419)]])
        assert exact[:16] not in data
        assert quantised not in data
    assert gallery.size == 479


def test_a_gallery_from_which_everything_is_deleted_is_empty(tmp_path: Path) -> None:
    gallery = fill(tmp_path, make(50))
    gallery.delete(count_from(1, 50))
    assert [len(ids) for ids, _ in gallery.search(make(3), 5)] == [0, 0, 0]
    assert gallery.compact() == 50
    assert (gallery.size, list(tmp_path.glob("*.segment"))) == (0, [])
    gallery.append(count_from(1, 3), make(3))
    assert gallery.size == 3


def test_only_allowed_faces_are_found(tmp_path: Path) -> None:
    vectors = make(400)
    gallery = fill(tmp_path, vectors)
    gallery.delete(np.array([11], np.uint64))
    allowed = np.array([11, 12, 50, 399, 5_000], np.uint64)
    by_id = np.zeros(60, bool)
    by_id[[11, 12, 50]] = True
    assert sorted(gallery.search(vectors[10:11], 9, allowed=allowed)[0][0].tolist()) == [12, 50, 399]
    assert sorted(gallery.search(vectors[10:11], 9, allowed=by_id)[0][0].tolist()) == [12, 50]
    assert not len(gallery.search(vectors[:1], 9, allowed=allowed[:0])[0][0])
    with pytest.raises(WrongUse, match="allowed faces"):
        gallery.search(vectors[:1], 9, allowed=np.array([1.0]))


def test_vectors_are_read_by_id(tmp_path: Path) -> None:
    vectors = make(300)
    gallery = fill(tmp_path, vectors)
    gallery.delete(np.array([7], np.uint64))
    ids, found = gallery.read(np.array([200, 7, 3, 999], np.uint64))
    assert sorted(ids.tolist()) == [3, 200]
    assert np.array_equal(found, vectors[ids.astype(int) - 1])


def test_bad_input_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    gallery, vectors = Gallery(tmp_path, 32, MODEL), make(3)
    broken = vectors.copy()
    broken[1, 5] = np.nan
    for ids, wrong in (
        (count_from(1, 3), broken),
        (count_from(1, 3), np.zeros_like(vectors)),
        (count_from(1, 3), make(3, 31)),
        (count_from(1, 2), vectors),
        (np.array([1, 2, 1], np.uint64), vectors),
        (np.array([1, 2, 3]), vectors),
    ):
        with pytest.raises(WrongUse):
            gallery.append(ids, wrong)
    assert gallery.size == 0
    with pytest.raises(WrongUse, match="length"):
        gallery.search(broken, 1)
    with pytest.raises(WrongUse, match="at least one"):
        gallery.search(vectors, 0)
    with pytest.raises(WrongUse, match="dimensions"):
        Gallery(tmp_path, 5_000, MODEL)


def test_two_models_are_never_mixed(tmp_path: Path) -> None:
    fill(tmp_path, make(5))
    for other in (Gallery(tmp_path, 32, bytes(32)), Gallery(tmp_path, 64, MODEL)):
        with pytest.raises(WrongUse, match="another model"):
            other.append(count_from(9, 1), make(1, other._dimensions))
        with pytest.raises(WrongUse, match="another model"):
            other.search(make(1, other._dimensions), 1)


def test_a_flipped_bit_is_refused_by_name_until_the_gallery_is_discarded(tmp_path: Path) -> None:
    gallery = fill(tmp_path, make(500))
    path = next(tmp_path.glob("*.segment"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match=path.name):
        Gallery(tmp_path, 32, MODEL).search(make(1), 1)
    gallery.discard()
    assert gallery.size == 0


def test_searches_go_on_while_another_appends_and_deletes(tmp_path: Path) -> None:
    vectors = make(400)
    gallery, wrong, stop = fill(tmp_path, vectors[:100]), list[str](), threading.Event()

    def search() -> None:
        reader = Gallery(tmp_path, 32, MODEL)
        while not stop.is_set():
            found = reader.search(vectors[:2], 1)
            if [ids.tolist() for ids, _ in found] != [[1], [2]]:
                wrong.append(str(found))

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(100, 130, 3):
        gallery.append(count_from(number + 1, 3), vectors[number : number + 3])
        gallery.delete(count_from(number + 1, 2))
        gallery.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert gallery.size == 110


WRITE_FOREVER = """
import sys, numpy as np
from pathlib import Path
from varde.faces.gallery import Gallery
gallery = Gallery(Path(sys.argv[1]), 32, bytes(range(32)))
generator = np.random.default_rng(5)
print("ready", flush=True)
while True:
    vectors = generator.standard_normal((40, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gallery.append(np.arange(1000, 1040, dtype=np.uint64), vectors)
    gallery.delete(np.arange(1000, 1040, dtype=np.uint64))
    gallery.compact()
"""


def test_a_kill_at_any_moment_leaves_it_as_before_or_after(tmp_path: Path) -> None:
    vectors = make(200)
    gallery = fill(tmp_path, vectors)
    for attempt in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.02 + 0.017 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        fresh = Gallery(tmp_path, 32, MODEL)
        assert fresh.size in (200, 240)
        assert [ids.tolist() for ids, _ in fresh.search(vectors[:3], 1)] == [[1], [2], [3]]
        fresh.verify()
    gallery.delete(count_from(1000, 40))
    gallery.compact()
    assert gallery.size == 200
    assert len(list(tmp_path.glob("*.segment"))) == 1
    assert open_segments(tmp_path).verify() == 1
