"""The ICSE hash list (Interpol): semicolon-separated, one fixed header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import CarriedHash, Flag, KnownEntry, SetHeader
from varde.known.format import Examples, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.notes import Notes
from varde.known.rows import build_entry, read_rows
from varde.known.text import read_head, read_lines

HEADER = (
    "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
    "Number of submissions;File Available;Media Type;Baseline"
)
FIELDS = (
    "md5",
    "sha1",
    "carried.photodna",
    "id",
    Flag.DISTRIBUTED.value,
    Flag.VICTIM_IDENTIFIED.value,
    Flag.OFFENDER_IDENTIFIED.value,
    "series",
    "extra.Number of submissions",
    "extra.File Available",
    "extra.Media Type",
    Flag.BASELINE.value,
)


class IcseCsvFormat:
    """Interpol ICSE hash list as CSV."""

    name = "icse-csv"
    title = "Interpol ICSE hash list, CSV with semicolons"

    def detect(self, path: Path) -> bool:
        """Returns whether the first line is the ICSE header."""
        return is_icse(read_head(path))

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`.

        Raises:
            FormatError: if the first line is not the ICSE header.
        """
        lines = read_lines(path, options.encoding)
        rows = read_rows(lines, ";")
        line, header = next(rows, (1, []))
        if not is_icse(";".join(header)):
            raise FormatError("the first line is not the header of an ICSE list", line=line, advice=f"It is: {HEADER}")
        notes: list[str] = []
        return OpenedSet(SetHeader(), _read_entries(rows, notes), notes, lines.close)

    def examples(self) -> Examples:
        """Returns a list with and without a byte order mark, and defects."""
        return EXAMPLES


def is_icse(text: str) -> bool:
    """Returns whether a text begins with the header of an ICSE list, spaces and a final semicolon aside."""
    first = (text.lstrip("\ufeff").splitlines() or [""])[0]
    return [name.strip().strip('"') for name in first.rstrip("; ").split(";")] == HEADER.split(";")


def _read_entries(rows: Iterator[tuple[int, list[str]]], notes: list[str]) -> Iterator[KnownEntry]:
    counted = Notes()
    for line, row in rows:
        if len(row) not in (len(FIELDS), len(FIELDS) + 1) or (len(row) > len(FIELDS) and row[-1].strip()):
            raise FormatError(f"{len(FIELDS)} columns expected, {len(row)} found", line=line)
        yield build_entry(dict(zip(FIELDS, row, strict=False)), line, None, counted)
    notes.extend(counted.write())


_ROW = f"{'0A' * 16};{'0B' * 20};{'Ab' * 96};42;True;False;;Lighthouse;3;True;Image;Yes\n"
_READ = KnownEntry(
    line=2,
    md5=b"\x0a" * 16,
    sha1=b"\x0b" * 20,
    carried=(CarriedHash("photodna", "Ab" * 96),),
    series="Lighthouse",
    flags=((Flag.VICTIM_IDENTIFIED, False), (Flag.DISTRIBUTED, True), (Flag.BASELINE, True)),
    source_id="42",
    extra=(("Number of submissions", "3"), ("File Available", "True"), ("Media Type", "Image")),
)
EXAMPLES = Examples(
    valid=(
        ValidExample("icse.csv", f"{HEADER}\n{_ROW}".encode(), (_READ,)),
        ValidExample("bom.csv", f"\ufeff{HEADER}\r\n{_ROW}".encode(), (_READ,)),
        ValidExample("utf16.csv", f"{HEADER}\r\n{_ROW}".encode("utf-16"), (_READ,)),
        ValidExample("empty.csv", f"{HEADER}\n".encode(), ()),
    ),
    invalid=(
        InvalidExample("columns.csv", f"{HEADER}\n{_ROW}a;b\n".encode(), 3, "12 columns"),
        InvalidExample("digest.csv", f"{HEADER}\n{_ROW}{_ROW.replace('0A', 'GG')}".encode(), 3, "hexadecimal"),
        InvalidExample("quote.csv", f'{HEADER}\n{_ROW}"{_ROW}'.encode(), 3, "delimited"),
        InvalidExample("header.csv", f"MD5;SHA1\n{_ROW}".encode(), 1, "header"),
    ),
)
