"""CSV with any columns: a person says what each column means, see `varde.known.columns`."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import Flag, KnownEntry, SetHeader
from varde.known.columns import ColumnMapping, find_columns, read_mapping
from varde.known.format import Examples, HashKind, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.formats.icse_csv import is_icse
from varde.known.notes import Notes
from varde.known.own_csv import FIXED_COLUMNS, is_own_header, open_own_rows
from varde.known.rows import build_entry, read_rows
from varde.known.text import read_head, read_lines

_DELIMITERS = ",;\t|"
_HASH_COLUMN = re.compile(r"md5|sha-?1(?!\d)|sha-?256|pdq|hash", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-fA-F]{32,}")


class MappedCsvFormat:
    """Delimited text with any columns."""

    name = "csv"
    title = "CSV with any columns, told by mapping rules"

    def detect(self, path: Path) -> bool:
        """Returns whether the first line is a row of column names of which one is called like a hash."""
        head = read_head(path).lstrip("\ufeff")
        first = (head.splitlines() or [""])[0]
        names = _split(first, find_delimiter(first, ()))
        is_text = "\0" not in first and "\ufffd" not in first and not first.lstrip().startswith(("{", "[", "#", "<"))
        is_header = any(map(_HASH_COLUMN.search, names)) and not any(map(_HASH.search, names))
        return is_text and is_header and len(names) > 1 and not is_icse(head)

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`.

        Raises:
            FormatError: if the rules do not fit each other or the file; the advice names the columns there are.
        """
        lines = read_lines(path, options.encoding)
        number, first = next(lines, (1, ""))
        _check_delimiter(options.delimiter)
        names = _split(first.lstrip("\ufeff"), options.delimiter or find_delimiter(first, ()))
        if not options.mapping and names[: len(FIXED_COLUMNS)] == list(FIXED_COLUMNS):
            return _open_own(itertools.chain([(number, first.lstrip("\ufeff"))], lines), lines.close)
        if not options.mapping:
            advice = f"Say it with --map, like --map md5=NAME. The columns are: {', '.join(names)[:1000]}."
            raise FormatError("nobody said what the columns mean", line=number, advice=advice)
        mapping = read_mapping(options.mapping)
        delimiter = options.delimiter or find_delimiter(first, tuple(mapping.columns.values()))
        rows = read_rows(itertools.chain([(number, first.lstrip("\ufeff"))], lines), delimiter)
        line, header = (1, []) if mapping.is_numbered else next(rows, (1, []))
        columns = find_columns(mapping, header, line)
        notes: list[str] = []
        entries = _read_entries(rows, mapping, columns, len(header), options.hash_kind, notes)
        return OpenedSet(SetHeader(), entries, notes, lines.close)

    def examples(self) -> Examples:
        """Returns files of different delimiters, encodings and rules, and defects."""
        return EXAMPLES


def find_delimiter(header: str, wanted: tuple[str, ...]) -> str:
    """Returns the delimiter that finds most of the wanted columns in the header line, then most columns."""
    folded = {name.casefold() for name in wanted}

    def rate(delimiter: str) -> tuple[int, int]:
        names = [name.strip().casefold() for name in _split(header, delimiter)]
        return len(folded & set(names)), len(names)

    return max(_DELIMITERS, key=rate)


def _open_own(lines: Iterator[tuple[int, str]], close: Callable[[], None]) -> OpenedSet:
    """Returns a set in the form in which Varde writes one whole."""
    rows = read_rows(lines, ",")
    line, names = next(rows, (1, []))
    if not is_own_header(names):
        raise FormatError(
            "columns of Varde's own CSV, and others among them", line=line, advice="Say what each means with --map."
        )
    notes: list[str] = []
    header, entries = open_own_rows(names, rows, notes)
    return OpenedSet(header, entries, notes, close)


def _check_delimiter(delimiter: str | None) -> None:
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0' or delimiter.isalnum()):
        raise FormatError(
            f"{delimiter[:20]!r} cannot separate columns", advice="Take one character, such as --delimiter ';'."
        )


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return [name.strip() for row in csv.reader([line.rstrip("\r\n")], delimiter=delimiter) for name in row]
    except csv.Error:
        return []


