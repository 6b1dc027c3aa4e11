"""Files of sketches: appended, mapped, cut off in the middle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from varde.store.sketch_files import NewSketch, SketchFiles

SHAPE = (256, 256)
BYTES = 256 * 256 // 8


def make(number: int, shape: tuple[int, int] = SHAPE) -> NewSketch:
    bits = np.random.default_rng(number).bytes(shape[0] * shape[1] // 8)
    return NewSketch(bytes([number]) * 31 + b"\0", 300, 400, shape, bits)


def test_what_was_appended_is_there_for_another_reader(tmp_path: Path) -> None:
    files = SketchFiles(tmp_path / "sketches", "1")
    files.append([make(1), make(2)])
    files.append([make(3), make(4, (512, 256))])
    mapped = SketchFiles(tmp_path / "sketches", "1").open(SHAPE, BYTES)
    assert {sha256: mapped.words[place].tobytes() for sha256, place in mapped.places.items()} == {
        make(number).sha256: make(number).bits for number in (1, 2, 3)
    }
    assert all(mapped.is_whole(place) for place in range(3))
    assert files.list_shapes() == [(256, 256), (512, 256)]
    assert files.count_bytes() == 3 * BYTES + 2 * BYTES + 4 * 48


def test_the_same_sketch_is_kept_once(tmp_path: Path) -> None:
    SketchFiles(tmp_path, "1").append([make(1), make(1)])
    SketchFiles(tmp_path, "1").append([make(1)])
    assert len(SketchFiles(tmp_path, "1").open(SHAPE, BYTES).words) == 1


def test_half_a_record_is_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    SketchFiles(tmp_path, "1").append([make(1)])
    for name, torn in (("256x256.bits", b"x" * (BYTES + 100)), ("256x256.keys", b"x" * 17)):
        with (tmp_path / "1" / name).open("ab") as file:
            file.write(torn)
    files = SketchFiles(tmp_path, "1")
    assert list(files.open(SHAPE, BYTES).places) == [make(1).sha256]
    files.append([make(2)])
    mapped = files.open(SHAPE, BYTES)
    assert mapped.words[mapped.places[make(2).sha256]].tobytes() == make(2).bits
    assert files.find_faults() == []


def test_a_changed_bit_and_a_lost_end_are_seen(tmp_path: Path) -> None:
    files = SketchFiles(tmp_path, "1")
    files.append([make(1), make(2)])
    path = tmp_path / "1" / "256x256.bits"
    data = bytearray(path.read_bytes())
    data[BYTES + 5] ^= 1
    path.write_bytes(data)
    assert files.find_faults() == ["256x256.bits: sketch 1 has changed"]
    path.write_bytes(data[: BYTES + 5])
    assert files.find_faults() == ["256x256.bits holds 1 of 2 sketches"]
    assert list(files.open(SHAPE, BYTES).places) == [make(1).sha256]


def test_where_there_is_nothing_nothing_is_found(tmp_path: Path) -> None:
    mapped = SketchFiles(tmp_path / "none", "1").open(SHAPE, BYTES)
    assert (mapped.words.shape, dict(mapped.places)) == ((0, BYTES // 8), {})
    assert SketchFiles(tmp_path / "none", "1").find_faults() == []
