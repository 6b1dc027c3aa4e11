"""Veils: the least revealing view of a picture, so small and so plain that nothing else can hide in it.

A veil is stored as grey pixels and nothing but grey pixels. Whoever serves it writes the file around them, so that even
a decoder that hostile bytes took over can bring neither a sharp picture nor a crafted file before a person's eyes. Why
so small stands with its figures in docs/decisions/0015-least-revealing-view.md.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

VEIL_PX: Final = 16
"""Longest side. People's programs enlarge it smoothly."""

VEIL_BLUR_PX: Final = 1.2
"""Deviation of the Gaussian blur on the small picture: above five cycles a longer side, 6 % of a pattern are left."""

_PNG_MARK = b"\x89PNG\r\n\x1a\n"


def is_veil(data: bytes) -> bool:
    """Returns whether bytes are a veil: width, height (a byte each, 1 to 16) and as many grey pixels, row by row."""
    if len(data) < 3 or not (1 <= data[0] <= VEIL_PX and 1 <= data[1] <= VEIL_PX):
        return False
    return len(data) == 2 + data[0] * data[1]


def write_veil_png(veil: bytes) -> bytes:
    """Returns a veil as a PNG file: grey, eight bits, without any metadata.

    Raises:
        ValueError: if it is no veil.
    """
    if not is_veil(veil):
        raise ValueError("these bytes are no veil")
    width, height = veil[0], veil[1]
    lines = b"".join(b"\x00" + veil[at : at + width] for at in range(2, len(veil), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return _PNG_MARK + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, 0)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
