from __future__ import annotations

import io
import random
import zlib
from datetime import UTC, datetime

import py7zr
import pytest
from evidence_readers import unpack

from varde.core.issue import IssueCode
from varde.core.limits import ArchiveLimits
from varde.testing.archives import make_7z

MIME = "application/x-7z-compressed"
PHOTO = random.Random(1).randbytes(5000)
FAST = [{"id": py7zr.FILTER_LZMA2, "preset": 1}]
MEMBERS = [("a", PHOTO), ("empty", b""), ("größe.txt", b"text" * 500), ("b", PHOTO[::-1])]
CONTENTS = {name.encode(): data for name, data in MEMBERS}


def make_blocks(*blocks: list[tuple[str, bytes]], filters: list[dict[str, int]] = FAST) -> bytes:
    """Returns a 7z archive of several solid blocks."""
    out = io.BytesIO()
    for mode, members in zip("w" + "a" * len(blocks), blocks, strict=False):
        out.seek(0)
        with py7zr.SevenZipFile(out, mode, filters=filters) as archive:
            for name, data in members:
                archive.writef(io.BytesIO(data), name)
    return out.getvalue()


def make_plain_header(members: list[tuple[str, bytes]], filters: list[dict[str, int]]) -> bytes:
    """Returns a 7z archive whose table of contents is not packed, so that it can be changed."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=filters) as archive:
        archive.set_encoded_header_mode(False)
        for name, data in members:
            archive.writef(io.BytesIO(data), name)
    return out.getvalue()


def reseal(data: bytearray) -> bytes:
    """Returns the archive with its checksums over the table of contents made right again."""
    offset, size = (int.from_bytes(data[at : at + 8], "little") for at in (12, 20))
    data[28:32] = zlib.crc32(data[32 + offset : 32 + offset + size]).to_bytes(4, "little")
    data[8:12] = zlib.crc32(data[12:32]).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    "filters",
    [
        [{"id": py7zr.FILTER_LZMA, "preset": 1}],
        [{"id": py7zr.FILTER_DELTA, "dist": 4}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_DEFLATE}],
        [{"id": py7zr.FILTER_ZSTD, "level": 3}],
        [{"id": py7zr.FILTER_BROTLI, "level": 3}],
        [{"id": py7zr.FILTER_ARM}, {"id": py7zr.FILTER_LZMA, "preset": 1}],
        [{"id": py7zr.FILTER_COPY}],
    ],
)
def test_every_codec_is_unpacked(filters: list[dict[str, int]]) -> None:
    large = [*MEMBERS, ("large", random.Random(2).randbytes(150_000) + bytes(3 << 20))]
    found = unpack(make_7z(large, filters), MIME)
    assert found.contents == {**CONTENTS, b"large": large[-1][1]}
    assert not found.codes


def test_time_is_read() -> None:
    (member,) = unpack(make_7z([("a", b"x")], FAST), MIME).expansion.members
    assert member.modified_at == datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)


def test_names_py7zr_would_not_extract_are_unpacked_with_an_issue() -> None:
    found = unpack(make_7z([("../../evil", PHOTO), ("/abs", b"1"), ("ok", b"2")], FAST), MIME)
    assert found.contents == {b"../../evil": PHOTO, b"/abs": b"1", b"ok": b"2"}
    assert found.codes == [(b"../../evil", IssueCode.SUSPICIOUS_NAME), (b"/abs", IssueCode.SUSPICIOUS_NAME)]


def test_repeated_names_are_counted() -> None:
    assert unpack(make_7z([("a", b"1"), ("a", b"2")], FAST), MIME).contents == {b"a": b"1", b"a#2": b"2"}


def test_encrypted_members_are_an_issue_each() -> None:
    found = unpack(make_7z([("a", PHOTO), ("b", b"y")], password="secret"), MIME)
    assert found.contents == {b"a": None, b"b": None}
    assert found.codes == [(b"a", IssueCode.ARCHIVE_ENCRYPTED), (b"b", IssueCode.ARCHIVE_ENCRYPTED)]


def test_an_encrypted_table_of_contents_is_an_issue_of_the_archive() -> None:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password="secret", header_encryption=True) as archive:
        archive.writef(io.BytesIO(PHOTO), "a")
    found = unpack(out.getvalue(), MIME)
    assert found.contents == {}
    assert found.codes == [(None, IssueCode.ARCHIVE_ENCRYPTED)]


def test_several_blocks_are_read_in_any_window() -> None:
    data = make_blocks([("a", PHOTO), ("b", b"1")], [("c", PHOTO[::-1]), ("d", b"2")])
    contents = {b"a": PHOTO, b"b": b"1", b"c": PHOTO[::-1], b"d": b"2"}
    assert unpack(data, MIME).contents == contents
    for start in range(5):
        assert unpack(data, MIME, start=start).contents == dict(list(contents.items())[start:])


def test_damage_in_one_block_spares_the_others() -> None:
    data = bytearray(make_blocks([("a", PHOTO), ("b", PHOTO)], [("c", PHOTO)], filters=[{"id": py7zr.FILTER_BZIP2}]))
    data[32 + 1000 : 32 + 1050] = bytes(50)
    found = unpack(bytes(data), MIME)
    assert found.contents == {b"a": None, b"b": None, b"c": PHOTO}
    assert found.codes == [(b"a", IssueCode.ARCHIVE_DAMAGED), (b"b", IssueCode.ARCHIVE_DAMAGED)]


def test_a_wrong_checksum_keeps_all_bytes() -> None:
    data = bytearray(make_7z([("a", PHOTO), ("b", b"fine")], [{"id": py7zr.FILTER_COPY}]))
    data[32 + 100] ^= 1
    found = unpack(bytes(data), MIME)
    kept = found.contents[b"a"]
    assert kept is not None
    assert len(kept) == len(PHOTO)
    assert found.contents[b"b"] == b"fine"
    assert found.codes == [(b"a", IssueCode.ARCHIVE_DAMAGED)]


def test_a_cut_off_archive_is_an_issue() -> None:
    found = unpack(make_7z(MEMBERS, FAST)[:-20], MIME)
    assert found.codes == [(None, IssueCode.ARCHIVE_DAMAGED)]


def test_a_bomb_is_stopped_and_so_is_its_solid_block() -> None:
    data = make_7z([("photo", PHOTO), ("bomb", bytes(64 << 20)), ("late", b"z")], FAST)
    found = unpack(data, MIME, ArchiveLimits(max_ratio=100))
    assert found.contents == {b"photo": PHOTO, b"bomb": None, b"late": None}
    assert found.codes == [(b"bomb", IssueCode.ARCHIVE_BOMB), (b"late", IssueCode.ARCHIVE_BOMB)]


def test_a_dictionary_beyond_the_memory_allowed_is_refused() -> None:
    data = bytearray(make_plain_header([("a", PHOTO)], FAST))
    at = data.rindex(b"\x21\x01") + 2
    data[at] = 40
    found = unpack(reseal(data), MIME)
    assert found.codes == [(b"a", IssueCode.ARCHIVE_UNSUPPORTED)]
    assert "4294967296 bytes of memory" in found.causes or "bytes of memory" in found.causes


def test_ppmd_is_refused_with_its_reason() -> None:
    found = unpack(make_7z([("a", PHOTO)], [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 20}]), MIME)
    assert found.contents == {b"a": None}
    assert found.codes == [(b"a", IssueCode.ARCHIVE_UNSUPPORTED)]
    assert "PPMd" in found.causes


def test_an_unknown_codec_is_unsupported_for_its_members_only() -> None:
    data = bytearray(make_plain_header([("a", PHOTO)], FAST))
    at = data.rindex(b"\x21\x21\x01")
    data[at + 1] = 0x7F
    found = unpack(reseal(data), MIME)
    assert found.contents == {b"a": None}
    assert found.codes == [(b"a", IssueCode.ARCHIVE_UNSUPPORTED)]


@pytest.mark.parametrize(
    "filters",
    [FAST, [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA, "preset": 1}], [{"id": py7zr.FILTER_ZSTD, "level": 1}]],
)
def test_mutated_tables_of_contents_never_raise(filters: list[dict[str, int]]) -> None:
    data = make_plain_header(MEMBERS, filters)
    start = 32 + int.from_bytes(data[12:20], "little")
    chance = random.Random(11)
    for _ in range(1500):
        mutant = bytearray(data)
        for _ in range(chance.randrange(1, 4)):
            mutant[chance.randrange(start, len(data))] = chance.choice(
                (0, 1, 6, 0x7F, 0x80, 0xFF, chance.randrange(256))
            )
        found = unpack(reseal(mutant), MIME, ArchiveLimits(max_member_bytes=1 << 20))
        for member in found.expansion.members:
            assert member.size_bytes is None or member.offset + member.size_bytes <= len(found.spool)


@pytest.mark.parametrize(
    "filters",
    [
        FAST,
        [{"id": py7zr.FILTER_ZSTD, "level": 1}],
        [{"id": py7zr.FILTER_BROTLI, "level": 1}],
        [{"id": py7zr.FILTER_DEFLATE}],
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA, "preset": 1}],
    ],
)
def test_mutated_blocks_never_raise(filters: list[dict[str, int]]) -> None:
    data = make_7z(MEMBERS, filters)
    end = 32 + 5000
    chance = random.Random(12)
    for _ in range(150):
        mutant = bytearray(data)
        for _ in range(chance.randrange(1, 6)):
            mutant[chance.randrange(32, end)] = chance.randrange(256)
        unpack(bytes(mutant), MIME)
