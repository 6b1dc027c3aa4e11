from __future__ import annotations

import gzip
import io
import random
import shutil
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evidence_readers import unpack
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.core.issue import IssueCode
from varde.core.limits import ArchiveLimits
from varde.testing.archives import make_tar

MIME = "application/x-tar"
YEAR_9999 = 253_402_300_799
PHOTO = random.Random(1).randbytes(5000)


def make_with(*infos: tuple[tarfile.TarInfo, bytes], layout: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=layout) as archive:
        for info, data in infos:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@settings(max_examples=60, deadline=None)
@given(
    members=st.lists(
        st.tuples(st.text("ab/ä.\udcff", min_size=1, max_size=300), st.binary(max_size=1200), st.integers(0, 2**40)),
        max_size=5,
    ),
    layout=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_reads_what_tarfile_reads(members: list[tuple[str, bytes, int]], layout: int) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=layout) as archive:
        for index, (name, data, seconds) in enumerate(members):
            info = tarfile.TarInfo(f"{index}{name}x")
            info.size, info.mtime = len(data), seconds
            archive.addfile(info, io.BytesIO(data))
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        infos = archive.getmembers()
        expected = {info.name.encode("utf-8", "surrogateescape"): archive.extractfile(info).read() for info in infos}  # type: ignore[union-attr]
    if not members:
        return  # twenty blocks of zeros are no tar archive to anybody
    found = unpack(out.getvalue(), MIME)
    assert found.contents == expected
    for member, info in zip(found.expansion.members, infos, strict=True):
        expected_time = datetime.fromtimestamp(info.mtime, UTC) if info.mtime <= YEAR_9999 else None
        assert member.modified_at == expected_time


def test_names_that_are_not_utf8_are_kept() -> None:
    name = b"caf\xe9/\xff.jpg"
    for layout in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        data = make_tar([(name.decode("utf-8", "surrogateescape"), b"x")], layout=layout)
        assert list(unpack(data, MIME).contents) == [name]


def test_long_names_of_every_kind_are_read() -> None:
    name = "/".join(["folder" * 5] * 8)
    for layout in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        assert list(unpack(make_tar([(name, b"x")], layout=layout), MIME).contents) == [name.encode()]


def test_a_hard_link_has_its_targets_bytes_without_storing_them_twice() -> None:
    data = make_with((entry("a"), PHOTO), (entry("b", tarfile.LNKTYPE, "a"), b""), (entry("c"), b"z"))
    found = unpack(data, MIME)
    assert found.contents == {b"a": PHOTO, b"b": PHOTO, b"c": b"z"}
    assert not found.codes
    assert len(found.spool) == len(PHOTO) + 1


def test_a_hard_link_to_nothing_known_is_an_issue() -> None:
    links = [(entry("b", tarfile.LNKTYPE, "gone"), b""), (entry("c", tarfile.LNKTYPE, "a"), b"")]
    data = make_with((entry("a"), PHOTO), *links)
    found = unpack(data, MIME)
    assert found.contents == {b"a": PHOTO, b"b": None, b"c": PHOTO}
    assert found.codes == [(b"b", IssueCode.SYMLINK)]
    assert unpack(data, MIME, start=2).codes == [(b"c", IssueCode.SYMLINK)]


def test_links_and_devices_are_issues_and_folders_are_nothing() -> None:
    kinds = {"s": tarfile.SYMTYPE, "d": tarfile.DIRTYPE, "c": tarfile.CHRTYPE, "f": tarfile.FIFOTYPE}
    data = make_with(*((entry(name, kind, "t"), b"") for name, kind in kinds.items()), (entry("file"), b"x"))
    found = unpack(data, MIME)
    assert found.contents == {b"s": None, b"c": None, b"f": None, b"file": b"x"}
    assert dict(found.codes) == {b"s": IssueCode.SYMLINK, b"c": IssueCode.SPECIAL_FILE, b"f": IssueCode.SPECIAL_FILE}


