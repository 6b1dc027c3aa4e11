r"""Locators as the Windows paths that VICS readers expect, and back without loss.

``/`` becomes ``\``; a locator's own escapes ``\xNN`` become ``%NN``, a literal ``%`` becomes ``%25``, ``.`` in a part
that is only dots becomes ``%2E`` so that no reader climbs out of its folder, ``\#2`` becomes ``%#2``.
"""

from __future__ import annotations

import re

from varde.core.locator import Locator, Segment

_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
_CODE = re.compile(rb"%([0-9A-Fa-f]{2})")
_REPEAT = re.compile(r"%#([0-9]+)$")


def write_path(locator: str) -> str:
    r"""Returns the Windows path of a locator: ``phone/a%.zip!/b.jpg`` becomes ``phone\a%25.zip!\b.jpg``."""
    text = locator.replace("%", "%25")
    text = _ESCAPE.sub(lambda found: "%" + found[1].upper(), text).replace("\\#", "%#")
    return "\\".join("%2E" * len(part) if part in (".", "..") else part for part in text.split("/"))


def read_path(path: str) -> str:
    """Returns the locator that `write_path` made the path of."""
    return str(Locator(tuple(_read_segment(part) for part in path.replace("\\", "/").split("!/"))))


def split_path(path: str) -> tuple[str, str]:
    """Returns folder (with its final backslash, "" where there is none) and file name of a Windows path."""
    folder, separator, name = path.rpartition("\\")
    return folder + separator, name


def _read_segment(part: str) -> Segment:
    repeat = _REPEAT.search(part)
    stem = part[: repeat.start()] if repeat else part
    name = _CODE.sub(lambda found: bytes.fromhex(found[1].decode()), stem.encode("utf-8"))
    return Segment(name, int(repeat[1]) if repeat else 1)
