"""Where each picture format keeps its metadata: EXIF, XMP and plain text blocks, found without decoding a pixel."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from varde.media.heif_items import find_item

MAX_BLOCKS = 2048
MAX_TEXT_BYTES = 65_536

_EXIF_MARK = b"Exif\x00\x00"
_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\x00"
# TIFF itself, its 64-bit form left out, and the camera raw formats that only changed its magic number.
_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"IIU\x00", b"IIRO", b"IIRS", b"MMOR")


@dataclass(frozen=True, slots=True)
class Blocks:
    """The metadata blocks of one picture.

    Attributes:
        exif: a TIFF structure, b"" where none.
        xmp: an XML packet, b"" where none.
        texts: keyword and text of PNG text chunks.
        damage: what is wrong with the structure around them, one sentence each.
    """

    exif: bytes = b""
    xmp: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()
    damage: tuple[str, ...] = ()


def find_blocks(data: bytes) -> Blocks:
    """Returns the metadata blocks of a JPEG, PNG, WebP, TIFF, HEIF or AVIF file; empty ones for anything else.

    Never raises: what is broken is named in `Blocks.damage`.
    """
    if data.startswith(b"\xff\xd8"):
        return _find_in_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _find_in_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _find_in_webp(data)
    if data.startswith(_TIFF_STARTS):
        return Blocks(exif=data)
    if data[4:8] == b"ftyp":
        return _find_in_heif(data)
    return Blocks()


def _find_in_jpeg(data: bytes) -> Blocks:
    exif = xmp = b""
    for marker, content in _read_segments(data):
        if marker == 0xE1 and content.startswith(_EXIF_MARK):
            exif = exif or content[len(_EXIF_MARK) :]
        elif marker == 0xE1 and content.startswith(_XMP_MARK):
            xmp = xmp or content[len(_XMP_MARK) :]
    return Blocks(exif, xmp)


def _read_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields marker and content of each segment before the first scan."""
    at = 2
    for _ in range(MAX_BLOCKS):
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            return
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in (0xFF, 0x00):
            at += 1
            continue
        if marker in (0xDA, 0xD9):
            return
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)


def _find_in_png(data: bytes) -> Blocks:
    exif = xmp = b""
    texts: list[tuple[str, str]] = []
    damage: list[str] = []
    for kind, content in _read_chunks(data):
        if kind == b"eXIf":
            exif = exif or content.removeprefix(_EXIF_MARK)
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            try:
                keyword, text = _read_text(kind, content)
            except (zlib.error, ValueError) as error:
                damage.append(f"a {kind.decode()} chunk cannot be read: {error}")
                continue
            if keyword == "XML:com.adobe.xmp":
                xmp = xmp or text.encode("utf-8", "replace")
            elif len(texts) < 64:
                texts.append((keyword, text))
    return Blocks(exif, xmp, tuple(texts), tuple(damage[:4]))


def _read_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    for _ in range(1 << 16):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        # Pixel data is not copied.
        yield kind, b"" if kind == b"IDAT" else data[at + 8 : at + 8 + min(length, 1 << 20)]
        at += 12 + length


def _read_text(kind: bytes, content: bytes) -> tuple[str, str]:
    keyword, _, rest = content.partition(b"\x00")
    if kind == b"zTXt":
        rest = _inflate(rest[1:])
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:]
        _, _, rest = rest.partition(b"\x00")
        _, _, rest = rest.partition(b"\x00")
        rest = _inflate(rest) if packed else rest
    encoding = "utf-8" if kind == b"iTXt" else "latin-1"
    return keyword[:80].decode("latin-1"), rest[:MAX_TEXT_BYTES].decode(encoding, "replace")


def _inflate(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, MAX_TEXT_BYTES)


def _find_in_webp(data: bytes) -> Blocks:
    found: dict[bytes, bytes] = {}
    at = 12
    for _ in range(MAX_BLOCKS):
        if at + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in (b"EXIF", b"XMP "):
            found.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return Blocks(found.get(b"EXIF", b"").removeprefix(_EXIF_MARK), found.get(b"XMP ", b""))


def _find_in_heif(data: bytes) -> Blocks:
    try:
        item = find_item(data, b"Exif") or b""
        xmp = find_item(data, b"mime") or b""
    except (ValueError, IndexError, struct.error) as error:
        return Blocks(damage=(f"the table of metadata items cannot be read: {error}",))
    # The item starts with the distance from its fifth byte to the TIFF structure.
    exif = item[4 + int.from_bytes(item[:4]) :] if len(item) > 4 else b""
    return Blocks(exif, xmp)
