"""Sparse members of tar archives: where the stored data belong and where the holes are.

Source: GNU tar manual, appendix "Tar Internals", "Storing Sparse Files": the old format and pax formats 0.0, 0.1, 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from varde.evidence.archive import CHUNK_BYTES, damaged, truncated
from varde.evidence.tar_header import BLOCK_BYTES, read_decimal, read_number
from varde.evidence.tar_stream import ForwardStream

_HOLE = bytes(CHUNK_BYTES)
_MAX_MAP_BLOCKS = 4096


@dataclass(frozen=True, slots=True)
class SparseMap:
    """Where the stored data of a file with holes belong.

    Attributes:
        parts: offset and length of each piece of data, in stored order.
        size_bytes: size of the whole file, holes included.
    """

    parts: tuple[tuple[int, int], ...]
    size_bytes: int

    @property
    def is_sound(self) -> bool:
        """Whether the parts ascend, do not overlap and lie within the file."""
        end = 0
        for offset, length in self.parts:
            if offset < end or length < 0:
                return False
            end = offset + length
        return end <= self.size_bytes


NO_MAP = SparseMap(((0, 1),), 0)
"""An unsound map, for a sparse member whose map cannot be read."""


def read_data(stream: ForwardStream, size_bytes: int) -> Iterator[bytes]:
    """Returns so many bytes of the stream in pieces; raises `Unreadable` (TRUNCATED) where it ends before."""
    left = size_bytes
    while left > 0:
        piece = stream.read(min(left, CHUNK_BYTES))
        if not piece:
            raise truncated(f"It ends after {size_bytes - left} of {size_bytes} bytes.")
        left -= len(piece)
        yield piece


def read_sparse(stream: ForwardStream, places: SparseMap) -> Iterator[bytes]:
    """Returns a sparse file's bytes in pieces, holes as zeros.

    Raises:
        Unreadable: ARCHIVE_DAMAGED if the map makes no sense, TRUNCATED if data are missing.
    """
    if not places.is_sound:
        raise damaged("Its map of holes makes no sense.")
    position = 0
    for offset, length in (*places.parts, (places.size_bytes, 0)):
        while position < offset:
            hole = _HOLE[: offset - position]
            position += len(hole)
            yield hole
        yield from read_data(stream, length)
        position += length


def read_old_map(stream: ForwardStream, block: bytes) -> SparseMap:
    """Returns the map in an old GNU sparse header and in the blocks that continue it, which are read."""
    parts, goes_on = _parts(block, 386, 4), block[482]
    size = read_number(block[483:495])
    for _ in range(_MAX_MAP_BLOCKS):
        if not goes_on:
            return NO_MAP if size is None else SparseMap(tuple(parts), size)
        block = stream.read(BLOCK_BYTES)
        if len(block) < BLOCK_BYTES:
            break
        parts += _parts(block, 0, 21)
        goes_on = block[504]
    return NO_MAP


def read_pax_map(records: Mapping[bytes, bytes], offsets: list[bytes], lengths: list[bytes]) -> SparseMap:
    """Returns the map of formats 0.0 (repeated records) and 0.1 (one list).

    Args:
        records: of the extended header.
        offsets, lengths: values of the repeated records of format 0.0, in order.
    """
    if b"GNU.sparse.map" in records:
        numbers = records[b"GNU.sparse.map"].split(b",")
        offsets, lengths = numbers[::2], numbers[1::2]
    return _make_map(offsets, lengths, records.get(b"GNU.sparse.size", b""))


def read_inline_map(stream: ForwardStream, size: bytes) -> SparseMap:
    """Returns the map of format 1.0, which stands in blocks before the data; they are read.

    Args:
        stream: at the member's data.
        size: of the whole file, as written in the extended header.
    """
    text = b""
    for _ in range(_MAX_MAP_BLOCKS):
        text += stream.read(BLOCK_BYTES)
        count, *lines = text.split(b"\n")[:-1] or [b"-"]
        wanted = read_decimal(count)
        if wanted is None or len(text) % BLOCK_BYTES:
            break
        if len(lines) >= 2 * wanted:
            return _make_map(lines[: 2 * wanted : 2], lines[1 : 2 * wanted : 2], size)
    return NO_MAP


def _make_map(offsets: list[bytes], lengths: list[bytes], size: bytes) -> SparseMap:
    total = read_decimal(size)
    parts: list[tuple[int, int]] = []
    for pair in zip(offsets, lengths, strict=False):
        offset, length = map(read_decimal, pair)
        if offset is None or length is None:
            return NO_MAP
        parts.append((offset, length))
    return NO_MAP if total is None or len(offsets) != len(lengths) else SparseMap(tuple(parts), total)


def _parts(block: bytes, start: int, count: int) -> list[tuple[int, int]]:
    parts = []
    for at in range(start, start + 24 * count, 24):
        offset, length = read_number(block[at : at + 12]), read_number(block[at + 12 : at + 24])
        if offset is None or length is None or not block[at + 12 : at + 24].strip(b"\0"):
            break
        parts.append((offset, length))
    return parts
