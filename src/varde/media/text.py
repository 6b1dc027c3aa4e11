"""Text out of hostile bytes: decoded without failing, printable only, of limited length."""

from __future__ import annotations

MAX_CHARACTERS = 500


def decode_text(value: bytes) -> str:
    """Returns the text up to the first zero byte, read as UTF-8 or, where it is not that, as Latin-1."""
    value = value.split(b"\x00", 1)[0]
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def clean_text(text: str) -> str:
    """Returns the text on one line, at most 500 characters, each printable.

    Control characters and those that turn the writing direction (with which a text can pretend to be another) become
    spaces; runs of spaces become one.
    """
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * MAX_CHARACTERS])
    return " ".join(printable.split())[:MAX_CHARACTERS]
