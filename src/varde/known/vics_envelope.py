"""The envelope of VICS JSON: its context, its cases, and the stream of its Media objects, however they are wrapped.

The specification is not public; what is read here was seen in public programs. A file is a flat list of Media (a hash
set), a list of cases that hold Media, or a hash set wrapped like a case. Which one is told from the content, never
from the name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from varde.core.errors import FormatError
from varde.known.json_stream import JsonStream, ValueTooLarge
from varde.known.text import read_head

CONTEXT_KEYS = ("odata.metadata", "@odata.context")
SCHEME_KEY = "Scheme"
_CONTEXT = re.compile(
    r"ProjectVic/DataModels/(?P<version>\d{1,3}\.\d{1,3})\.xml(?:/(?P<region>[\w .-]{1,40}))?(?:/\$metadata)?"
    r"#(?P<kind>Media|Cases)",
    re.IGNORECASE,
)
_MOST_ENVELOPE_CHARS = 1 << 20
_MOST_FIELDS = 10_000
_KEPT_CASE_FIELD_CHARS = 4_096


@dataclass(frozen=True, slots=True)
class Context:
    """What the envelope's context says.

    Attributes:
        version: data model version such as ``2.0``.
        region: region profile as written, such as ``US``; "" where none is named (1.x).
        kind: ``Media`` or ``Cases``; only a claim.
        scheme: ``name@version`` of the codes where a field beside the context says it, as Varde writes it; "" else.
    """

    version: str
    region: str
    kind: str
    scheme: str = ""


@dataclass(slots=True)
class CaseFields:
    """The plain fields of one case, as far as they have been read, and the number of Media read from it."""

    fields: dict[str, object] = field(default_factory=dict)
    media: int = 0


def find_context(text: str) -> Context | None:
    """Returns the first VICS context in a text, None where there is none."""
    match = _CONTEXT.search(text.replace("\\/", "/"))
    if match is None:
        return None
    return Context(match["version"], match["region"] or "", match["kind"].capitalize())


def looks_like_vics(path: Path) -> bool:
    """Returns whether the file begins like a JSON object and names a VICS context near its start or end."""
    head = read_head(path)
    if not head.lstrip("\ufeff \t\r\n").startswith("{"):
        return False
    return find_context(head) is not None or find_context(_read_tail(path)) is not None


def read_context(path: Path) -> Context | None:
    """Returns the context of the envelope, wherever in the object it is written; None where there is none.

    Costs a look at the first bytes where the context comes before the list, else one pass over the file. A scheme is
    looked for before the list only, where Varde writes it.

    Raises:
        FormatError: if the file is no JSON object, or its context is not VICS.
    """
    context, scheme = None, ""
    with contextlib.closing(JsonStream(path)) as stream:
        for key in stream.object_keys():
            if key in CONTEXT_KEYS and context is None:
                context = _read_context(stream)
            elif key == "value":
                if context is not None:
                    break
                for _ in walk_media(stream, []):
                    pass
            else:
                value = stream.read_value(_MOST_ENVELOPE_CHARS)
                if key == SCHEME_KEY and context is not None and isinstance(value, str):
                    scheme = value
    return None if context is None else replace(context, scheme=scheme)


def _read_context(stream: JsonStream) -> Context:
    line = stream.line
    text = stream.read_value(_MOST_ENVELOPE_CHARS)
    context = find_context(text) if isinstance(text, str) else None
    if context is None:
        raise FormatError(f"the context is not VICS: {str(text)[:200]!r}", line=line)
    return context


def walk_envelope(stream: JsonStream, cases: list[CaseFields]) -> Iterator[tuple[int, dict[str, object]]]:
    """Yields (line, fields) of every Media object of the file.

    Args:
        stream: at the start of the document.
        cases: one is appended as each case begins; complete when its Media have been yielded.

    Raises:
        FormatError: for whatever is not well formed, and for text after the end.
    """
    found = False
    for key in stream.object_keys():
        if key == "value" and stream.peek() == "[":
            found = True
            yield from walk_media(stream, cases)
        else:
            stream.read_value(_MOST_ENVELOPE_CHARS)
    if not found:
        stream.fail("the envelope has no list called 'value'")
    if stream.peek():
        stream.fail("more text after the end of the envelope")


def walk_media(stream: JsonStream, cases: list[CaseFields]) -> Iterator[tuple[int, dict[str, object]]]:
    """Yields (line, fields) of every Media object of the array that comes next; see `walk_envelope`."""
    for line in stream.array_elements():
        whole = _read_flat(stream)
        if whole is not None:
            yield line, whole
        else:
            yield from _walk_case(stream, line, cases)


def _read_flat(stream: JsonStream) -> dict[str, object] | None:
    """Returns the next element if it is a Media object of ordinary size; else None, and the cursor stays before it."""
    if stream.peek() != "{":
        stream.fail("an object expected in the list")
    try:
        value = stream.read_value(_MOST_ENVELOPE_CHARS)
    except ValueTooLarge:
        return None
    if isinstance(value, dict) and not isinstance(value.get("Media"), list):
        return value
    stream.rewind()
    return None


def _walk_case(stream: JsonStream, line: int, cases: list[CaseFields]) -> Iterator[tuple[int, dict[str, object]]]:
    """Yields the Media of an object that is a case, or the object itself if it is a very large Media."""
    case = CaseFields()
    has_media = False
    for key in stream.object_keys():
        if key == "Media" and stream.peek() == "[":
            if not has_media:
                has_media = True
                cases.append(case)
            yield from _walk_list(stream, case)
            continue
        case.fields[key] = stream.read_value()
        if len(case.fields) > _MOST_FIELDS:
            stream.fail(f"an object with more than {_MOST_FIELDS:,} fields")
    if not has_media:
        yield line, case.fields


def _walk_list(stream: JsonStream, case: CaseFields) -> Iterator[tuple[int, dict[str, object]]]:
    for line in stream.array_elements():
        value = stream.read_value()
        if not isinstance(value, dict):
            stream.rewind()
            stream.fail("an object expected in the Media list")
        case.media += 1
        yield line, value


def write_case_fields(case: CaseFields) -> tuple[tuple[str, str], ...]:
    """Returns the case's plain fields as text, for the header; long and nested ones are left out."""
    plain = ((key, value) for key, value in case.fields.items() if isinstance(value, (str, int)))
    return tuple(
        (key, str(value)) for key, value in plain if len(str(value)) <= _KEPT_CASE_FIELD_CHARS and "odata" not in key
    )


def _read_tail(path: Path, size_bytes: int = 1 << 12) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size_bytes))
            return file.read(size_bytes).decode("utf-8", "replace")
    except OSError:
        return ""
