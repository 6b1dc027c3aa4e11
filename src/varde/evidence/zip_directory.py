"""Finds the entries of a ZIP file: by its central directory, or by the local headers where that is lost.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.6 to 4.3.16 and 4.5. Names are kept as the stored bytes: their encoding is
not dependably known, and one bad name must not spoil the others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from varde.evidence.archive import damaged, read_unix_time
from varde.evidence.unpacking import PIECE_BYTES

LOCAL_MAGIC = b"PK\x03\x04"
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")
_END64_LOCATOR = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")
_CENTRAL_MAGIC, _END_MAGIC = b"PK\x01\x02", b"PK\x05\x06"
_END64_LOCATOR_MAGIC, _END64_MAGIC = b"PK\x06\x07", b"PK\x06\x06"
_END_SEARCH_BYTES = (1 << 16) + _END.size
_FULL_32 = 0xFFFFFFFF
_NTFS_EPOCH_S = -11644473600


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """What a ZIP file says of one member.

    Attributes:
        name: stored bytes.
        flags, method: as in the format; flag bit 0 is encryption, bit 3 says that sizes follow the data.
        crc: CRC-32 of the unpacked data, None where only what follows the data knows.
        packed_bytes, unpacked_bytes: sizes, None where only what follows the data knows.
        header_offset: of the local header from the start of the file.
        unix_mode: file mode of Unix archivers, 0 where not stored.
    """

    name: bytes
    flags: int
    method: int
    crc: int | None
    packed_bytes: int | None
    unpacked_bytes: int | None
    header_offset: int
    modified_at: datetime | None
    unix_mode: int = 0


@dataclass(frozen=True, slots=True)
class CentralDirectory:
    """Where the central directory lies.

    Attributes:
        offset, size_bytes: from the start of the file.
        shift: bytes in front of the archive proper (a self-extractor, a picture), to be added to stored offsets.
    """

    offset: int
    size_bytes: int
    shift: int


def find_directory(file: BinaryIO) -> CentralDirectory | None:
    """Returns the place of the central directory, None where there is none that can be read from end to end."""
    size = file.seek(0, 2)
    start = max(0, size - _END_SEARCH_BYTES)
    file.seek(start)
    tail = file.read(_END_SEARCH_BYTES)
    index = tail.rfind(_END_MAGIC)
    while index >= 0:
        directory = _read_end(file, start + index)
        if directory is not None and _is_credible(file, directory) and _is_whole(file, directory):
            return directory
        index = tail.rfind(_END_MAGIC, 0, index)
    return None


def read_directory(file: BinaryIO, directory: CentralDirectory) -> Iterator[ZipEntry]:
    """Returns the entries of a central directory in stored order."""
    position, end = directory.offset, directory.offset + directory.size_bytes
    while position < end:
        raw = _read_at(file, position, _CENTRAL.size)
        fields = _CENTRAL.unpack(raw)
        name_len, extra_len, comment_len = fields[10:13]
        names = _read_at(file, position + _CENTRAL.size, name_len + extra_len)
        yield _central_entry(fields, names[:name_len], names[name_len:], directory.shift)
        position += _CENTRAL.size + name_len + extra_len + comment_len


def read_local_header(file: BinaryIO, offset: int) -> tuple[ZipEntry, int]:
    """Returns the entry that a local header describes and the offset of its data.

    Raises:
        Unreadable: ARCHIVE_DAMAGED if there is no local header.
    """
    raw = _read_at(file, offset, _LOCAL.size)
    if len(raw) < _LOCAL.size or raw[:4] != LOCAL_MAGIC:
        raise damaged(f"There is no member at offset {offset}, where the archive says it is.")
    _, _, flags, method, time, date, crc, packed, unpacked, name_len, extra_len = _LOCAL.unpack(raw)
    names = _read_at(file, offset + _LOCAL.size, name_len + extra_len)
    extra = names[name_len:]
    unpacked, packed = _read_zip64(extra, [unpacked, packed])
    follows = bool(flags & 8) and not packed
    entry = ZipEntry(
        names[:name_len],
        flags,
        method,
        None if follows else crc,
        None if follows else packed,
        None if follows else unpacked,
        offset,
        _read_time(date, time, extra),
    )
    return entry, offset + _LOCAL.size + name_len + extra_len


def find_magic(file: BinaryIO, start: int, magics: tuple[bytes, ...]) -> int | None:
    """Returns the offset of the first of these four-byte marks at or after `start`, None where there is none."""
    position, kept = start, b""
    while True:
        file.seek(position)
        piece = file.read(PIECE_BYTES)
        if not piece:
            return None
        window = kept + piece
        hits = [hit for hit in (window.find(magic) for magic in magics) if hit >= 0]
        if hits:
            return position - len(kept) + min(hits)
        position += len(piece)
        kept = window[-3:]


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def _read_end(file: BinaryIO, position: int) -> CentralDirectory | None:
    """Returns what the end record at `position`, and a Zip64 one before it, say of the central directory."""
    raw = _read_at(file, position, _END.size)
    if len(raw) < _END.size:
        return None
    *_, size, offset, _comment = _END.unpack(raw)
    end = position
    locator = _read_at(file, max(0, position - _END64_LOCATOR.size), _END64_LOCATOR.size)
    if locator[:4] == _END64_LOCATOR_MAGIC and position >= _END64_LOCATOR.size:
        end = _find_end64(file, position, _END64_LOCATOR.unpack(locator)[2])
        raw = _read_at(file, end, _END64.size)
        if len(raw) < _END64.size or raw[:4] != _END64_MAGIC:
            return None
        *_, size, offset = _END64.unpack(raw)
    shift = end - size - offset
    return CentralDirectory(offset + shift, size, shift) if shift >= 0 else None


def _find_end64(file: BinaryIO, locator_end: int, stated: int) -> int:
    """Returns the offset of the Zip64 end record: right before its locator, or where that says."""
    usual = locator_end - _END64_LOCATOR.size - _END64.size
    return usual if usual >= 0 and _read_at(file, usual, 4) == _END64_MAGIC else min(stated, locator_end)


def _is_credible(file: BinaryIO, directory: CentralDirectory) -> bool:
    """Returns whether the directory can be that of the whole file and not of a ZIP stored inside a cut-off one."""
    return not directory.shift or _read_at(file, 0, 4) != LOCAL_MAGIC


def _is_whole(file: BinaryIO, directory: CentralDirectory) -> bool:
    """Returns whether every entry of the directory can be read and the last ends where the directory does."""
    position, end = directory.offset, directory.offset + directory.size_bytes
    while position < end:
        raw = _read_at(file, position, _CENTRAL.size)
        if len(raw) < _CENTRAL.size or raw[:4] != _CENTRAL_MAGIC:
            return False
        position += _CENTRAL.size + sum(_CENTRAL.unpack(raw)[10:13])
    return position == end


def _central_entry(fields: tuple[int, ...], name: bytes, extra: bytes, shift: int) -> ZipEntry:
    _, made_by, _, flags, method, time, date, crc, packed, unpacked, *_, external, offset = fields
    unpacked, packed, offset = _read_zip64(extra, [unpacked, packed, offset])
    mode = external >> 16 if made_by >> 8 in (3, 19) else 0  # Unix, OS X
    return ZipEntry(name, flags, method, crc, packed, unpacked, offset + shift, _read_time(date, time, extra), mode)


def _read_zip64(extra: bytes, values: list[int]) -> list[int]:
    """Returns the values with those that are full replaced, in order, from the Zip64 extra field."""
    field = _find_extra(extra, 0x0001)
    for index, value in enumerate(values):
        if value == _FULL_32 and len(field) >= 8:
            values[index] = int.from_bytes(field[:8], "little")
            field = field[8:]
    return values


def _find_extra(extra: bytes, wanted: int) -> bytes:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, position)
        if kind == wanted:
            return extra[position + 4 : position + 4 + size]
        position += 4 + size
    return b""


def _read_time(date: int, time: int, extra: bytes) -> datetime | None:
    """Returns the best stored time: Unix, then NTFS (both UTC), then the DOS time, which names no zone."""
    unix = _find_extra(extra, 0x5455)
    if len(unix) >= 5 and unix[0] & 1:
        return read_unix_time(int.from_bytes(unix[1:5], "little", signed=True))
    ntfs = _find_extra(extra, 0x000A)
    if len(ntfs) >= 16 and ntfs[4:8] == b"\x01\x00\x18\x00":
        return read_unix_time(_NTFS_EPOCH_S + int.from_bytes(ntfs[8:16], "little") // 10 / 1e6)
    try:
        return datetime(
            1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, time % 32 * 2, tzinfo=UTC
        )
    except ValueError:
        return None
