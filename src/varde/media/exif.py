"""A bounded reader of EXIF: the tags that say with what, when and where a picture was taken.

Ours rather than a general library's: it reads a fixed set of tags, touches every byte at most once, cannot be led in
circles and names what is broken instead of logging it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from varde.media.exif_tags import CAMERA_TAGS, EXIF_POINTER, GPS_POINTER, GPS_TAGS, PICTURE_TAGS, Form, Tag
from varde.media.text import clean_text, decode_text

MAX_ENTRIES = 1024
MAX_VALUE_BYTES = 4096

_CODES = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d", 13: "I"}
_TEXT_TYPES = (2, 7, 129, 1)
_RATIO_TYPES = (5, 10)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}


@dataclass(slots=True)
class ExifReading:
    """What was read of one EXIF block.

    Attributes:
        tags: standard tag name to value as text; positions and times of the satellite fix still in parts.
        damage: what could not be read, one sentence each.
    """

    tags: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    value: bytes


def read_exif(block: bytes) -> ExifReading:
    """Returns the tags of a TIFF structure and what was wrong with it; never raises.

    Args:
        block: from the byte order mark (``II`` or ``MM``) on; offsets in it count from there.

    Limits: 1024 entries a directory, 4 KiB a value; maker notes and embedded thumbnails are not opened.
    """
    reading = ExifReading()
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        reading.damage.append("the EXIF block has no byte order mark")
        return reading
    pointers = _read_directory(block, order, struct.unpack_from(order + "I", block, 4)[0], PICTURE_TAGS, reading)
    for pointer, tags in ((EXIF_POINTER, CAMERA_TAGS), (GPS_POINTER, GPS_TAGS)):
        if pointer in pointers:
            _read_directory(block, order, pointers[pointer], tags, reading)
    return reading


def _read_directory(block: bytes, order: str, start: int, tags: dict[int, Tag], reading: ExifReading) -> dict[int, int]:
    """Adds a directory's known tags to the reading and returns where its sub-directories lie."""
    pointers: dict[int, int] = {}
    for entry in _read_entries(block, order, start, tags, reading):
        if entry.tag in (EXIF_POINTER, GPS_POINTER):
            if len(entry.value) == 4:
                pointers[entry.tag] = struct.unpack(order + "I", entry.value)[0]
            continue
        _add_value(entry, tags[entry.tag], order, reading)
    return pointers


def _read_entries(block: bytes, order: str, start: int, tags: dict[int, Tag], reading: ExifReading) -> Iterator[_Entry]:
    if start + 2 > len(block):
        reading.damage.append(f"a directory lies beyond the block, at byte {start}")
        return
    stated = struct.unpack_from(order + "H", block, start)[0]
    count = min(stated, MAX_ENTRIES, (len(block) - start - 2) // 12)
    if count < stated:
        reading.damage.append(f"a directory of {stated} entries is cut after {count}")
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", block, at)
        if tag not in tags and tag not in (EXIF_POINTER, GPS_POINTER):
            continue
        size = _SIZES.get(kind, 0) * length
        place = at + 8 if size <= 4 else struct.unpack_from(order + "I", block, at + 8)[0]
        name = tags[tag].name if tag in tags else "a directory pointer"
        if kind not in _SIZES or place + min(size, MAX_VALUE_BYTES) > len(block):
            reading.damage.append(f"{name} cannot be read: type {kind}, {length} values at byte {place}")
            continue
        yield _Entry(tag, kind, length, block[place : place + min(size, MAX_VALUE_BYTES)])


def _add_value(entry: _Entry, tag: Tag, order: str, reading: ExifReading) -> None:
    if tag.name in reading.tags or tag.name in reading.numbers:
        return
    if tag.form in (Form.TEXT, Form.COMMENT):
        if entry.kind not in _TEXT_TYPES:
            reading.damage.append(f"{tag.name} should be text and is of type {entry.kind}")
            return
        text = _read_comment(entry.value, order) if tag.form is Form.COMMENT else clean_text(decode_text(entry.value))
        if text:
            reading.tags[tag.name] = text
        return
    if entry.kind not in _CODES:
        reading.damage.append(f"{tag.name} should be a number and is of type {entry.kind}")
        return
    numbers = _read_numbers(entry, order)
    if not numbers:
        return
    if tag.form is Form.PARTS:
        reading.numbers[tag.name] = numbers
    else:
        reading.tags[tag.name] = f"{numbers[0]:.10g}"


def _read_numbers(entry: _Entry, order: str) -> tuple[float, ...]:
    """Returns an entry's numbers; none at all if a denominator is zero, which is how cameras say "not known"."""
    code = _CODES[entry.kind]
    width = struct.calcsize(code)
    raw = struct.unpack_from(f"{order}{len(entry.value) // width}{code}", entry.value)
    if entry.kind not in _RATIO_TYPES:
        return raw
    pairs = list(zip(raw[::2], raw[1::2], strict=False))
    return tuple(over / under for over, under in pairs) if all(under for _, under in pairs) else ()


def _read_comment(value: bytes, order: str) -> str:
    """Returns a comment that names its character code in its first eight bytes."""
    code, text = value[:8], value[8:]
    if code.startswith(b"UNICODE"):
        return clean_text(text.decode("utf-16-le" if order == "<" else "utf-16-be", "replace"))
    return clean_text(decode_text(text if code.startswith((b"ASCII", b"JIS", bytes(8))) else value))
