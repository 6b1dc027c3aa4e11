"""Capture metadata of pictures: with what, when and where they say they were taken."""

from __future__ import annotations

import re
from dataclasses import dataclass

from varde.core.issue import Issue, IssueCode, Step
from varde.media.blocks import find_blocks
from varde.media.exif import ExifReading, read_exif
from varde.media.text import clean_text

MAX_XMP_BYTES = 1 << 20

_XMP_NAMES = (
    *("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate", "xmp:CreatorTool", "photoshop:DateCreated"),
    *("tiff:Make", "tiff:Model", "exif:DateTimeOriginal", "exif:GPSLatitude", "exif:GPSLongitude"),
    *("aux:SerialNumber", "xmpMM:DocumentID", "xmpMM:OriginalDocumentID", "GCamera:MotionPhoto"),
    *("Iptc4xmpExt:DigitalSourceType",),
)
# As attribute name="value" or as element <name>value</name>; no XML parser sees hostile XML.
_XMP_VALUE = re.compile(rf"[\s<]({'|'.join(_XMP_NAMES)})\s*(?:=\s*[\"']([^\"'<]{{1,500}})|>\s*([^<]{{1,500}})<)")


@dataclass(frozen=True, slots=True)
class MetadataReading:
    """What a picture says of its own making.

    Attributes:
        tags: name and value as cleaned text, in a fixed order; positions in signed decimal degrees (north and east
            positive), altitude in metres above sea level. XMP names have their prefix (``xmp:CreateDate``), PNG texts
            ``PNG:``.
        issues: one METADATA_DAMAGED if anything could not be read.
    """

    tags: tuple[tuple[str, str], ...]
    issues: tuple[Issue, ...]


def read_metadata(data: bytes) -> MetadataReading:
    """Returns the capture metadata of a picture, what could not be read as an issue; never raises.

    Reads EXIF, a fixed set of XMP properties and PNG texts of JPEG, PNG, WebP, TIFF (and raw formats built on it),
    HEIF and AVIF. Pixels are not decoded, so it works on damaged files too.

    Args:
        data: the whole file.

    Limits: what a file says of itself can be false and is easily changed. Maker notes are not read.
    """
    blocks = find_blocks(data)
    exif = read_exif(blocks.exif) if blocks.exif else ExifReading()
    _place_position(exif)
    tags = dict(sorted(exif.tags.items()))
    tags.update(_read_xmp(blocks.xmp))
    for keyword, text in blocks.texts:
        tags.setdefault(f"PNG:{clean_text(keyword)}", clean_text(text))
    damage = [*blocks.damage, *exif.damage]
    return MetadataReading(tuple((name, value) for name, value in tags.items() if value), _make_issues(damage))


def _make_issues(damage: list[str]) -> tuple[Issue, ...]:
    if not damage:
        return ()
    more = f" (and {len(damage) - 3} more)" if len(damage) > 3 else ""
    return (Issue(IssueCode.METADATA_DAMAGED, Step.METADATA, clean_text("; ".join(damage[:3]) + more)),)


def _place_position(exif: ExifReading) -> None:
    """Turns degrees, minutes and seconds with their references into signed decimal degrees and a time."""
    for name, positive, negative, limit in (("GPSLatitude", "N", "S", 90), ("GPSLongitude", "E", "W", 180)):
        reference = exif.tags.pop(f"{name}Ref", "").upper()[:1]
        parts = exif.numbers.get(name, ())
        if not parts:
            continue
        degrees = sum(part / 60**power for power, part in enumerate(parts[:3]))
        if reference not in (positive, negative) or not 0 <= degrees <= limit:
            exif.damage.append(f"{name} of {degrees:.6f} with reference {reference!r} is no position")
            continue
        exif.tags[name] = f"{-degrees if reference == negative else degrees:.7f}"
    below = exif.tags.pop("GPSAltitudeRef", "0") in ("1", "3")
    if below and "GPSAltitude" in exif.tags:
        exif.tags["GPSAltitude"] = f"-{exif.tags['GPSAltitude'].lstrip('-')}"
    clock = exif.numbers.get("GPSTimeStamp", ())
    if len(clock) == 3 and all(0 <= part < 61 for part in clock):
        exif.tags["GPSTimeStamp"] = f"{int(clock[0]):02}:{int(clock[1]):02}:{clock[2]:06.3f}".removesuffix(".000")


def _read_xmp(packet: bytes) -> dict[str, str]:
    text = packet[:MAX_XMP_BYTES].decode("utf-8", "replace")
    found: dict[str, str] = {}
    for match in _XMP_VALUE.finditer(text):
        found.setdefault(match.group(1), clean_text(match.group(2) or match.group(3)))
    return found
