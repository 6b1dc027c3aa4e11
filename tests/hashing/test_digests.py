from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.hashing.digests import CHUNK_BYTES, compute_digests, compute_file_digests, read_chunks


def test_digests_of_nothing_are_the_published_ones() -> None:
    digests = compute_digests([])
    assert digests.md5.hex() == "d41d8cd98f00b204e9800998ecf8427e"
    assert digests.sha1.hex() == "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert digests.sha256.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digests.size_bytes == 0


def test_digests_of_abc_are_the_published_ones() -> None:
    digests = compute_digests([b"a", b"", b"bc"])
    assert digests.md5.hex() == "900150983cd24fb0d6963f7d28e17f72"
    assert digests.sha1.hex() == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert digests.sha256.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digests.size_bytes == 3


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_digests_do_not_depend_on_where_the_chunks_are_cut(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    digests = compute_digests(chunks)
    assert digests == compute_digests([whole])
    assert digests.sha256 == hashlib.sha256(whole).digest()


def test_file_digests_start_at_the_position_of_the_file() -> None:
    file = io.BytesIO(b"skipped" + b"x" * (CHUNK_BYTES + 1))
    file.seek(7)
    assert compute_file_digests(file) == compute_digests([b"x" * (CHUNK_BYTES + 1)])


def test_chunks_are_never_longer_than_the_limit() -> None:
    assert [len(chunk) for chunk in read_chunks(io.BytesIO(bytes(2 * CHUNK_BYTES + 5)))] == [
        CHUNK_BYTES,
        CHUNK_BYTES,
        5,
    ]


def test_an_unreadable_file_raises_what_it_raised() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("bad sector")

    with pytest.raises(OSError, match="bad sector"):
        compute_file_digests(Broken())
