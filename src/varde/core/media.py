"""What a content is, as told by its bytes and never by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    """What can be done with a content."""

    PICTURE = "picture"
    VIDEO = "video"
    ARCHIVE = "archive"
    OTHER = "other"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class MediaType:
    """Kind and IANA media type of a content, found from its bytes.

    Attributes:
        kind: what the pipeline does with it.
        mime: IANA name such as ``image/jpeg``; ``application/octet-stream`` where nothing is known.
    """

    kind: MediaKind
    mime: str


UNKNOWN = MediaType(MediaKind.OTHER, "application/octet-stream")
EMPTY = MediaType(MediaKind.EMPTY, "application/x-empty")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decoder says of a picture or video.

    Attributes:
        width_px, height_px: of the stored pixels, before any orientation tag is applied.
        frames: number of frames (animated pictures), or None where not counted.
        duration_s: length of a video in seconds, or None.
        metadata: capture metadata by standard tag name (``Make``, ``DateTimeOriginal``, ``GPSLatitude`` ...),
            values as text.
    """

    width_px: int
    height_px: int
    frames: int | None = None
    duration_s: float | None = None
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture for people to look at.

    Attributes:
        data: JPEG bytes.
        width_px, height_px: its size.
        veiled: the least revealing view of it, as `varde.media.veil` describes; empty where none was made.
    """

    data: bytes
    width_px: int
    height_px: int
    veiled: bytes = b""
