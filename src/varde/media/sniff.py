"""What a content is, told from its first and last bytes and never from its name."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from varde.core.media import EMPTY, UNKNOWN, MediaType
from varde.media.isobmff import sniff_boxes
from varde.media.signatures import SIGNATURES, archive, other, picture, video

HEAD_BYTES = 65_536
TAIL_BYTES = 64

_OFFICE_FOLDERS = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO_STREAM = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_AUDIO_STREAM = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_NETPBM = re.compile(rb"P([1-6])\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+)?(\w+)", re.I | re.S)
_TEXT_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b\b"))


def sniff(head: bytes, tail: bytes = b"") -> MediaType:
    """Returns the media type of a content, `UNKNOWN` where nothing is recognised, `EMPTY` where there are no bytes.

    Zip containers (documents, books, programs) are archives with a type of their own, since they can hold pictures;
    so are formats that no reader here opens, so that they become an issue instead of passing unseen.

    Args:
        head: the first bytes, 4 KiB at least for a reliable answer, `HEAD_BYTES` for the best; fewer only if the
            content is shorter.
        tail: the last `TAIL_BYTES` bytes, for the one format (TGA) that is marked there; may be left out.

    Limits: needs the marks where they belong; a picture inside another file or behind a header of garbage is not
        searched for (that is carving). A file that is two things at once is what it starts as.
    """
    if not head:
        return EMPTY
    for signature in SIGNATURES:
        if head.startswith(signature.magic, signature.offset):
            return signature.media_type
    for test in _TESTS:
        media_type = test(head)
        if media_type is not None:
            return media_type
    if tail.endswith(b"TRUEVISION-XFILE.\x00"):
        return picture("image/x-tga")
    return _sniff_text(head) or UNKNOWN


def _sniff_riff(head: bytes) -> MediaType | None:
    if not head.startswith(b"RIFF"):
        return None
    types = {
        b"WEBP": picture("image/webp"),
        b"AVI ": video("video/x-msvideo"),
        b"CDXA": video("video/mpeg"),
        b"WAVE": other("audio/wav"),
    }
    return types.get(head[8:12], UNKNOWN)


def _sniff_zip(head: bytes) -> MediaType | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")):
        return None
    if head[30:38] == b"mimetype" and (stated := re.match(rb"[a-z]+/[\w.+-]{1,100}", head[38:150])):
        mime = stated.group().decode("ascii")
        return archive(mime.removesuffix("PK"))
    if b"[Content_Types].xml" in head[:2048] or b"_rels/.rels" in head[:2048]:
        return archive(next((mime for folder, mime in _OFFICE_FOLDERS if folder in head), "application/zip"))
    if b"AndroidManifest.xml" in head[:8192]:
        return archive("application/vnd.android.package-archive")
    if b"META-INF/" in head[:64]:
        return archive("application/java-archive")
    return archive("application/zip")


def _sniff_old_tar(head: bytes) -> MediaType | None:
    """Knows a tar file without a mark (or with one not met before) by the checksum of its first header."""
    header = head[:512]
    if len(header) < 512 or not header[0]:
        return None
    field = header[148:156].strip(b" \x00")
    if not re.fullmatch(rb"[0-7]{1,7}", field):
        return None
    total = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    return archive("application/x-tar") if total == int(field, 8) else None


def _sniff_other_archive(head: bytes) -> MediaType | None:
    if re.match(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)", head):
        return archive("application/x-bzip2")
    if re.match(rb"..-l[hz][0-7ds]-", head, re.S):
        return archive("application/x-lzh-compressed")
    return None


def _sniff_bmp(head: bytes) -> MediaType | None:
    """Two letters are no proof: the size of the second header and the number of planes must fit too."""
    if not head.startswith(b"BM") or len(head) < 26:
        return None
    header_bytes = struct.unpack_from("<I", head, 14)[0]
    planes_at = 22 if header_bytes == 12 else 26
    fits = header_bytes in (12, 16, 40, 52, 56, 64, 108, 124) and head[planes_at : planes_at + 2] in (b"\x01\x00", b"")
    return picture("image/bmp") if fits else None


def _sniff_icon(head: bytes) -> MediaType | None:
    """An icon or cursor: the directory's first entry must point behind the directory."""
    if head[:4] not in (b"\x00\x00\x01\x00", b"\x00\x00\x02\x00") or len(head) < 22:
        return None
    count, data_bytes, data_at = struct.unpack_from("<H", head, 4)[0], *struct.unpack_from("<II", head, 14)
    fits = 0 < count <= 256 and not head[9] and 6 + 16 * count <= data_at < 1 << 24 and 8 < data_bytes < 1 << 24
    return picture("image/vnd.microsoft.icon") if fits else None


