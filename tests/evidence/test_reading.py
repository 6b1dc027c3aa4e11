from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.evidence.reading import SliceFile, open_below, read_file
from varde.testing.archives import make_zip


def code_of(path: Path | bytes, **parts: int) -> str:
    with pytest.raises(Unreadable) as caught, read_file(path, **parts):
        pass
    return caught.value.issue_code


def test_a_file_is_read_whole_and_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 10)
    with read_file(path) as file:
        assert file.size_bytes == 2560
        assert file.read_whole(2560) == path.read_bytes()
        assert [len(piece) for piece in file.chunks(1000)] == [1000, 1000, 560]


def test_a_part_is_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with read_file(os.fsencode(path), offset=3, size=4) as file:
        assert file.read_whole(4) == b"3456"
        assert file.open_slice().read() == b"3456"


def test_a_limit_is_an_issue(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with read_file(path) as file, pytest.raises(Unreadable, match="at most 9"):
        file.read_whole(9)


def test_appending_while_reading_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 3000)
    with pytest.raises(Unreadable) as caught, read_file(path) as file:
        for _ in file.chunks(1000):
            with path.open("ab") as other:
                other.write(b"more")
    assert caught.value.issue_code == IssueCode.CHANGED_WHILE_READING
    assert "3000 bytes before, 3012 after" in str(caught.value)


def test_rewriting_at_equal_size_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3000)
    with pytest.raises(Unreadable) as caught, read_file(path) as file:
        file.read_whole(3000)
        path.write_bytes(b"y" * 3000)
        os.utime(path, ns=(0, 1))
    assert caught.value.issue_code == IssueCode.CHANGED_WHILE_READING


def test_cutting_off_while_reading_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3000)
    with pytest.raises(Unreadable) as caught, read_file(path) as file:
        for _ in file.chunks(1000):
            os.truncate(path, 1500)
    assert caught.value.issue_code == IssueCode.CHANGED_WHILE_READING


def test_another_size_than_when_walked_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"xyz")
    assert code_of(path, expected_size=2) == IssueCode.CHANGED_WHILE_READING
    with read_file(path, expected_size=3):
        pass


def test_an_error_inside_is_not_hidden_by_a_change(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"xyz")
    with pytest.raises(ZeroDivisionError), read_file(path):
        path.write_bytes(b"other")
        raise ZeroDivisionError


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.symlink("pipe", tmp_path / "link")
    (tmp_path / "folder").mkdir()
    assert code_of(tmp_path / "pipe") == IssueCode.SPECIAL_FILE
    assert code_of(tmp_path / "folder") == IssueCode.SPECIAL_FILE
    assert code_of(tmp_path / "link") == IssueCode.SYMLINK
    assert code_of(tmp_path / "gone") == IssueCode.VANISHED


def test_a_part_beyond_the_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"xyz")
    assert code_of(path, offset=2, size=2) == IssueCode.TRUNCATED
    assert code_of(path, offset=4) == IssueCode.TRUNCATED


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"xyz")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        code_of(path, offset=9)
        with read_file(path) as file:
            file.open_slice().read()
    assert len(os.listdir("/proc/self/fd")) == before


def test_access_time_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"xyz")
    os.utime(path, ns=(5, os.stat(path).st_mtime_ns))
    with read_file(path) as file:
        file.read_whole(3)
    assert os.stat(path).st_atime_ns == 5


def test_nothing_is_opened_through_a_link_or_above_the_root(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/file").write_bytes(b"abc")
    (tmp_path / "secret").write_bytes(b"no")
    os.symlink("deep", tmp_path / "in/way")
    fileno = open_below(tmp_path / "in", b"deep/file")
    assert os.read(fileno, 9) == b"abc"
    os.close(fileno)
    for path in (b"../secret", b"way/file", b"/etc/passwd", b"", b"deep//file", b"deep/./file", b"deep/gone"):
        with pytest.raises(Unreadable):
            open_below(tmp_path / "in", path)


def test_a_slice_serves_zipfile(tmp_path: Path) -> None:
    data = make_zip([("a", b"content")])
    path = tmp_path / "spool"
    path.write_bytes(b"before" + data + b"after" * 100)
    with read_file(path, offset=6, size=len(data)) as file, zipfile.ZipFile(file.open_slice()) as archive:
        assert archive.read("a") == b"content"


@given(
    content=st.binary(max_size=60),
    cut=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    moves=st.lists(st.tuples(st.integers(-20, 80), st.sampled_from([0, 1, 2]), st.integers(0, 30)), max_size=8),
)
def test_a_slice_behaves_like_the_same_bytes_in_memory(
    content: bytes, cut: tuple[int, int], moves: list[tuple[int, int, int]]
) -> None:
    start, end = sorted(min(edge, len(content)) for edge in cut)
    with io.BytesIO(content[start:end]) as model, memory_file(content) as holder:
        piece = SliceFile(holder.fileno(), start, end - start)
        for offset, whence, count in moves:
            base = {0: 0, 1: model.tell(), 2: end - start}[whence]
            if base + offset >= 0:
                assert piece.seek(offset, whence) == model.seek(base + offset)
            else:
                with pytest.raises(OSError, match="before the start"):
                    piece.seek(offset, whence)
            assert piece.read(count) == model.read(count)
            assert piece.tell() == model.tell()


def memory_file(content: bytes) -> io.BufferedRandom:
    file = os.fdopen(os.memfd_create("slice"), "w+b")
    file.write(content)
    file.flush()
    return file
