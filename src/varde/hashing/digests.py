"""MD5, SHA-1 and SHA-256 of one content in one read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from varde.core.digest import Digests

CHUNK_BYTES = 1 << 20


def compute_digests(chunks: Iterable[bytes]) -> Digests:
    """Returns the three digests of the bytes that the chunks make together, and how many bytes there were.

    Each chunk is seen once and let go, so a content of any size needs the memory of one chunk. hashlib releases the
    interpreter lock on chunks beyond 2 KiB: a thread doing this runs beside a decoder.

    Args:
        chunks: consecutive parts of the content; empty parts are allowed, no parts at all is the empty content.
    """
    hashers = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
    size_bytes = 0
    for chunk in chunks:
        size_bytes += len(chunk)
        for hasher in hashers:
            hasher.update(chunk)
    md5, sha1, sha256 = (hasher.digest() for hasher in hashers)
    return Digests(md5, sha1, sha256, size_bytes)


def compute_file_digests(file: BinaryIO) -> Digests:
    """Returns the digests of everything from the file's position to its end.

    Raises:
        OSError: if the file cannot be read.
    """
    return compute_digests(read_chunks(file))


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yields the rest of a file in parts of at most `CHUNK_BYTES` bytes.

    Raises:
        OSError: if the file cannot be read.
    """
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
