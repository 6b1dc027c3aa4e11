from __future__ import annotations

import errno
import io
import os
import random
import resource
import signal
import tempfile
from pathlib import Path

import pytest
from evidence_readers import READERS, unpack

from varde.core.issue import IssueCode
from varde.core.limits import ArchiveLimits
from varde.evidence.expand import expand
from varde.testing.archives import make_7z, make_tar, make_zip

PHOTO = random.Random(1).randbytes(5000)


def test_members_are_appended_to_what_the_spool_holds(tmp_path: Path) -> None:
    with (tmp_path / "spool").open("w+b") as spool:
        spool.write(b"before")
        result = expand(
            io.BytesIO(make_zip([("a", PHOTO)])), "application/zip", spool, ArchiveLimits(), readers=READERS
        )
        (member,) = result.members
        assert (member.offset, member.size_bytes) == (6, len(PHOTO))
        spool.seek(0)
        assert spool.read() == b"before" + PHOTO


def test_an_archive_inside_an_archive_is_one_member_that_can_be_expanded() -> None:
    inner = make_7z([("deep/photo.jpg", PHOTO)])
    middle = make_tar([("inner.7z", inner)], "gz")
    outer = unpack(make_zip([("middle.tgz", middle)]))
    found = unpack(outer.contents[b"middle.tgz"] or b"", "application/gzip")
    assert unpack(found.contents[b"inner.7z"] or b"", "application/x-7z-compressed").contents == {
        b"deep/photo.jpg": PHOTO
    }


def test_archives_of_archives_grow_by_one_level_at_a_time() -> None:
    data = make_zip([("0", bytes(1 << 20))])
    for level in range(1, 6):
        data = make_zip([(f"{level}-{index}", data) for index in range(16)])
    found = unpack(data)
    assert len(found.contents) == 16
    assert len(found.spool) < 1 << 20


def test_limits_on_the_whole_archive_hold_across_windows() -> None:
    data = make_zip([(f"{index}", PHOTO) for index in range(10)])
    limits = ArchiveLimits(max_total_bytes=22_000)
    contents, start, before, spool, codes = 0, 0, 0, io.BytesIO(), []
    while start is not None:
        result = expand(
            io.BytesIO(data),
            "application/zip",
            spool,
            limits,
            start=start,
            unpacked_before=before,
            window_bytes=6_000,
            readers=READERS,
        )
        contents += sum(member.size_bytes is not None for member in result.members)
        codes += [issue.code for _, issue in result.issues]
        start, before = result.next_start, result.unpacked_bytes
    assert contents == 4
    assert codes == [IssueCode.ARCHIVE_BOMB] * 6


def test_windows_end_by_count_of_members_too() -> None:
    data = make_zip([(f"{index}", b"x") for index in range(10)])
    result = expand(
        io.BytesIO(data), "application/zip", io.BytesIO(), ArchiveLimits(), window_members=4, readers=READERS
    )
    assert (len(result.members), result.next_start) == (4, 4)


def test_windows_end_by_the_length_of_names_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("varde.evidence.expand.WINDOW_NAME_BYTES", 1000)
    data = make_zip([(f"{index}" * 300, b"x") for index in range(10)])
    result = expand(io.BytesIO(data), "application/zip", io.BytesIO(), ArchiveLimits(), readers=READERS)
    assert result.next_start == 4


def test_many_members_are_all_given_once() -> None:
    data = make_zip([(f"{index}.txt", b"%d" % index) for index in range(20_000)])
    found = unpack(data)
    assert found.contents == {b"%d.txt" % index: b"%d" % index for index in range(20_000)}


def test_a_type_without_a_reader_is_unsupported() -> None:
    found = unpack(b"\x28\xb5\x2f\xfd" + bytes(100), "application/zstd")
    assert found.codes == [(None, IssueCode.ARCHIVE_UNSUPPORTED)]
    assert "application/zstd" in found.causes


def test_rar_is_unsupported_with_advice() -> None:
    found = unpack(b"Rar!\x1a\x07\x01\x00" + bytes(100), "application/vnd.rar")
    assert found.codes == [(None, IssueCode.ARCHIVE_UNSUPPORTED)]
    assert "unpack it and add the folder" in found.causes


def test_what_only_looks_like_an_archive_is_damaged() -> None:
    assert unpack(b"\0" * 600, "application/x-tar").codes == [(None, IssueCode.ARCHIVE_DAMAGED)]


def test_a_full_disk_is_an_error_and_not_the_members_fault() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        expand(io.BytesIO(make_zip([("a", b"x")])), "application/zip", Full(), ArchiveLimits(), readers=READERS)


def test_a_member_beyond_the_spools_size_limit_is_an_issue_and_the_next_is_read() -> None:
    data = make_zip([("big", PHOTO * 100), ("small", PHOTO)])
    with tempfile.TemporaryFile() as spool:
        child = os.fork()
        if child == 0:  # the limit cannot be raised again, so it is set in a process of its own
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            result = expand(io.BytesIO(data), "application/zip", spool, ArchiveLimits(), readers=READERS)
            sizes = [member.size_bytes for member in result.members]
            spool.flush()
            is_right = sizes == [None, 5000] and [issue.code for _, issue in result.issues] == [IssueCode.TOO_LARGE]
            os._exit(0 if is_right else 1)
        assert os.waitpid(child, 0)[1] == 0
        spool.seek(0)
        assert spool.read() == PHOTO
