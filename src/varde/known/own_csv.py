"""The CSV with all columns: the form in which Varde writes a set whole, and reads it back without mapping rules.

Columns that every file has: the digests, ``pdq`` (hashes separated by spaces, each ``hex``, ``hex,quality`` or
``hex,quality,seconds``), ``code`` and the ``scheme`` it is on, ``series``, ``id``, ``size``, ``mime``, ``sampling``,
the flags, and ``state``. Columns the entries ask for: ``carried.KIND`` and ``extra.NAME``, in the entries' own order.
Behind a name that one entry has more than once stands ``#2`` and so on; a name that itself ends so gets ``#1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from varde.core.errors import FormatError, WrongUse
from varde.core.known import CarriedHash, EntryState, Flag, KnownEntry, SetHeader
from varde.known.notes import Notes
from varde.known.rows import build_entry
from varde.known.signals import read_pdq
from varde.known.text import clean_text

FLAG_COLUMNS = tuple(flag.value for flag in Flag)
FIXED_COLUMNS = (
    *("md5", "sha1", "sha256", "pdq", "code", "scheme", "series", "id", "size", "mime", "sampling"),
    *(*FLAG_COLUMNS, "state"),
)
CARRIED = "carried."
EXTRA = "extra."
_PLAIN = frozenset(FIXED_COLUMNS) - {"pdq", "scheme", "sampling", "state"}
_NUMBERED = re.compile(r"(?P<name>.+)#(?P<number>[1-9][0-9]{0,5})", re.DOTALL)
_STATES = frozenset(state.value for state in EntryState)
_MOST_COLUMNS = 10_000


def is_own_header(names: Sequence[str]) -> bool:
    """Returns whether a row of column names is one that Varde writes."""
    return names[: len(FIXED_COLUMNS)] == list(FIXED_COLUMNS) and all(
        name.startswith((CARRIED, EXTRA, "pdq#")) for name in names[len(FIXED_COLUMNS) :]
    )


def write_column(prefix: str, name: str, number: int) -> str:
    """Returns the name of the column of the so-manieth value of a name, counted from 1."""
    suffix = f"#{number}" if number > 1 or _NUMBERED.fullmatch(name) else ""
    return f"{prefix}{name}{suffix}"


def open_own_rows(
    names: Sequence[str], rows: Iterator[tuple[int, list[str]]], notes: list[str]
) -> tuple[SetHeader, Iterator[KnownEntry]]:
    """Returns the header, as the first row says it, and the entries of the rows below the column names.

    Raises:
        FormatError: if there are too many columns or the scheme is none; later for whatever is wrong in a row.
    """
    if len(names) > _MOST_COLUMNS:
        raise FormatError(f"more than {_MOST_COLUMNS:,} columns", line=1)
    first = next(rows, None)
    scheme = _cell(names, first[1], "scheme") if first else ""
    name, _, version = scheme.rpartition("@")
    if scheme and not (name and version):
        raise FormatError(f"{scheme[:80]!r} is no NAME@VERSION of a grade scheme", line=first[0] if first else None)
    entries = _read_entries(names, first, rows, scheme, notes)
    return SetHeader(scheme=clean_text(name), scheme_version=clean_text(version)), entries


def _read_entries(
    names: Sequence[str],
    first: tuple[int, list[str]] | None,
    rows: Iterator[tuple[int, list[str]]],
    scheme: str,
    notes: list[str],
) -> Iterator[KnownEntry]:
    counted = Notes()
    row = first
    while row is not None:
        line, cells = row
        if len(cells) != len(names):
            raise FormatError(f"{len(names)} columns expected, {len(cells)} found", line=line)
        if _cell(names, cells, "scheme") != scheme:
            raise FormatError("codes of several schemes in one file", line=line)
        entry = _read_entry(dict(zip(names, cells, strict=True)), line, counted)
        if entry is not None:
            yield entry
        row = next(rows, None)
    notes.extend(counted.write())


def _cell(names: Sequence[str], cells: Sequence[str], name: str) -> str:
    place = names.index(name)
    return cells[place] if place < len(cells) else ""


def _read_entry(cells: Mapping[str, str], line: int, notes: Notes) -> KnownEntry | None:
    """Returns the entry of a row; None for one that is marked as withdrawn."""
    state = cells["state"]
    if state not in _STATES:
        raise FormatError(f"a state is one of {', '.join(sorted(_STATES))}, not {state[:80]!r}", line=line)
    if state == EntryState.WITHDRAWN:
        notes.count("an entry that the file marks as withdrawn; left out", line)
        return None
    entry = build_entry({name: cells[name] for name in _PLAIN} | {"disputed": _read_disputed(cells)}, line, None, notes)
    found = [(name, clean_text(text)) for name, text in cells.items() if text]
    return replace(
        entry,
        pdq=tuple(_read_pdq(found, line)),
        carried=tuple(CarriedHash(*pair) for pair in _list_named(CARRIED, found)),
        extra=(*entry.extra, *_list_named(EXTRA, found)),
        series=clean_text(cells["series"]),
        source_id=clean_text(cells["id"]),
        sampling=clean_text(cells["sampling"]),
    )


def _read_disputed(cells: Mapping[str, str]) -> str:
    return "true" if cells["state"] == EntryState.DISPUTED else cells[Flag.DISPUTED.value]


def _read_pdq(cells: Sequence[tuple[str, str]], line: int) -> Iterator[tuple[bytes, int, float | None]]:
    texts = (text for name, text in cells if name == "pdq" or name.startswith("pdq#"))
    try:
        for text in texts:
            yield from map(read_pdq, text.split())
    except WrongUse as error:
        raise FormatError(str(error), line=line) from error


def _list_named(prefix: str, cells: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yields (name, value) of the columns with a prefix, the numbers behind their names taken away."""
    for column, text in cells:
        if column.startswith(prefix):
            name = column.removeprefix(prefix)
            numbered = _NUMBERED.fullmatch(name)
            yield clean_text(numbered["name"] if numbered else name), text
