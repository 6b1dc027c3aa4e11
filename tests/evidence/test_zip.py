from __future__ import annotations

import io
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from evidence_readers import unpack
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.core.issue import IssueCode
from varde.core.limits import ArchiveLimits
from varde.testing.archives import make_streamed_zip, make_zip

PHOTO = random.Random(1).randbytes(5000)


def patch_first(data: bytes, magic: bytes, offset: int, new: bytes) -> bytes:
    at = data.index(magic) + offset
    return data[:at] + new + data[at + len(new) :]


def patch_both(data: bytes, local_offset: int, central_offset: int, new: bytes) -> bytes:
    """Returns the archive with a field of its first member changed in both of its headers."""
    return patch_first(patch_first(data, b"PK\x03\x04", local_offset, new), b"PK\x01\x02", central_offset, new)


@settings(max_examples=60, deadline=None)
@given(
    members=st.lists(
        st.tuples(st.text("abc/ä._", min_size=1, max_size=8), st.binary(max_size=300), st.sampled_from([0, 8, 12, 14])),
        max_size=6,
    ),
    comment=st.binary(max_size=40),
    prefix=st.binary(max_size=50),
)
def test_reads_what_zipfile_reads(members: list[tuple[str, bytes, int]], comment: bytes, prefix: bytes) -> None:
    out = io.BytesIO(prefix)
    out.seek(0, 2)
    with zipfile.ZipFile(out, "a") as archive:
        for index, (name, data, method) in enumerate(members):
            archive.writestr(zipfile.ZipInfo(f"{index}{name}".rstrip("/")), data, method)
        archive.comment = comment
    with zipfile.ZipFile(out) as archive:
        expected = {info.filename.encode(): archive.read(info) for info in archive.infolist()}
    if not members and prefix:
        return  # an empty archive behind other bytes is not looked for
    found = unpack(out.getvalue())
    assert found.contents == expected
    assert not [code for code in found.codes if code[1] is not IssueCode.SUSPICIOUS_NAME]


def test_name_bytes_are_kept_as_stored() -> None:
    data = make_zip([("nameXX", b"x")])
    for raw in (b"n\xff\xfe\x80XX", b"\x93\xfaXXXX", b"evil\0j"):
        assert list(unpack(data.replace(b"nameXX", raw)).contents) == [raw]


def test_bad_utf8_under_the_utf8_flag_spoils_nothing() -> None:
    data = make_zip([("größe", b"x"), ("other", b"y")]).replace("größe".encode(), b"gr\xff\xff\xff\xffe")
    assert unpack(data).contents == {b"gr\xff\xff\xff\xffe": b"x", b"other": b"y"}


def test_dos_time_is_read_as_utc_and_better_times_are_preferred() -> None:
    (member,) = unpack(make_zip([("a", b"x")])).expansion.members
    assert member.modified_at == datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)
    for extra in (
        struct.pack("<2HBI", 0x5455, 5, 1, 1_500_000_000),
        struct.pack("<2HI2H3Q", 0x000A, 32, 0, 1, 24, (1_500_000_000 + 11644473600) * 10**7, 0, 0),
    ):
        out = io.BytesIO()
        info = zipfile.ZipInfo("a")
        info.extra = extra
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(info, b"x")
        (member,) = unpack(out.getvalue()).expansion.members
        assert member.modified_at == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)


def test_an_impossible_time_is_none() -> None:
    data = patch_both(make_zip([("a", b"x")]), 10, 12, b"\xff\xff\xff\xff")
    assert unpack(data).expansion.members[0].modified_at is None


def test_an_encrypted_member_is_an_issue_and_the_others_are_read() -> None:
    data = patch_both(make_zip([("locked", PHOTO), ("open", b"y")]), 6, 8, b"\x01\x00")
    found = unpack(data)
    assert found.contents == {b"locked": None, b"open": b"y"}
    assert found.codes == [(b"locked", IssueCode.ARCHIVE_ENCRYPTED)]


@pytest.mark.parametrize("method", [1, 9, 93, 98, 12345])
def test_an_unsupported_method_is_named(method: int) -> None:
    data = patch_both(make_zip([("odd", PHOTO), ("fine", b"y")]), 8, 10, struct.pack("<H", method))
    found = unpack(data)
    assert found.contents == {b"odd": None, b"fine": b"y"}
    assert found.codes == [(b"odd", IssueCode.ARCHIVE_UNSUPPORTED)]
    assert f"method {method}" in found.causes


def test_a_wrong_checksum_keeps_all_bytes() -> None:
    data = patch_both(make_zip([("a", PHOTO), ("b", b"y")]), 14, 16, b"\0\0\0\0")
    found = unpack(data)
    assert found.contents == {b"a": PHOTO, b"b": b"y"}
    assert found.codes == [(b"a", IssueCode.ARCHIVE_DAMAGED)]
    assert f"checksum is {zlib.crc32(PHOTO):08x}, but 00000000" in found.causes


