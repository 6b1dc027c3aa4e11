"""The metadata items of HEIF and AVIF pictures: where EXIF and XMP lie among the boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from varde.media.isobmff import Box, read_boxes

_MAX_ITEMS = 4096
_MAX_ITEM_BYTES = 1 << 20


def find_item(data: bytes, kind: bytes) -> bytes | None:
    """Returns the content of the first item of a kind (``Exif``, ``mime`` ...), None where there is none.

    Args:
        data: the whole file.
        kind: the item's four letters.

    Raises:
        ValueError, struct.error: if the boxes that describe it are broken.
    """
    meta = next((box for box in read_boxes(data) if box.kind == b"meta"), None)
    if meta is None:
        return None
    boxes = {box.kind: box for box in read_boxes(data, meta.start + 4, meta.stop)}
    if b"iinf" not in boxes or b"iloc" not in boxes:
        return None
    wanted = next((number for number, found in _read_infos(data, boxes[b"iinf"]) if found == kind), None)
    if wanted is None:
        return None
    extents = next((extents for number, extents in _read_locations(data, boxes[b"iloc"]) if number == wanted), [])
    return b"".join(data[start : start + min(length, _MAX_ITEM_BYTES)] for start, length in extents[:16])


def _read_infos(data: bytes, box: Box) -> Iterator[tuple[int, bytes]]:
    """Yields number and kind of each item."""
    wide = data[box.start] > 0
    for entry in read_boxes(data, box.start + (8 if wide else 6), box.stop):
        version = data[entry.start]
        if entry.kind == b"infe" and version in (2, 3):
            number, _, kind = struct.unpack_from(">HH4s" if version == 2 else ">IH4s", data, entry.start + 4)
            yield number, kind


def _read_locations(data: bytes, box: Box) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yields number and extents (start, length) of each item that lies directly in the file."""
    cursor = _Cursor(data, box.start, min(box.stop, len(data)))
    version = cursor.take(4) >> 24
    sizes = cursor.take(2)
    offset_size, length_size, base_size, index_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    for _ in range(min(cursor.take(4 if version == 2 else 2), _MAX_ITEMS)):
        number = cursor.take(4 if version == 2 else 2)
        method = cursor.take(2) & 15 if version else 0
        cursor.take(2)
        base = cursor.take(base_size)
        extents = []
        for _ in range(min(cursor.take(2), _MAX_ITEMS)):
            cursor.take(index_size if version else 0)
            extents.append((base + cursor.take(offset_size), cursor.take(length_size)))
        if method == 0:
            yield number, extents


class _Cursor:
    """Reads big-endian numbers of any length one after the other."""

    def __init__(self, data: bytes, at: int, stop: int) -> None:
        self._data, self._at, self._stop = data, at, stop

    def take(self, length: int) -> int:
        if self._at + length > self._stop:
            raise ValueError("an item table ends too early")
        self._at += length
        return int.from_bytes(self._data[self._at - length : self._at])