def test_repeated_and_dangerous_names() -> None:
    found = unpack(make_tar([("a", b"1"), ("../a", b"2"), ("a", b"3"), ("/abs", b"4")]), MIME)
    assert found.contents == {b"a": b"1", b"../a": b"2", b"a#2": b"3", b"/abs": b"4"}
    assert found.codes == [(b"../a", IssueCode.SUSPICIOUS_NAME), (b"/abs", IssueCode.SUSPICIOUS_NAME)]


def test_a_damaged_header_costs_its_member_only() -> None:
    data = bytearray(make_tar([("a", PHOTO), ("b", PHOTO), ("c", b"z")], layout=tarfile.GNU_FORMAT))
    data[512 + 5120 + 130] ^= 0xFF
    found = unpack(bytes(data), MIME)
    assert found.contents == {b"a": PHOTO, b"c": b"z"}
    assert found.codes == [(None, IssueCode.ARCHIVE_DAMAGED)]
    assert "5632 bytes" in found.causes


def test_members_behind_the_end_mark_are_found() -> None:
    data = make_tar([("a", b"1")]) + make_tar([("b", b"2")])
    assert unpack(data, MIME).contents == {b"a": b"1", b"b": b"2"}


def test_a_cut_off_member_keeps_what_is_there() -> None:
    data = make_tar([("a", b"1"), ("b", PHOTO)], layout=tarfile.GNU_FORMAT)
    found = unpack(data[: 1024 + 512 + 1000], MIME)
    assert found.contents == {b"a": b"1", b"b": PHOTO[:1000]}
    assert found.codes == [(b"b", IssueCode.TRUNCATED), (None, IssueCode.TRUNCATED)]
    assert "ends after 1000 of 5000 bytes" in found.causes


def test_an_archive_cut_between_members_is_told() -> None:
    found = unpack(make_tar([("a", b"1"), ("b", b"2")], layout=tarfile.GNU_FORMAT)[:1024], MIME)
    assert found.contents == {b"a": b"1"}
    assert found.codes == [(None, IssueCode.TRUNCATED)]


def test_damage_in_a_packed_archive_names_the_first_lost_member() -> None:
    members = [(f"{index}", random.Random(index).randbytes(100_000)) for index in range(10)]
    data = bytearray(make_tar(members, "gz"))
    data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
    found = unpack(bytes(data), "application/gzip")
    complete = [name for name, content in members if found.contents.get(name.encode()) == content]
    assert complete == [name for name, _ in members[: len(complete)]]
    assert 3 <= len(complete) <= 6
    assert found.codes[-1] == (None, IssueCode.ARCHIVE_DAMAGED)
    assert f"From member number {len(found.expansion.members) + 1} on nothing was read" in found.causes


def test_a_packed_bomb_stops_the_archive() -> None:
    out = io.BytesIO()
    with gzip.open(out, "w", compresslevel=9) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("bomb")
        info.size = 200 << 20
        archive.addfile(info, Zeros(info.size))
    assert len(out.getvalue()) < 300_000
    found = unpack(out.getvalue(), "application/gzip")
    assert found.contents == {b"bomb": None}
    assert found.codes == [(b"bomb", IssueCode.ARCHIVE_BOMB), (None, IssueCode.ARCHIVE_BOMB)]
    assert found.spool == b""