def _read_entries(
    rows: Iterator[tuple[int, list[str]]],
    mapping: ColumnMapping,
    columns: dict[str, int],
    named: int,
    hash_kind: HashKind | None,
    notes: list[str],
) -> Iterator[KnownEntry]:
    counted = Notes()
    needed = max(columns[name] for name in mapping.columns)
    for line, row in rows:
        if len(row) <= needed:
            raise FormatError(f"at least {needed + 1} columns expected, {len(row)} found", line=line)
        fields = {name: row[place] for name, place in columns.items() if place < len(row)}
        if len(row) > named and "*" not in mapping.skipped:
            fields |= _list_unnamed(row, columns, named)
        for name, values in mapping.values.items():
            fields[name] = _map_value(name, fields[name].strip(), values, line)
        yield build_entry({**mapping.constants, **fields}, line, hash_kind, counted)
    notes.extend(counted.write())


def _list_unnamed(row: list[str], columns: dict[str, int], named: int) -> dict[str, str]:
    """Returns the cells that no column name stands above, under the number of their column: nothing is lost."""
    taken = set(columns.values())
    return {f"extra.#{place + 1}": row[place] for place in range(named, len(row)) if place not in taken}


def _map_value(name: str, value: str, values: Mapping[str, str], line: int) -> str:
    if value and value not in values:
        advice = f"Add a rule for it: --map 'map:{name}:{value[:80]}=CODE'."
        raise FormatError(
            f"no rule says what the value {value[:80]!r} of {name!r} stands for", line=line, advice=advice
        )
    return values.get(value, "")


_MD5 = "0A" * 16
_RULES = ("md5=Hash", "code=Class", "map:code:red=1", "map:code:blue=2", "skip:Secret", "add:distributed=yes")
_ROWS = f"Hash,Class,Place,Secret\n{_MD5},red,Malmö,x\n"
_READ = KnownEntry(line=2, md5=b"\x0a" * 16, code="1", flags=((Flag.DISTRIBUTED, True),), extra=(("Place", "Malmö"),))
_NUMBERED = ReadOptions(mapping=("sha256=#2",))
EXAMPLES = Examples(
    valid=(
        ValidExample("utf8.csv", _ROWS.encode(), (_READ,), options=ReadOptions(mapping=_RULES)),
        ValidExample("bom.csv", _ROWS.encode("utf-8-sig"), (_READ,), options=ReadOptions(mapping=_RULES)),
        ValidExample("ansi.csv", _ROWS.encode("cp1252"), (_READ,), options=ReadOptions(mapping=_RULES)),
        ValidExample("utf16.csv", _ROWS.encode("utf-16"), (_READ,), options=ReadOptions(mapping=_RULES)),
        ValidExample("tabs.csv", _ROWS.replace(",", "\t").encode(), (_READ,), options=ReadOptions(mapping=_RULES)),
        ValidExample(
            "numbered.csv",
            f"a;{'0c' * 32}\n".encode(),
            (KnownEntry(line=1, sha256=b"\x0c" * 32, extra=(("#1", "a"),)),),
            options=_NUMBERED,
            is_detected=False,
        ),
    ),
    invalid=(
        InvalidExample("unmapped.csv", _ROWS.encode(), 1, "nobody said"),
        InvalidExample("absent.csv", _ROWS.encode(), 1, "'Sum'", options=ReadOptions(mapping=("md5=Sum",))),
        InvalidExample("field.csv", _ROWS.encode(), None, "'md6'", options=ReadOptions(mapping=("md6=Hash",))),
        InvalidExample(
            "value.csv", f"{_ROWS}{_MD5},green,,\n".encode(), 3, "'green'", options=ReadOptions(mapping=_RULES)
        ),
        InvalidExample("short.csv", f"{_ROWS}{_MD5}\n".encode(), 3, "columns", options=ReadOptions(mapping=_RULES)),
        InvalidExample(
            "ambiguous.csv", f"Hash;a\n{'0c' * 32};b\n".encode(), 2, "PDQ", options=ReadOptions(mapping=("hash=Hash",))
        ),
    ),
)
