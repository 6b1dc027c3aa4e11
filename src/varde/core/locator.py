r"""Locators: the stacked address of an item inside an exhibit, as text that is safe to store and to show.

A locator is one segment per container, outermost first, joined by ``!/``: ``phone/backup.zip!/DCIM/1.jpg``. Names are
bytes; whatever is not printable UTF-8, and the characters ``!`` and ``\``, is written ``\xNN``, so that a locator can
always be split and turned back into the exact bytes. When an archive holds the same name more than once, later ones
end in ``\#2``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEPARATOR = "!/"
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_REPEAT = re.compile(r"\\#([0-9]+)$")


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a locator: a name inside its container.

    Attributes:
        name: exact bytes of the path or member name, ``/`` between folders.
        occurrence: 1 for the first member of that name, 2 for the second ...
    """

    name: bytes
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Locator:
    """Stacked address of an item: the first segment is a path below the exhibit, each further one an archive member."""

    segments: tuple[Segment, ...]

    def __str__(self) -> str:
        """Returns the storable text."""
        return _SEPARATOR.join(_write_segment(segment) for segment in self.segments)

    def member(self, name: bytes, occurrence: int = 1) -> Locator:
        """Returns the locator of a member of the container this locator addresses."""
        return Locator((*self.segments, Segment(name, occurrence)))

    @property
    def name(self) -> str:
        """Last part of the innermost name, escaped: what a person calls the file name."""
        return escape(self.segments[-1].name.rsplit(b"/", 1)[-1])


def escape(name: bytes) -> str:
    r"""Returns the bytes as printable text in which everything else is ``\xNN``.

    Args:
        name: any bytes, normally UTF-8.
    """
    text = name.decode("utf-8", "surrogateescape")
    return "".join(char if _is_plain(char) else _escape_char(char) for char in text)


def unescape(text: str) -> bytes:
    """Returns the exact bytes that `escape` was given."""
    parts = _ESCAPED.split(text)
    out = bytearray()
    for index, part in enumerate(parts):
        out += bytes([int(part, 16)]) if index % 2 else part.encode("utf-8")
    return bytes(out)


def path_locator(path: bytes) -> Locator:
    """Returns the locator of a file directly in an exhibit, by its path relative to the exhibit's root."""
    return Locator((Segment(path),))


def read_locator(text: str) -> Locator:
    """Returns the locator that was written as this text; the inverse of ``str(locator)``."""
    return Locator(tuple(_read_segment(part) for part in text.split(_SEPARATOR)))


def _is_plain(char: str) -> bool:
    return char.isprintable() and char not in "!\\"


def _escape_char(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))


def _write_segment(segment: Segment) -> str:
    suffix = f"\\#{segment.occurrence}" if segment.occurrence > 1 else ""
    return escape(segment.name) + suffix


def _read_segment(text: str) -> Segment:
    repeat = _REPEAT.search(text)
    if repeat:
        return Segment(unescape(text[: repeat.start()]), int(repeat.group(1)))
    return Segment(unescape(text))
