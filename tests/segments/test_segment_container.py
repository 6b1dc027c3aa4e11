import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from varde.core.errors import IntegrityFailure, WrongUse
from varde.segments.container import FORMAT, Pieces, open_segment, verify_segment, write_segment

ARRAYS = {
    "whole": np.arange(1_000, dtype=np.uint64).reshape(250, 4),
    "bytes": np.frombuffer(b"abc", np.uint8),
    "none": np.empty((0, 3), np.uint16),
    "negative": np.array([-1, 1 << 62]),
}


def write(folder: Path) -> Path:
    path = folder / "a.segment"
    write_segment(path, "test", 3, {"rows": 250, "of": "what"}, ARRAYS)
    return path


def test_what_was_written_is_read_where_it_lies(tmp_path: Path) -> None:
    segment = open_segment(write(tmp_path), "test", 3)
    assert segment.facts == {"rows": 250, "of": "what"}
    assert list(segment.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        found = segment.arrays[name]
        assert found.dtype == array.dtype
        assert (found.shape, found.tolist()) == (array.shape, array.tolist())
        assert not found.flags.writeable
        assert not found.size or found.ctypes.data % 64 == 0


def test_an_array_may_be_written_piece_by_piece(tmp_path: Path) -> None:
    pieces = (np.full((rows, 2), rows, np.uint16) for rows in (3, 0, 5))
    write_segment(tmp_path / "a", "test", 1, {}, {"pieces": Pieces(np.dtype(np.uint16), (2,), pieces)})
    assert open_segment(tmp_path / "a", "test", 1).arrays["pieces"].tolist() == [[3, 3]] * 3 + [[5, 5]] * 5


def test_its_digest_is_that_of_all_its_bytes(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = path.read_bytes()
    assert verify_segment(path) == open_segment(path, "test", 3).sha256 == hashlib.sha256(data[:-32]).digest()
    assert data[-32:] == verify_segment(path)


def test_one_flipped_bit_anywhere_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = path.read_bytes()
    for place in [*range(0, len(data), 97), *range(len(data) - 600, len(data)), *range(80)]:
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(IntegrityFailure, match=r"a\.segment is damaged"):
            verify_segment(path)


def test_opening_refuses_a_damaged_head_footer_or_tail(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = path.read_bytes()
    for place in [*range(12), *range(data.index(b'{"arrays"'), len(data) - 32)]:
        damaged = bytearray(data)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises((IntegrityFailure, WrongUse), match=r"a\.segment"):
            open_segment(path, "test", 3)


@pytest.mark.parametrize("left", [0, 1, 63, 64, 143, 144, 145, 5_000, -1])
def test_a_truncated_file_is_refused_by_name(tmp_path: Path, left: int) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(IntegrityFailure, match=r"a\.segment"):
        open_segment(path, "test", 3)
    with pytest.raises(IntegrityFailure, match=r"a\.segment"):
        verify_segment(path)


def test_a_longer_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(IntegrityFailure):
        open_segment(path, "test", 3)
    with pytest.raises(IntegrityFailure):
        verify_segment(path)


@pytest.mark.parametrize(("kind", "version"), [("test", 2), ("test", 4), ("other", 3)])
def test_another_kind_or_version_is_refused_with_advice(tmp_path: Path, kind: str, version: int) -> None:
    with pytest.raises(WrongUse, match="test version 3") as refused:
        open_segment(write(tmp_path), kind, version)
    assert "built again" in refused.value.advice


def test_another_version_of_the_container_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = bytearray(path.read_bytes())
    data[8:12] = struct.pack("<I", FORMAT + 1)
    path.write_bytes(data)
    with pytest.raises(WrongUse, match=f"format {FORMAT + 1}"):
        open_segment(path, "test", 3)


@pytest.mark.parametrize("array", [np.array(["text"]), np.zeros(3, np.complex64), np.zeros(3, object), np.array(3)])
def test_what_cannot_be_stored_is_refused_and_leaves_nothing(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(WrongUse):
        write_segment(tmp_path / "a", "test", 1, {}, {"array": array})
    assert not list(tmp_path.iterdir())


def test_pieces_of_another_shape_are_refused(tmp_path: Path) -> None:
    pieces = Pieces(np.dtype(np.uint8), (2,), iter([np.zeros((1, 3), np.uint8)]))
    with pytest.raises(WrongUse, match="piece"):
        write_segment(tmp_path / "a", "test", 1, {}, {"array": pieces})


def test_a_segment_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path)
    with pytest.raises(WrongUse, match="never changed"):
        write_segment(path, "test", 3, {}, {})


def test_arrays_outlive_their_file(tmp_path: Path) -> None:
    path = write(tmp_path)
    segment = open_segment(path, "test", 3)
    path.unlink()
    assert segment.arrays["whole"].sum() == sum(range(1_000))