class Zeros(io.RawIOBase):
    """Endless zeros, in pieces."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def read(self, size: int = -1) -> bytes:
        count = min(size, self._left)
        self._left -= count
        return bytes(count)


def test_an_extended_header_too_large_is_passed_over() -> None:
    info = entry("short")
    info.pax_headers = {"comment": "x" * 400_000}
    found = unpack(make_with((info, PHOTO)), MIME)
    assert found.contents == {b"short": PHOTO}
    assert found.codes == [(None, IssueCode.ARCHIVE_DAMAGED)]


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs GNU tar to write sparse members")
@pytest.mark.parametrize("layout", [["gnu"], ["posix", "0.0"], ["posix", "0.1"], ["posix", "1.0"]])
def test_sparse_members_are_filled_with_zeros(tmp_path: Path, layout: list[str]) -> None:
    expected = {}
    for count, name in ((3, "few"), (40, "many")):
        with (tmp_path / name).open("wb") as file:
            for index in range(count):
                file.seek(index * 200_000)
                file.write(b"%d" % index * 2000)
            file.truncate(count * 200_000 + 12_345)
        expected[name.encode()] = (tmp_path / name).read_bytes()
    (tmp_path / "plain").write_bytes(PHOTO)
    expected[b"plain"] = PHOTO
    version = ["--sparse-version", layout[1]] if layout[1:] else []
    command = ["tar", "--format", layout[0], "--sparse", *version, "-cf", "a.tar", "few", "many", "plain"]
    subprocess.run(command, cwd=tmp_path, check=True)
    data = (tmp_path / "a.tar").read_bytes()
    assert len(data) < 4 << 20
    assert unpack(data, MIME).contents == expected
    assert unpack(gzip.compress(data), "application/gzip").contents == expected


def test_a_sparse_bomb_is_an_issue() -> None:
    info = entry("holes")
    info.pax_headers = {"GNU.sparse.size": str(1 << 60), "GNU.sparse.map": "0,1", "GNU.sparse.numblocks": "1"}
    found = unpack(make_with((info, b"x"), (entry("after"), b"z")), MIME)
    assert found.contents[b"holes"] is None
    assert (b"holes", IssueCode.ARCHIVE_BOMB) in found.codes


@pytest.mark.parametrize("places", ["5,1,0,1", "0", "x,y", "0,99", "0,-1", ""])
def test_a_map_of_holes_that_makes_no_sense_is_an_issue(places: str) -> None:
    info = entry("holes")
    info.pax_headers = {"GNU.sparse.size": "10", "GNU.sparse.map": places}
    found = unpack(make_with((info, b"x" * 20), (entry("after"), b"z")), MIME)
    assert found.contents == {b"holes": None, b"after": b"z"}
    assert found.codes == [(b"holes", IssueCode.ARCHIVE_DAMAGED)]


def test_too_many_members_stop_the_archive() -> None:
    found = unpack(make_tar([(f"{index}", b"x") for index in range(9)]), MIME, ArchiveLimits(max_members=4))
    assert len(found.contents) == 4
    assert found.codes == [(None, IssueCode.ARCHIVE_TOO_MANY)]


def test_mutated_headers_never_raise() -> None:
    link = entry("l", tarfile.LNKTYPE, "a")
    long = entry("n" * 200)
    long.pax_headers = {"mtime": "1.5", "GNU.sparse.major": "1", "GNU.sparse.realsize": "70", "GNU.sparse.name": "s"}
    data = make_with((entry("a"), PHOTO[:40]), (link, b""), (long, b"2\n0\n5\n60\n5\n".ljust(512, b"\0") + b"x" * 10))
    assert unpack(data, MIME).contents[b"s"] == b"x" * 5 + bytes(55) + b"x" * 5 + bytes(5)
    chance = random.Random(5)
    for _ in range(3000):
        mutant = bytearray(data)
        header = chance.choice([at for at in range(0, len(data), 512) if any(data[at : at + 512])])
        for _ in range(chance.randrange(1, 4)):
            mutant[header + chance.randrange(512)] = chance.choice(b"\x00\x80\xff0179 \nxgLKS1")
        block = mutant[header : header + 512]
        block[148:156] = b" " * 8
        mutant[header + 148 : header + 156] = b"%06o\0 " % sum(block)
        unpack(bytes(mutant), MIME, ArchiveLimits(max_member_bytes=1 << 20))
