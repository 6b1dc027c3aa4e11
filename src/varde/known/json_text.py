"""JSON values kept as text, so that text and value can be told apart again: what lists carry beyond our own fields.

A text stands for itself; anything else is compact JSON. A text that looks like compact JSON of something is quoted as
JSON does it, so that ``"5"`` and ``5`` stay different things. `write_value` and `write_source` are each other's
inverse: the JSON source of a kept text decodes to the value it was made of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NoReturn

_JSON_LIKE = re.compile(r'[\["{0-9-]|true\Z|false\Z|null\Z')
_COMPACT: Callable[[object], str] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def write_value(value: object) -> str:
    """Returns the text that a decoded JSON value is kept as."""
    if isinstance(value, str):
        return _COMPACT(value) if is_compact_json(value) else value
    return _COMPACT(value)


def write_source(text: str) -> str:
    """Returns the JSON source of the value that a kept text stands for."""
    return text if is_compact_json(text) else _COMPACT(text)


def is_compact_json(text: str) -> bool:
    """Returns whether a text is a JSON value exactly as it is written here, without spaces and in our own form."""
    if not _JSON_LIKE.match(text):
        return False
    try:
        return _COMPACT(_DECODE(text)) == text
    except (ValueError, RecursionError):
        return False


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_DECODE = json.JSONDecoder(parse_constant=_refuse_constant).decode
