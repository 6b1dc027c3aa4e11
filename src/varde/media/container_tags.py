"""Capture metadata that video containers carry, under the names the pictures' tags have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from varde.media.text import clean_text

_NAMES = {
    "creation_time": "CreationTime",
    "com.apple.quicktime.creationdate": "DateTimeOriginal",
    "com.apple.quicktime.make": "Make",
    "com.apple.quicktime.model": "Model",
    "com.apple.quicktime.software": "Software",
    "com.android.manufacturer": "Make",
    "com.android.model": "Model",
    "com.android.version": "AndroidVersion",
    "make": "Make",
    "model": "Model",
    "encoder": "Software",
    "date": "Date",
    "title": "Title",
    "artist": "Artist",
    "author": "Artist",
    "comment": "Comment",
    "copyright": "Copyright",
    "description": "ImageDescription",
}
_PLACES = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
_ISO_6709 = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")


def read_container_tags(*sources: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Returns name and value as cleaned text, sorted by name.

    Args:
        sources: the tags of the container and of its stream; of equal names the first counts.
    """
    found: dict[str, str] = {}
    for source in sources:
        tags = {key.lower(): clean_text(value) for key, value in source.items()}
        for key, name in _NAMES.items():
            if tags.get(key):
                found.setdefault(name, tags[key])
        for key in _PLACES:
            _add_place(tags.get(key, ""), found)
    return tuple(sorted(found.items()))


def _add_place(text: str, found: dict[str, str]) -> None:
    """Adds a position written as ``+40.6894-074.0447+010.0/``: degrees north, degrees east, metres."""
    match = _ISO_6709.match(text)
    if not match or "GPSLatitude" in found:
        return
    latitude, longitude = float(match.group(1)), float(match.group(2))
    if abs(latitude) > 90 or abs(longitude) > 180:
        return
    found["GPSLatitude"], found["GPSLongitude"] = f"{latitude:.7f}", f"{longitude:.7f}"
    if match.group(3):
        found["GPSAltitude"] = f"{float(match.group(3)):g}"
