"""Recovers the members of a ZIP file whose central directory is lost, from the headers in front of their data."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from varde.core.errors import Unreadable
from varde.evidence.zip_directory import LOCAL_MAGIC, ZipEntry, find_magic, read_local_header

_DESCRIPTOR_MAGIC = b"PK\x07\x08"
_DESCRIPTOR = struct.Struct("<4sI2I")
_DESCRIPTOR64 = struct.Struct("<4sI2Q")
_MAGICS = (LOCAL_MAGIC, b"PK\x01\x02")
_KNOWN_METHODS = frozenset({0, *range(1, 21), *range(93, 100)})
_MAX_FAILED_SEARCHES = 16


def scan_entries(file: BinaryIO) -> Iterator[ZipEntry]:
    """Returns the entries whose local headers are found, in the order of their place in the file.

    Data of known size are stepped over, so that an archive inside the archive is not taken for part of it. Where sizes
    follow the data, their end is the first data descriptor whose packed size fits.
    """
    searches_left = _MAX_FAILED_SEARCHES  # a search that fails reads to the file's end
    position = find_magic(file, 0, (LOCAL_MAGIC,))
    while position is not None:
        try:
            entry, data = read_local_header(file, position)
        except Unreadable:
            return  # cut off within its header
        if not _is_plausible(entry):
            position = find_magic(file, position + 4, (LOCAL_MAGIC,))
            continue
        if entry.packed_bytes is None:
            complete = _complete(file, entry, data) if searches_left else None
            searches_left -= complete is None and searches_left > 0
            entry = complete or replace(entry, packed_bytes=_find_end(file, data) - data)
        yield entry
        position = find_magic(file, data + (entry.packed_bytes or 0), (LOCAL_MAGIC,))


def _is_plausible(entry: ZipEntry) -> bool:
    return bool(entry.name) and entry.method in _KNOWN_METHODS


def _complete(file: BinaryIO, entry: ZipEntry, data: int) -> ZipEntry | None:
    """Returns the entry with the sizes and checksum of its data descriptor, None where no descriptor fits."""
    hit = find_magic(file, data, (_DESCRIPTOR_MAGIC,))
    while hit is not None:
        file.seek(hit)
        raw = file.read(_DESCRIPTOR64.size)
        for layout in (_DESCRIPTOR, _DESCRIPTOR64):
            if len(raw) >= layout.size:
                _, crc, packed, unpacked = layout.unpack_from(raw)
                if packed == hit - data:
                    return replace(entry, crc=crc, packed_bytes=packed, unpacked_bytes=unpacked)
        hit = find_magic(file, hit + 4, (_DESCRIPTOR_MAGIC,))
    return None


def _find_end(file: BinaryIO, data: int) -> int:
    """Returns where the next header begins, or the end of the file."""
    following = find_magic(file, data, _MAGICS)
    return file.seek(0, 2) if following is None else following
