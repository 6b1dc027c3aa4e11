r"""Hostile text made safe to show, and figures in the one form that all reports use.

Names, metadata and notes come from evidence. Characters that cannot be seen or that turn text around (controls, bidi
overrides, lone surrogates) are written as ``\uNNNN``, so that what a person reads is what is there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from varde.core.errors import WrongUse

_BYTE_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def show(text: str, *, keep: str = "") -> str:
    r"""Returns the text with every character that is not printable as ``\uNNNN`` (``\UNNNNNNNN`` beyond the BMP).

    Args:
        text: anything, lone surrogates included.
        keep: unprintable characters that may stay, such as a line feed.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _write_code(char) for char in text)


def guard_cell(text: str) -> str:
    """Returns the text as a spreadsheet cell that no program takes for a formula.

    A text that begins with ``= + - @``, their full-width forms, a tab, a line break or an apostrophe gets one
    apostrophe in front. Taking one leading apostrophe away always gives the exact text back.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def write_time(at: datetime) -> str:
    """Returns a time as ``2026-02-03T04:05:06Z``, with microseconds where it has any.

    Raises:
        WrongUse: if the time names no zone.
    """
    if at.tzinfo is None:
        raise WrongUse(f"a time without a zone cannot be reported: {at.isoformat()}")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def show_time(at: datetime) -> str:
    """Returns a time for people: ``2026-02-03 04:05:06 UTC``."""
    return write_time(at)[:19].replace("T", " ") + " UTC"


def show_count(number: int) -> str:
    """Returns a whole number with its thousands parted: ``4,000,000``."""
    return f"{number:,}"


def show_bytes(size: int) -> str:
    """Returns a size with three significant digits in binary units: ``1.43 GiB``."""
    value = float(size)
    for unit in _BYTE_UNITS:
        if value < 1024 or unit == _BYTE_UNITS[-1]:
            break
        value /= 1024
    if unit == "bytes":
        return f"{show_count(size)} bytes"
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def css_string(text: str) -> str:
    """Returns the text as a CSS string in which only letters, digits and spaces stand for themselves."""
    plain = "".join(
        char if char.isascii() and (char.isalnum() or char == " ") else f"\\{ord(char):x} " for char in show(text)
    )
    return f'"{plain}"'


def _write_code(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
