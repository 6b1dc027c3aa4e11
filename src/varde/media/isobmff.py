"""The box structure of MP4, QuickTime, HEIF and AVIF files, and what it says they are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from varde.core.media import MediaType
from varde.media.signatures import other, picture, video

_MAX_BOXES = 4096

_BRANDS: dict[bytes, MediaType] = {
    b"avif": picture("image/avif"),
    b"avis": picture("image/avif"),
    b"heic": picture("image/heic"),
    b"heix": picture("image/heic"),
    b"heim": picture("image/heic"),
    b"heis": picture("image/heic"),
    b"hevc": picture("image/heic-sequence"),
    b"hevx": picture("image/heic-sequence"),
    b"mif1": picture("image/heif"),
    b"mif2": picture("image/heif"),
    b"msf1": picture("image/heif-sequence"),
    b"crx ": picture("image/x-canon-cr3"),
    b"qt  ": video("video/quicktime"),
    b"M4V ": video("video/x-m4v"),
    b"M4VH": video("video/x-m4v"),
    b"M4A ": other("audio/mp4"),
    b"M4B ": other("audio/mp4"),
    b"M4P ": other("audio/mp4"),
    b"F4A ": other("audio/mp4"),
    b"aax ": other("audio/mp4"),
}
_GENERIC_STILL = (b"mif1", b"mif2", b"msf1", b"MiHB", b"miaf")
# Boxes that start QuickTime files older than the brand box.
_OLD_STARTS = (b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip")
_OLD_FOLLOWERS = (*_OLD_STARTS, b"ftyp", b"uuid")


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        kind: its four letters.
        start, stop: where its content lies; stop may lie beyond the data that was given.
    """

    kind: bytes
    start: int
    stop: int


def read_boxes(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Box]:
    """Yields the boxes between two places until one makes no sense; at most `_MAX_BOXES`."""
    stop = len(data) if stop is None else min(stop, len(data))
    for _ in range(_MAX_BOXES):
        if start + 8 > stop:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1 and start + 16 <= stop:
            size, content = struct.unpack_from(">Q", data, start + 8)[0], start + 16
        end = stop if size == 0 else start + size
        if end < content:
            return
        yield Box(kind, content, end)
        start = end


def sniff_boxes(head: bytes) -> MediaType | None:
    """Returns the type of a file made of boxes, None where it is none."""
    kinds = []
    for box in read_boxes(head):
        kinds.append(box.kind)
        if box.kind == b"ftyp" and len(kinds) <= 2:
            return _get_brand_type(head[box.start : min(box.stop, box.start + 512)])
        if len(kinds) == 1 and box.kind not in _OLD_STARTS:
            return None
        if len(kinds) == 2 and box.kind not in _OLD_FOLLOWERS:
            return None
    # Padding alone could be anything.
    return video("video/quicktime") if {b"moov", b"mdat", b"wide", b"pnot"} & set(kinds) else None


def _get_brand_type(content: bytes) -> MediaType | None:
    major = content[:4]
    brands = [major, *(content[at : at + 4] for at in range(8, len(content) - 3, 4))]
    if len(major) < 4:
        return None
    if major in _GENERIC_STILL:
        # The generic brand says only that it holds a still picture; a later one says how it is coded.
        return next((_BRANDS[brand] for brand in brands if brand[:3] in (b"avi", b"hei")), picture("image/heif"))
    if major in _BRANDS:
        return _BRANDS[major]
    if major.startswith(b"3gp"):
        return video("video/3gpp")
    if major.startswith(b"3g2"):
        return video("video/3gpp2")
    return video("video/mp4")
