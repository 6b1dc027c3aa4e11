"""The 512-byte headers of tar archives and the extended headers that overrule them, as pure functions on bytes.

Source: POSIX.1-2017 pax, ustar and pax interchange formats; GNU tar manual, appendix "Tar Internals" (base-256 numbers,
long names).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

BLOCK_BYTES = 512
ZERO_BLOCK = bytes(BLOCK_BYTES)
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True, slots=True)
class TarHeader:
    """One header block.

    Attributes:
        name: stored bytes, the ustar prefix included.
        type_flag: one byte saying what the member is.
        size_bytes: of the data as stored after the header.
        modified_s: seconds since 1970, None where it is no number.
        link_name: what a link leads to.
    """

    name: bytes
    type_flag: bytes
    size_bytes: int
    modified_s: float | None
    link_name: bytes


def is_header(block: bytes) -> bool:
    """Returns whether the block is a header: its checksum fits."""
    if len(block) != BLOCK_BYTES or block == ZERO_BLOCK:
        return False
    stated = read_number(block[_CHECKSUM])
    rest = block[:148] + b" " * 8 + block[156:]
    total = sum(rest)
    high = sum(byte > 127 for byte in rest)
    return stated in (total, total - 256 * high)  # some archivers summed signed bytes


def read_header(block: bytes) -> TarHeader:
    """Returns what a header block says; numbers that are none count as 0."""
    name = _text(block[:100])
    if block[257:263] == b"ustar\0":
        prefix = _text(block[345:500])
        name = prefix + b"/" + name if prefix else name
    return TarHeader(
        name,
        block[156:157],
        max(0, read_number(block[124:136]) or 0),
        read_number(block[136:148]),
        _text(block[157:257]),
    )


def read_number(field: bytes) -> int | None:
    """Returns an octal or base-256 number, None where the field holds none."""
    if field[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(field[1:], "big", signed=False) - (256 ** (len(field) - 1) if field[0] == 0xFF else 0)
    digits = field.replace(b"\0", b" ").strip()
    if not digits or digits.strip(b"01234567"):
        return None if digits else 0
    return int(digits, 8)


def read_decimal(text: bytes) -> int | None:
    """Returns an unsigned decimal number of at most 20 digits, None where the text is none."""
    return int(text) if text.isdigit() and len(text) <= 20 else None


def read_records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Returns the keys and values of a pax extended header, up to the first record that makes no sense."""
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 21)
        length = read_decimal(data[position:space]) if space > 0 else None
        if not length or position + length > len(data):
            return
        key, equals, value = data[space + 1 : position + length - 1].partition(b"=")
        if not equals:
            return
        yield key, value
        position += length


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]
