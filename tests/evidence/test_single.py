from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zlib
from datetime import UTC, datetime

import pytest
from evidence_readers import unpack

from varde.core.issue import IssueCode

PHOTO = random.Random(1).randbytes(5000)
PACKERS = {"application/gzip": gzip.compress, "application/x-bzip2": bz2.compress, "application/x-xz": lzma.compress}


def test_name_and_time_come_from_a_gzip_header() -> None:
    out = io.BytesIO()
    with gzip.GzipFile("caf\xe9.jpg.gz", "wb", fileobj=out, mtime=1_500_000_000) as file:
        file.write(PHOTO)
    found = unpack(out.getvalue(), "application/gzip")
    assert found.contents == {b"caf\xe9.jpg": PHOTO}
    assert found.expansion.members[0].modified_at == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)


@pytest.mark.parametrize("mime", PACKERS)
def test_an_unnamed_stream_is_called_data(mime: str) -> None:
    assert unpack(PACKERS[mime](PHOTO), mime).contents == {b"data": PHOTO}


@pytest.mark.parametrize("mime", PACKERS)
def test_streams_that_follow_each_other_are_one_content(mime: str) -> None:
    data = PACKERS[mime](PHOTO) + PACKERS[mime](b"more") + bytes(512)
    found = unpack(data, mime)
    assert found.contents == {b"data": PHOTO + b"more"}
    assert not found.codes


@pytest.mark.parametrize("mime", PACKERS)
def test_bytes_after_the_last_stream_are_told(mime: str) -> None:
    found = unpack(PACKERS[mime](PHOTO) + b"hidden", mime)
    assert found.contents == {b"data": PHOTO}
    assert found.codes == [(b"data", IssueCode.ARCHIVE_DAMAGED)]
    assert "belong to no stream" in found.causes


@pytest.mark.parametrize("mime", PACKERS)
def test_a_cut_off_stream_keeps_what_is_there(mime: str) -> None:
    content = b"".join(b"line %d\n" % index for index in range(300_000))
    data = PACKERS[mime](content)
    found = unpack(data[: len(data) * 2 // 3], mime)
    kept = found.contents[b"data"]
    assert kept is not None
    assert content.startswith(kept)
    assert len(kept) > len(content) // 3
    assert found.codes == [(b"data", IssueCode.TRUNCATED)]


@pytest.mark.parametrize("mime", PACKERS)
def test_damage_is_told(mime: str) -> None:
    data = bytearray(PACKERS[mime](PHOTO))
    data[-9] ^= 0xFF
    assert unpack(bytes(data), mime).codes == [(b"data", IssueCode.ARCHIVE_DAMAGED)]


@pytest.mark.parametrize("mime", PACKERS)
def test_a_bomb_is_stopped(mime: str) -> None:
    found = unpack(PACKERS[mime](bytes(40 << 20)), mime)
    assert found.contents == {b"data": None}
    assert found.codes[0] == (b"data", IssueCode.ARCHIVE_BOMB)


def test_an_xz_stream_that_wants_too_much_memory_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 4096, "mode": lzma.MODE_FAST}]
    data = bytearray(lzma.compress(PHOTO, filters=filters))
    assert data[12:17] == b"\x02\x00\x21\x01\x00"
    data[16] = 40  # a dictionary of 4 GiB
    data[20:24] = zlib.crc32(bytes(data[12:20])).to_bytes(4, "little")
    found = unpack(bytes(data), "application/x-xz")
    assert found.codes == [(b"data", IssueCode.ARCHIVE_UNSUPPORTED)]
    assert "more memory than is allowed" in found.causes
