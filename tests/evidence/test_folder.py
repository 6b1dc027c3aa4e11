from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from varde.core.errors import NotFound
from varde.core.issue import IssueCode
from varde.core.item import FoundFile
from varde.evidence.folder import FoundIssue, walk


def names(root: Path) -> list[bytes]:
    return [found.locator.segments[0].name for found in walk(root)]


def write(root: Path, path: bytes, data: bytes = b"x") -> None:
    full = os.fsencode(root) + b"/" + path
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(data)


def issues(root: Path) -> dict[bytes, IssueCode]:
    return {found.locator.segments[0].name: found.issue.code for found in walk(root) if isinstance(found, FoundIssue)}


def test_every_file_is_found_with_size_and_time(tmp_path: Path) -> None:
    write(tmp_path, b"DCIM/100/1.jpg", b"abc")
    os.utime(tmp_path / "DCIM/100/1.jpg", (0, 1_600_000_000.5))
    (found,) = walk(tmp_path)
    assert isinstance(found, FoundFile)
    assert str(found.locator) == "DCIM/100/1.jpg"
    assert found.size_bytes == 3
    assert found.modified_at == datetime(2020, 9, 13, 12, 26, 40, 500_000, tzinfo=UTC)


def test_order_is_by_bytes_with_a_folders_own_files_first(tmp_path: Path) -> None:
    for path in (b"b", b"a/z", b"a/B", b"a/a/1", b"Z", b"c/1", b"\xff", b"a0"):
        write(tmp_path, path)
    expected = [b"Z", b"a0", b"b", b"\xff", b"a/B", b"a/z", b"a/a/1", b"c/1"]
    assert names(tmp_path) == expected
    assert names(tmp_path) == expected


def test_any_file_name_bytes_come_back_exactly(tmp_path: Path) -> None:
    weird = sorted(
        [b"\xff\xfe", b"new\nline", b" ", b"-rf", b"a!b", b"back\\slash", b"\x01", "ä\u202eb".encode(), b"x" * 255]
    )
    for name in weird:
        write(tmp_path, name)
    assert names(tmp_path) == weird


def test_links_are_reported_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, b"sub/file")
    os.symlink("..", tmp_path / "sub/loop")
    os.symlink("/etc/passwd", tmp_path / "outside")
    os.symlink("nowhere", tmp_path / "broken")
    assert issues(tmp_path) == dict.fromkeys((b"sub/loop", b"outside", b"broken"), IssueCode.SYMLINK)
    assert b"sub/file" in names(tmp_path)


def test_special_files_are_an_issue_each_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(tmp_path, os.O_DIRECTORY)
        server.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
    assert issues(tmp_path) == dict.fromkeys((b"pipe", b"sock"), IssueCode.SPECIAL_FILE)


def test_a_folder_that_cannot_be_listed_does_not_stop_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, b"locked/secret")
    write(tmp_path, b"open/file")
    if os.geteuid() == 0:
        real = os.listdir
        inode = os.stat(tmp_path / "locked").st_ino

        def refuse(folder: int) -> list[str]:
            if os.fstat(folder).st_ino == inode:
                raise PermissionError(13, "Permission denied")
            return real(folder)

        monkeypatch.setattr(os, "listdir", refuse)
    else:
        os.chmod(tmp_path / "locked", 0)
    assert issues(tmp_path) == {b"locked": IssueCode.UNREADABLE}
    assert b"open/file" in names(tmp_path)
    os.chmod(tmp_path / "locked", 0o700)


def test_a_path_too_long_to_open_is_an_issue(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_DIRECTORY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        inner = os.open("d" * 250, os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    assert list(issues(tmp_path).values()) == [IssueCode.UNREADABLE]


def test_a_file_that_vanishes_meanwhile_is_an_issue(tmp_path: Path) -> None:
    write(tmp_path, b"a")
    write(tmp_path, b"b")
    walking = walk(tmp_path)
    next(walking)
    os.unlink(tmp_path / "b")
    assert [found.issue.code for found in walking if isinstance(found, FoundIssue)] == [IssueCode.VANISHED]


def test_empty_folders_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert names(tmp_path) == []


def test_a_single_file_is_its_own_place(tmp_path: Path) -> None:
    write(tmp_path, b"image.dd", b"12")
    assert names(tmp_path / "image.dd") == [b"image.dd"]


def test_a_missing_root_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing can be read"):
        walk(tmp_path / "gone")


def test_a_time_no_calendar_holds_is_none(tmp_path: Path) -> None:
    write(tmp_path, b"far")
    try:
        os.utime(tmp_path / "far", (0, 1 << 55))
    except OverflowError:
        pytest.skip("this system has no such times")
    (found,) = walk(tmp_path)
    assert isinstance(found, FoundFile)
    if os.stat(tmp_path / "far").st_mtime < 253402300800:
        pytest.skip("this file system cuts times off")
    assert found.modified_at is None
