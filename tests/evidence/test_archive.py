from __future__ import annotations

import stat
from datetime import UTC, datetime

import pytest

from varde.core.issue import IssueCode
from varde.evidence.archive import MemberKind, find_name_fault, read_unix_time, tell_kind


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (b"../../evil", "leads out"),
        (b"a/../../evil", "leads out"),
        (b"..\\evil", "leads out"),
        (b"/etc/passwd", "absolute"),
        (b"\\\\server\\share", "absolute"),
        (b"C:\\Windows\\x", "drive letter"),
        (b"c:/x", "drive letter"),
        (b"a\0.jpg", "NUL"),
        (b"", "empty"),
    ],
)
def test_dangerous_names_are_told(name: bytes, fault: str) -> None:
    assert fault in find_name_fault(name)


@pytest.mark.parametrize("name", [b"a/b.jpg", b"..a", b"a..", b"...", b"a:b", b"\xff\xfe", b"dir/", b"ab:/c"])
def test_ordinary_names_are_no_fault(name: bytes) -> None:
    assert find_name_fault(name) == ""


def test_times_no_calendar_holds_are_none() -> None:
    assert read_unix_time(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert read_unix_time(-1.5) == datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)
    for seconds in (1e30, -1e30, float("nan"), float("inf"), 1 << 55):
        assert read_unix_time(seconds) is None


def test_what_calls_itself_a_link_but_holds_content_is_a_file() -> None:
    assert tell_kind(stat.S_IFLNK | 0o777, 20) == (MemberKind.SYMLINK, ())
    kind, (issue,) = tell_kind(stat.S_IFLNK | 0o777, 20_000)
    assert kind is MemberKind.FILE
    assert issue.code is IssueCode.SPECIAL_FILE
    assert "symbolic link but holds 20000 bytes" in issue.cause


def test_what_was_piped_into_an_archiver_is_a_file() -> None:
    assert tell_kind(stat.S_IFIFO | 0o600, 20_000) == (MemberKind.FILE, ())


def test_kinds_follow_the_file_mode() -> None:
    assert tell_kind(0, 5)[0] is MemberKind.FILE
    assert tell_kind(stat.S_IFREG | 0o644, 5)[0] is MemberKind.FILE
    assert tell_kind(stat.S_IFDIR, 0)[0] is MemberKind.FOLDER
    assert tell_kind(stat.S_IFIFO, 0)[0] is MemberKind.SPECIAL
    assert tell_kind(0o170000, 0)[0] is MemberKind.SPECIAL
