"""How results are shown: data on stdout as JSON or plain columns, words for people on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from varde.core.errors import VardeError


def say(text: str) -> None:
    """Writes lines for people."""
    print("\n".join(make_printable(line) for line in text.split("\n")), file=sys.stderr)


def make_printable(text: str) -> str:
    r"""Returns the text with everything that could steer a terminal as ``\xNN``, ``\uNNNN``: it may be hostile."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def say_error(error: VardeError) -> None:
    """Writes what went wrong and what to do about it."""
    say(f"varde: {error}")
    if error.advice:
        say(f"       {error.advice}")


def count(number: int, noun: str, nouns: str = "") -> str:
    """Returns a number with its noun: ``1 item``, ``2,000 items``."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def write_json(document: Any) -> None:
    """Writes one JSON document; whoever waits for it at the other end of a pipe gets it now."""
    print(_encode(document, indent=2), flush=True)


def write_json_list(rows: Iterable[Any]) -> None:
    """Writes a JSON list row by row, so that a list of millions needs no memory."""
    separator = "[\n  "
    for row in rows:
        sys.stdout.write(separator + _encode(row))
        separator = ",\n  "
    sys.stdout.write("[]\n" if separator.startswith("[") else "\n]\n")


def write_fields(document: dict[str, Any]) -> None:
    """Writes a record as one ``name: value`` line each."""
    width = max((len(name) for name in document), default=0)
    for name, value in document.items():
        print(f"{name + ':':<{width + 1}} {to_plain(value)}")


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes columns separated by tabs, with a header line: for ``cut``, ``sort`` and eyes."""
    print("\t".join(columns))
    for row in rows:
        print("\t".join(to_plain(value) for value in row))


def to_plain(value: Any) -> str:
    """Returns a value as text for a line of columns."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(to_plain(part) for part in value) or "-"
    if isinstance(value, dict):
        if any(isinstance(part, dict) for part in value.values()):
            return "; ".join(f"{name}: {to_plain(part)}" for name, part in value.items() if part) or "-"
        return ", ".join(f"{name}={to_plain(part)}" for name, part in value.items()) or "-"
    return make_printable(str(value))


def _encode(document: Any, indent: int | None = None) -> str:
    """Returns JSON in which bytes of names that are no UTF-8 are JSON's own escapes, so that every stream takes it."""
    return json.dumps(document, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace").decode()
