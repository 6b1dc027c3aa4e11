from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
from pathlib import Path

import pytest
from evidence_readers import READERS

from varde.core.errors import IntegrityFailure, NotFound
from varde.core.limits import ArchiveLimits
from varde.core.locator import Locator, path_locator, read_locator
from varde.evidence.expand import expand
from varde.evidence.reopen import open_place
from varde.testing.archives import make_7z, make_tar, make_zip

PHOTO = random.Random(1).randbytes(5000)


def read(root: Path, locator: Locator | str, **options: object) -> bytes:
    place = read_locator(locator) if isinstance(locator, str) else locator
    with open_place(root, place, readers=READERS, **options) as file:  # type: ignore[arg-type]
        return file.read()


def test_a_file_is_opened_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    name = b"caf\xe9!.jpg"
    (tmp_path / "a" / os.fsdecode(name)).write_bytes(PHOTO)
    assert read(tmp_path, path_locator(b"a/" + name)) == PHOTO
    assert read(tmp_path, "a/caf\\xe9\\x21.jpg", expected_size=5000) == PHOTO


def test_an_exhibit_that_is_one_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "only.zip").write_bytes(make_zip([("a", PHOTO)]))
    assert read(tmp_path / "only.zip", "only.zip!/a") == PHOTO
    with pytest.raises(NotFound, match="holds no other"):
        read(tmp_path / "only.zip", "other")


def test_members_are_opened_through_nested_archives(tmp_path: Path) -> None:
    inner = make_7z([("../photo.jpg", PHOTO)])
    middle = make_tar([("x", b"1"), ("inner.7z", inner)], "xz")
    (tmp_path / "phone.zip").write_bytes(make_zip([("dir/middle.txz", middle)]))
    assert read(tmp_path, "phone.zip!/dir/middle.txz!/inner.7z!/../photo.jpg") == PHOTO


def test_what_expand_found_is_what_is_opened(tmp_path: Path) -> None:
    """Repeated names, cut-off members and hard links included."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in (("a", b"first"), ("b", b"x"), ("a", PHOTO)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.LNKTYPE, "a"
        archive.addfile(link)
        info = tarfile.TarInfo("cut")
        info.size = len(PHOTO)
        archive.addfile(info, io.BytesIO(PHOTO))
    packed = out.getvalue()
    packed = packed[: packed.rindex(PHOTO[:2000]) + 2000]
    (tmp_path / "t.tar").write_bytes(packed)
    spool = io.BytesIO()
    result = expand(io.BytesIO(packed), "application/x-tar", spool, ArchiveLimits(), readers=READERS)
    assert len(result.members) == 5
    for member in result.members:
        size = member.size_bytes or 0
        place = path_locator(b"t.tar").member(member.name, member.occurrence)
        content = spool.getvalue()[member.offset : member.offset + size]
        assert read(tmp_path, read_locator(str(place)), expected_size=size) == content
    assert content == PHOTO[:2000]


def test_what_is_gone_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(make_zip([("in", b"x")]))
    (tmp_path / "plain").write_bytes(b"no archive")
    for locator in ("gone", "a.zip!/gone", "a.zip!/in\\#2", "plain!/in", "gone/a", "a.zip/in", "../a.zip", ""):
        with pytest.raises(NotFound):
            read(tmp_path, locator)


def test_a_link_put_in_the_way_later_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"no")
    root = tmp_path / "exhibit"
    root.mkdir()
    (root / "a").symlink_to(tmp_path / "secret")
    (root / "d").symlink_to(tmp_path)
    for locator in ("a", "d/secret"):
        with pytest.raises(NotFound):
            read(root, locator)


def test_another_size_than_recorded_is_an_integrity_failure(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"xyz")
    with pytest.raises(IntegrityFailure, match="has 3 bytes, but 4 were recorded"):
        read(tmp_path, "a", expected_size=4)


def test_limits_hold_when_opening(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(3 << 20)))
    with pytest.raises(NotFound, match="unpacks to more than"):
        read(tmp_path, "bomb.gz!/data", limits=ArchiveLimits(max_member_bytes=1 << 20))
    with pytest.raises(NotFound, match="deeper"):
        read(tmp_path, "a!/b!/c", limits=ArchiveLimits(max_depth=1))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.zip").write_bytes(make_zip([("in", PHOTO)]))
    before = len(os.listdir("/proc/self/fd"))
    for locator in ("d/a.zip!/in", "d/a.zip!/gone", "d/x", "d"):
        try:
            read(tmp_path, locator)
        except NotFound:
            pass
    assert len(os.listdir("/proc/self/fd")) == before
