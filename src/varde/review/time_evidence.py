"""Every time that is known of an item, where it comes from, and why it may be wrong. Nothing is concluded from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from varde.core.item import Origin
from varde.core.media import MediaKind

FILE_CAVEAT: Final = "Copying and unpacking set it anew, and anybody can."
ARCHIVE_CAVEAT: Final = (
    "Kept by the program that packed it. ZIP has no zone and steps of two seconds: then it is read as UTC here."
)
_CAMERA_CAVEAT = "By the camera's own clock; without a zone it is not known where that stood. Programs can rewrite it."
_CHANGE_CAVEAT = "Written by the camera or by a program that changed the picture later."
_SATELLITE_CAVEAT = "UTC of the satellite fix, which may be older than the picture. Programs can write it."
_PROGRAM_CAVEAT = "Written by programs, and kept or changed by others."
_CONTAINER_CAVEAT = "Should be UTC; some cameras write their local time, and converting a video sets it anew."

_NUMBERS = re.compile(
    r"\s*(\d{4})[:\-](\d{1,2})[:\-](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?\s*$"
)
_ZONE = re.compile(r"([+-])(\d{2}):?(\d{2})$")


@dataclass(frozen=True, slots=True)
class TimeEvidence:
    """One time.

    Attributes:
        what: what it is the time of.
        stated: as it is written, or as UTC where it was kept as a moment.
        at: the moment; None where what is stated is no time.
        has_zone: whether the zone is known. If not, `at` takes what is stated for UTC, only to put it in a row.
        source: who says so.
        caveat: why it may be wrong.
    """

    what: str
    stated: str
    at: datetime | None
    has_zone: bool
    source: str
    caveat: str


@dataclass(frozen=True, slots=True)
class _Tag:
    what: str
    source: str
    caveat: str
    offset: str = ""
    fraction: str = ""


_EXIF = "EXIF"
_TAGS: Final[Mapping[str, _Tag]] = {
    "DateTimeOriginal": _Tag("taken", _EXIF, _CAMERA_CAVEAT, "OffsetTimeOriginal", "SubSecTimeOriginal"),
    "DateTimeDigitized": _Tag("digitised", _EXIF, _CAMERA_CAVEAT, "OffsetTimeDigitized", "SubSecTimeDigitized"),
    "DateTime": _Tag("picture changed", _EXIF, _CHANGE_CAVEAT, "OffsetTime", "SubSecTime"),
    "exif:DateTimeOriginal": _Tag("taken", "XMP", _CAMERA_CAVEAT),
    "photoshop:DateCreated": _Tag("taken or made", "XMP", _PROGRAM_CAVEAT),
    "xmp:CreateDate": _Tag("made", "XMP", _PROGRAM_CAVEAT),
    "xmp:ModifyDate": _Tag("changed", "XMP", _PROGRAM_CAVEAT),
    "xmp:MetadataDate": _Tag("metadata changed", "XMP", _PROGRAM_CAVEAT),
    "CreationTime": _Tag("video made", "container", _CONTAINER_CAVEAT),
    "Date": _Tag("date of the video", "container", _PROGRAM_CAVEAT),
    "PNG:Creation Time": _Tag("made", "PNG text", _PROGRAM_CAVEAT),
    "PNG:date:create": _Tag("file made", "PNG text", _PROGRAM_CAVEAT),
    "PNG:date:modify": _Tag("file changed", "PNG text", _PROGRAM_CAVEAT),
}


def list_file_time(name: str, origin: Origin, modified_at: datetime | None) -> list[TimeEvidence]:
    """Returns the time that a file system or archive keeps of a place, if any.

    Args:
        name: of the file or member, for the person.
        origin: says which of the two keeps it.
        modified_at: UTC.
    """
    if modified_at is None:
        return []
    is_member = origin is Origin.ARCHIVE_MEMBER
    source = f"the archive that holds {name}" if is_member else f"the file system, of {name}"
    caveat = ARCHIVE_CAVEAT if is_member else FILE_CAVEAT
    stated = modified_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return [TimeEvidence("last changed", stated, modified_at, True, source, caveat)]


def list_tag_times(tags: Mapping[str, str], kind: MediaKind) -> Iterator[TimeEvidence]:
    """Yields the times among the tags of a picture or video, those that cannot be read as a time too."""
    for name, tag in _TAGS.items():
        if name in tags:
            in_video = kind is MediaKind.VIDEO and tag.source == _EXIF
            yield _read_tag(name, tag, tags, "container" if in_video else tag.source)
    if "GPSDateStamp" in tags and "GPSTimeStamp" in tags:
        stated = f"{tags['GPSDateStamp']} {tags['GPSTimeStamp']}"
        at, _ = read_time(stated)
        yield TimeEvidence("satellite fix", stated, at, True, "EXIF (GPSDateStamp, GPSTimeStamp)", _SATELLITE_CAVEAT)


def sort_times(times: Iterable[TimeEvidence]) -> list[TimeEvidence]:
    """Returns times from the earliest to the latest; those that cannot be read last."""
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(times, key=lambda one: (one.at is None, one.at or latest, one.source, one.what))


def read_time(text: str, offset: str = "", fraction: str = "") -> tuple[datetime | None, bool]:
    """Returns the moment that a time as text means, and whether its zone is known.

    Args:
        text: ``2024:05:17 08:30:00`` as in EXIF, or as in ISO 8601; a date alone is its first moment.
        offset: zone that is kept apart, such as ``+02:00``.
        fraction: digits of the second that are kept apart.
    """
    found = _NUMBERS.match(text)
    if found is None:
        return None, False
    year, month, day, hour, minute, second, digits, zone = found.groups()
    part = (digits or fraction.strip() if (digits or fraction.strip()).isdigit() else "")[:6].ljust(6, "0")
    zone = zone or offset.strip()
    numbers = [int(number or 0) for number in (year, month, day, hour, minute, second, part)]
    try:
        moved = datetime(*numbers[:7], tzinfo=_read_zone(zone) or UTC).astimezone(UTC)  # type: ignore[misc, arg-type]
    except (ValueError, OverflowError):
        return None, False
    return moved, _read_zone(zone) is not None


def _read_zone(zone: str) -> timezone | None:
    if zone == "Z":
        return UTC
    found = _ZONE.match(zone)
    if found is None:
        return None
    minutes = int(found.group(2)) * 60 + int(found.group(3))
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if found.group(1) == "-" else minutes))


def _read_tag(name: str, tag: _Tag, tags: Mapping[str, str], source: str) -> TimeEvidence:
    offset, fraction = tags.get(tag.offset, ""), tags.get(tag.fraction, "")
    at, has_zone = read_time(tags[name], offset, fraction)
    stated = " ".join(part for part in (tags[name], offset) if part)
    return TimeEvidence(tag.what, stated, at, has_zone, f"{source} ({name})", tag.caveat)