def test_a_broken_stream_keeps_what_came_before() -> None:
    text = b"".join(b"line %d\n" % index for index in range(50_000))
    data = bytearray(make_zip([("log", text), ("b", b"y")]))
    data[len(data) // 2 : len(data) // 2 + 8] = b"\xff" * 8
    found = unpack(bytes(data))
    kept = found.contents[b"log"]
    assert kept is not None
    assert len(kept) > 1000
    assert text.startswith(kept[:1000])
    assert found.contents[b"b"] == b"y"
    assert found.codes == [(b"log", IssueCode.ARCHIVE_DAMAGED)]


def test_a_member_without_its_header_is_an_issue_and_the_others_are_read() -> None:
    data = patch_first(make_zip([("a", PHOTO), ("b", b"y")]), b"PK\x03\x04", 0, b"XXXX")
    found = unpack(data)
    assert found.contents == {b"a": None, b"b": b"y"}
    assert found.codes == [(b"a", IssueCode.ARCHIVE_DAMAGED)]


def test_a_repeated_name_is_counted() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = make_zip([("a", b"1"), ("b", b"2"), ("a", b"3"), ("a", b"4")])
    assert unpack(data).contents == {b"a": b"1", b"b": b"2", b"a#2": b"3", b"a#3": b"4"}
    assert unpack(data, start=2).contents == {b"a#2": b"3", b"a#3": b"4"}


def test_dangerous_names_are_unpacked_with_an_issue() -> None:
    names = ["../../evil", "/abs", "C:\\x", "..\\up"]
    found = unpack(make_zip([(name, PHOTO) for name in names]))
    assert found.contents == {name.encode(): PHOTO for name in names}
    assert found.codes == [(name.encode(), IssueCode.SUSPICIOUS_NAME) for name in names]


def with_mode(name: str, mode: int, data: bytes) -> bytes:
    out = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, data)
    return out.getvalue()


def test_links_and_devices_are_issues_without_content() -> None:
    link = unpack(with_mode("link", stat.S_IFLNK | 0o777, b"/etc/passwd"))
    assert (link.contents, link.codes) == ({b"link": None}, [(b"link", IssueCode.SYMLINK)])
    device = unpack(with_mode("sda", stat.S_IFBLK, b""))
    assert (device.contents, device.codes) == ({b"sda": None}, [(b"sda", IssueCode.SPECIAL_FILE)])


def test_a_picture_hidden_as_a_link_is_examined() -> None:
    found = unpack(with_mode("link", stat.S_IFLNK | 0o777, PHOTO))
    assert found.contents == {b"link": PHOTO}
    assert found.codes == [(b"link", IssueCode.SPECIAL_FILE)]


def test_folders_are_no_items_unless_they_hold_bytes() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("real")
        archive.writestr("hidden/", PHOTO)
    assert unpack(out.getvalue()).contents == {b"hidden/": PHOTO}


def test_zip64_sizes_and_offsets_are_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(PHOTO)
    assert unpack(out.getvalue()).contents == {b"big": PHOTO}


@pytest.mark.parametrize("make", [make_zip, make_streamed_zip])
@pytest.mark.parametrize("kept", [0.4, 0.75, 0.97])
def test_members_of_a_cut_off_archive_are_recovered(make, kept: float) -> None:  # type: ignore[no-untyped-def]
    members = [(f"{index}.jpg", random.Random(index).randbytes(2000)) for index in range(10)]
    data = make(members)
    found = unpack(data[: int(len(data) * kept)])
    complete = {name.encode(): content for name, content in members if found.contents.get(name.encode()) == content}
    assert len(complete) >= int(10 * kept) - 1
    assert found.codes[0] == (None, IssueCode.ARCHIVE_DAMAGED)
    for name, content in found.contents.items():
        assert content is None or dict(members)[name.decode()].startswith(content)


def test_recovery_does_not_take_a_stored_zip_apart() -> None:
    inner = make_zip([("inside", PHOTO)])
    data = make_zip([("inner.zip", inner), ("after", b"y")], zipfile.ZIP_STORED)
    found = unpack(data[: data.index(b"PK\x01\x02", data.index(b"after"))])
    assert found.contents == {b"inner.zip": inner, b"after": b"y"}


def test_a_zip_stored_at_the_end_of_a_cut_off_one_is_not_taken_for_it() -> None:
    inner = make_zip([("inside", PHOTO)])
    data = make_zip([("first", b"1"), ("inner.zip", inner)], zipfile.ZIP_STORED)
    found = unpack(data[: data.index(inner) + len(inner)])
    assert found.contents == {b"first": b"1", b"inner.zip": inner}