def _sniff_small_picture(head: bytes) -> MediaType | None:
    if netpbm := _NETPBM.match(head):
        kind = int(netpbm.group(1))
        return picture(
            ("image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap")[(kind - 1) % 3]
        )
    if re.match(rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", head) and len(head) >= 128:
        return picture("image/vnd.zbrush.pcx")
    if head.startswith(b"\xff\x0a") and b"\x00" in head[:512]:
        return picture("image/jxl")
    return None


def _sniff_matroska(head: bytes) -> MediaType | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return video("video/webm") if b"webm" in head[:64] else video("video/x-matroska")


def _sniff_asf(head: bytes) -> MediaType | None:
    if not head.startswith(_ASF):
        return None
    if _ASF_VIDEO_STREAM in head:
        return video("video/x-ms-wmv")
    return other("audio/x-ms-wma") if _ASF_AUDIO_STREAM in head else video("video/x-ms-asf")


def _sniff_ogg(head: bytes) -> MediaType | None:
    if not head.startswith(b"OggS"):
        return None
    has_pictures = any(mark in head[:4096] for mark in (b"\x80theora", b"BBCD\x00", b"OVP80", b"\x01video"))
    return video("video/ogg") if has_pictures else other("audio/ogg")


def _sniff_mpeg_program(head: bytes) -> MediaType | None:
    """A pack header whose marker bits are those of MPEG-1 or MPEG-2."""
    if not head.startswith(b"\x00\x00\x01\xba") or len(head) < 5:
        return None
    return video("video/mpeg") if head[4] & 0xC4 == 0x44 or head[4] & 0xF1 == 0x21 else None


def _sniff_mpeg_transport(head: bytes) -> MediaType | None:
    """Sync bytes at the start of five packets in a row (or of all there are), in either packet length."""
    for start, step in ((0, 188), (4, 192)):
        marks = head[start : start + 5 * step : step]
        if len(marks) >= 3 and marks.strip(b"G") == b"":
            return video("video/mp2t")
    return None


def _sniff_audio(head: bytes) -> MediaType | None:
    """MPEG audio without a tag: a frame header of layer II or III with a valid bit rate and sample rate."""
    is_frame = len(head) > 4 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4)
    if is_frame and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3:
        return other("audio/mpeg")
    return None


def _sniff_program(head: bytes) -> MediaType | None:
    if head.startswith(b"MZ") and len(head) >= 64:
        return other("application/vnd.microsoft.portable-executable")
    return None


def _sniff_text(head: bytes) -> MediaType | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and len(head) % 2 == 0:
        return other("text/plain")
    if head.translate(None, _TEXT_CONTROLS) != head:
        return None
    if markup := _MARKUP.match(head):
        types = {b"svg": "image/svg+xml", b"html": "text/html", b"head": "text/html", b"body": "text/html"}
        return other(types.get(markup.group(1).lower(), "text/xml" if b"<?xml" in head[:64] else "text/plain"))
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        if error.start < len(head) - 3:
            return None
    return other("text/plain")


_TESTS: tuple[Callable[[bytes], MediaType | None], ...] = (
    sniff_boxes,
    _sniff_riff,
    _sniff_zip,
    _sniff_matroska,
    _sniff_asf,
    _sniff_ogg,
    _sniff_mpeg_program,
    _sniff_mpeg_transport,
    _sniff_other_archive,
    _sniff_old_tar,
    _sniff_bmp,
    _sniff_icon,
    _sniff_small_picture,
    _sniff_audio,
    _sniff_program,
)
