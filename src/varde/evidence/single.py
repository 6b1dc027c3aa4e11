"""A single file packed by gzip, bzip2 or xz, without an archive around it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import BinaryIO

from varde.core.errors import Unreadable
from varde.core.issue import Issue
from varde.evidence.archive import ArchiveMember, read_unix_time
from varde.evidence.tar_header import BLOCK_BYTES, is_header
from varde.evidence.unpacking import Decoder, bzip2_decoder, decode_streams, gzip_decoder, xz_decoder

_UNNAMED = b"data"
_GZIP_HEAD = struct.Struct("<3sBI2B")
_GZIP_EXTRA, _GZIP_NAME = 4, 8
_MAX_NAME_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Packing:
    """A way to pack one stream of bytes.

    Attributes:
        magic: its first bytes.
        make_decoder: gives a fresh decoder.
    """

    magic: bytes
    make_decoder: Callable[[], Decoder]

    def chunks(self, file: BinaryIO) -> Iterator[bytes]:
        """Returns the unpacked data of the whole file; raises `Unreadable` where they are damaged or cut off."""
        return decode_streams(file, 0, self.make_decoder, self.magic)


_PACKINGS = (
    Packing(b"\x1f\x8b\x08", gzip_decoder),
    Packing(b"BZh", bzip2_decoder),
    Packing(b"\xfd7zXZ\x00", xz_decoder),
)
MIMES = frozenset({"application/gzip", "application/x-bzip2", "application/x-xz"})
"""Media types of packed files; `varde.evidence.tar` reads those that hold a tar archive."""


def find_packing(file: BinaryIO) -> Packing | None:
    """Returns how the file is packed, None where it is not."""
    file.seek(0)
    head = file.read(6)
    return next((packing for packing in _PACKINGS if head.startswith(packing.magic)), None)


def read_head(file: BinaryIO, packing: Packing | None, count: int) -> bytes:
    """Returns the first bytes of the file, unpacked; fewer where it is shorter or damaged."""
    if packing is None:
        file.seek(0)
        return file.read(count)
    head = b""
    try:
        for chunk in packing.chunks(file):
            head += chunk
            if len(head) >= count:
                break
    except Unreadable:
        pass  # what came before the damage is the head
    return head[:count]


class SingleReader:
    """Reads a packed file as an archive of one member."""

    name = "single"
    mimes = MIMES
    is_indexed = False

    def detect(self, file: BinaryIO) -> bool:
        """Returns whether the file is packed and holds no tar archive."""
        packing = find_packing(file)
        return packing is not None and not is_header(read_head(file, packing, BLOCK_BYTES))

    def members(self, file: BinaryIO) -> Iterator[ArchiveMember | Issue]:
        """Returns the one member; it is called ``data`` where no name is stored."""
        packing = find_packing(file)
        if packing is not None:
            name, modified_at = _read_gzip_head(file)
            size = file.seek(0, 2)
            chunks = partial(packing.chunks, file)
            yield ArchiveMember(0, name or _UNNAMED, chunks=chunks, modified_at=modified_at, packed_bytes=size)


def _read_gzip_head(file: BinaryIO) -> tuple[bytes, datetime | None]:
    """Returns the name and time in a gzip header; b"" and None where they are not stored, or it is none."""
    file.seek(0)
    raw = file.read(_GZIP_HEAD.size)
    if len(raw) < _GZIP_HEAD.size or not raw.startswith(_PACKINGS[0].magic):
        return b"", None
    _, flags, seconds, _, _ = _GZIP_HEAD.unpack(raw)
    if flags & _GZIP_EXTRA:
        file.seek(int.from_bytes(file.read(2), "little"), 1)
    name, end, _ = file.read(_MAX_NAME_BYTES).partition(b"\0") if flags & _GZIP_NAME else (b"", b"", b"")
    return name if end else b"", read_unix_time(seconds) if seconds else None


READER = SingleReader()