def test_a_damaged_directory_leads_to_recovery() -> None:
    data = make_zip([("a", PHOTO), ("b", b"y")])
    at = data.rindex(b"PK\x01\x02")
    found = unpack(data[:at] + b"XXXX" + data[at + 4 :])
    assert found.contents == {b"a": PHOTO, b"b": b"y"}
    assert found.codes == [(None, IssueCode.ARCHIVE_DAMAGED)]


def test_an_archive_behind_a_picture_is_found() -> None:
    assert unpack(b"\xff\xd8\xff" + PHOTO + make_zip([("a", b"x")])).contents == {b"a": b"x"}


def make_overlapping_bomb(members: int) -> bytes:
    """Returns a ZIP whose members all share the same packed megabytes of zeros."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(12 << 20)
    packed = deflate.compress(zeros) + deflate.flush()
    crc = zlib.crc32(zeros)
    fields = (8, 0, 0, crc, len(packed), len(zeros), 1, 0)
    local = struct.pack("<4s2H3H3I2H", b"PK\x03\x04", 20, 0, *fields) + b"x"
    central = struct.pack("<4s3H3H3I5H2I", b"PK\x01\x02", 20, 20, 0, *fields, 0, 0, 0, 0, 0) + b"x"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, members, members, len(central) * members, len(local + packed), 0)
    return local + packed + central * members + end


def test_members_that_share_packed_bytes_are_a_bomb() -> None:
    found = unpack(make_overlapping_bomb(200), limits=ArchiveLimits(max_ratio=2000))
    assert len(found.spool) < 100 << 20
    assert len(found.expansion.members) == 200
    assert found.codes[-1] == (b"x", IssueCode.ARCHIVE_BOMB)
    assert "share the same packed bytes" in found.causes


def test_a_bomb_stops_before_its_size_and_the_next_member_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("bomb", "w") as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
        archive.writestr("photo", PHOTO)
    assert len(out.getvalue()) < 400_000
    found = unpack(out.getvalue())
    assert found.contents == {b"bomb": None, b"photo": PHOTO}
    assert found.codes == [(b"bomb", IssueCode.ARCHIVE_BOMB)]
    assert len(found.spool) == len(PHOTO)


def test_a_stated_size_that_cannot_be_true_hides_nothing() -> None:
    data = patch_both(make_zip([("a", PHOTO)]), 22, 24, b"\xfe\xff\xff\xff")
    found = unpack(data, limits=ArchiveLimits(max_member_bytes=1 << 20))
    assert found.contents == {b"a": PHOTO}
    assert found.codes == [(b"a", IssueCode.TRUNCATED)]


def test_a_credible_stated_size_beyond_the_limit_is_not_unpacked() -> None:
    found = unpack(make_zip([("a", PHOTO), ("b", b"y")]), limits=ArchiveLimits(max_member_bytes=1000))
    assert found.contents == {b"a": None, b"b": b"y"}
    assert found.codes == [(b"a", IssueCode.TOO_LARGE)]


def test_an_lzma_member_that_wants_too_much_memory_is_refused() -> None:
    data = make_zip([("a", PHOTO)], zipfile.ZIP_LZMA)
    at = data.index(b"a", 30) + 1 + 4
    found = unpack(data[: at + 1] + b"\xff\xff\xff\xff" + data[at + 5 :])
    assert found.codes == [(b"a", IssueCode.ARCHIVE_UNSUPPORTED)]
    assert "4294967295 bytes of memory" in found.causes


def test_memory_does_not_grow_with_a_member() -> None:
    data = make_zip([("zeros", bytes(14 << 20))])
    tracemalloc.start()
    from varde.evidence.zip import READER

    for member in READER.members(io.BytesIO(data)):
        for _ in member.chunks():  # type: ignore[union-attr]
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20


def test_mutated_headers_never_raise() -> None:
    data = make_zip([("a", PHOTO[:50]), ("b/", b""), ("c", b"text" * 50)])
    for at in range(0, len(data)):
        for value in (0, 0xFF, data[at] ^ 0x10):
            unpack(data[:at] + bytes([value]) + data[at + 1 :])


@pytest.mark.parametrize("kept", [300, 20_000, 150_000])
def test_a_zip_cut_off_in_its_first_member_keeps_what_is_left_of_it(kept: int) -> None:
    found = unpack(make_zip([("a.bin", random.Random(2).randbytes(200_000))])[:kept])
    assert list(found.contents) == [b"a.bin"]
    assert IssueCode.ARCHIVE_BOMB not in [code for _, code in found.codes]
    assert found.contents[b"a.bin"], "nothing of it was kept"


def test_folder_entries_that_are_packed_are_folders() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d/", b"")
        archive.writestr("d/photo", PHOTO)
    assert unpack(out.getvalue()).contents == {b"d/photo": PHOTO}
