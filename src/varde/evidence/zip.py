"""ZIP archives, also those that are cut off, self-extracting, Zip64, or hold names in any encoding.

Not the standard library's ``zipfile``: that gives up the whole archive for one bad name or header, loses the last bytes
of a member with a wrong checksum, and needs the central directory. Tests compare the two on sound archives.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode
from varde.evidence.archive import (
    ArchiveMember,
    MemberKind,
    archive_issue,
    damaged,
    tell_kind,
    truncated,
    unsupported,
)
from varde.evidence.unpacking import (
    Decoder,
    ZlibDecoder,
    bzip2_decoder,
    decode,
    raw_lzma_decoder,
    read_pieces,
    xz_decoder,
)
from varde.evidence.zip_directory import LOCAL_MAGIC, ZipEntry, find_directory, read_directory, read_local_header
from varde.evidence.zip_scan import scan_entries

_FIRST_MAGICS = (LOCAL_MAGIC, b"PK\x07\x08" + LOCAL_MAGIC, b"PK00" + LOCAL_MAGIC)
_ENCRYPTED = 1
_STORED, _DEFLATED, _BZIP2, _LZMA, _XZ = 0, 8, 12, 14, 95
_METHOD_NAMES = {1: "Shrink", 6: "Implode", 9: "Deflate64", 93: "Zstandard", 98: "PPMd", 99: "AES"}
_EMPTY_BYTES = 2
"""What nothing is packed into by Deflate; some programs pack the entries of folders."""

_MAX_OVERLAP = 2


class ZipReader:
    """Reads ZIP archives."""

    name = "zip"
    mimes = frozenset({"application/zip"})
    is_indexed = True

    def detect(self, file: BinaryIO) -> bool:
        """Returns whether the file starts with a member or has a readable central directory."""
        file.seek(0)
        return file.read(8).startswith(_FIRST_MAGICS) or find_directory(file) is not None

    def members(self, file: BinaryIO) -> Iterator[ArchiveMember | Issue]:
        """Returns the members in the order of the central directory, or of their data where that is lost."""
        directory = find_directory(file)
        if directory is None:
            cause = "Its table of contents is lost or damaged; members were recovered by the headers before their data."
            yield archive_issue(IssueCode.ARCHIVE_DAMAGED, cause)
        entries = scan_entries(file) if directory is None else read_directory(file, directory)
        end = file.seek(0, 2)
        allowance = _MAX_OVERLAP * end
        for ordinal, entry in enumerate(entries):
            allowance -= max(0, min(entry.packed_bytes or 0, end - entry.header_offset))
            yield _member(file, ordinal, entry, is_shared=allowance < 0)


def _member(file: BinaryIO, ordinal: int, entry: ZipEntry, *, is_shared: bool) -> ArchiveMember:
    size = entry.unpacked_bytes or 0
    kind, issues = tell_kind(entry.unix_mode, size)
    if entry.name.endswith(b"/") and kind is MemberKind.FILE and not size and (entry.packed_bytes or 0) <= _EMPTY_BYTES:
        kind = MemberKind.FOLDER
    return ArchiveMember(
        ordinal,
        entry.name,
        kind,
        _refuse_shared if is_shared else partial(_chunks, file, entry),
        modified_at=entry.modified_at,
        declared_bytes=entry.unpacked_bytes,
        packed_bytes=entry.packed_bytes,
        encrypted=bool(entry.flags & _ENCRYPTED),
        issues=issues,
    )


def _refuse_shared() -> Iterator[bytes]:
    """Raises, since members that together are packed into more bytes than the file has must share them."""
    raise Unreadable(
        IssueCode.ARCHIVE_BOMB, "Members share the same packed bytes again and again; this one was not unpacked."
    )


def _chunks(file: BinaryIO, entry: ZipEntry) -> Iterator[bytes]:
    """Returns the unpacked data and checks size and checksum at their end."""
    _, data = read_local_header(file, entry.header_offset)
    packed = read_pieces(file, data, entry.packed_bytes or 0)
    size, crc = 0, 0
    for chunk in _unpack(packed, entry):
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if entry.unpacked_bytes is not None and size != entry.unpacked_bytes:
        error = truncated if size < entry.unpacked_bytes else damaged
        raise error(f"It unpacks to {size} bytes, but {entry.unpacked_bytes} are stated.")
    if entry.crc is not None and crc != entry.crc:
        raise damaged(f"Its checksum is {crc:08x}, but {entry.crc:08x} is stated.")


def _unpack(packed: Iterator[bytes], entry: ZipEntry) -> Iterator[bytes]:
    if entry.method == _STORED:
        return packed
    if entry.method == _LZMA:
        return _unpack_lzma(packed, entry.unpacked_bytes)
    return decode(packed, _make_decoder(entry.method))


def _make_decoder(method: int) -> Decoder:
    if method == _DEFLATED:
        return ZlibDecoder(-15)
    if method == _BZIP2:
        return bzip2_decoder()
    if method == _XZ:
        return xz_decoder()
    known = f" ({_METHOD_NAMES[method]})" if method in _METHOD_NAMES else ""
    raise unsupported(f"It is packed with method {method}{known}, which is not read here.")


def _unpack_lzma(packed: Iterator[bytes], size: int | None) -> Iterator[bytes]:
    """Returns unpacked LZMA data, which may have no end mark: then the stated size ends them."""
    if size == 0:
        return
    head = next(packed, b"")
    properties = head[4:9]
    decoder = raw_lzma_decoder(properties)
    left = size
    for chunk in decode(_following(head[9:], packed), decoder):
        if left is not None and len(chunk) >= left:
            yield chunk[:left]
            return
        left = left - len(chunk) if left is not None else None
        yield chunk


def _following(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


READER = ZipReader()
