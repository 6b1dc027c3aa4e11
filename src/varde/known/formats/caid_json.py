"""The NIST "CAID Non-RDS" list: VICS 1.2 JSON of *harmless* files, under the name of a database of classified material.

It looks like a VICS hash set and means the opposite of one. It is told by its Media objects, which have a FileName of
their own and neither a category nor any statement about victims; it is offered with the role *known*, and the guard
keeps it from any other.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import Flag, KnownEntry, SetRole
from varde.known.format import Examples, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.text import read_head
from varde.known.vics_envelope import find_context, looks_like_vics
from varde.known.vics_set import open_vics

WARNING = "a NIST CAID Non-RDS list: known files, not classified material, whatever its name suggests"
_VERSION = "1.2"
_GRADING_FIELDS = frozenset(
    ("category", "victimidentified", "offenderidentified", "isdistributed", "series", "issuspected")
)


class CaidNonRdsFormat:
    """NIST "CAID Non-RDS" JSON: known files that nobody classified."""

    name = "caid-non-rds"
    title = "NIST CAID Non-RDS JSON, a list of harmless files"

    def detect(self, path: Path) -> bool:
        """Returns whether it is VICS 1.2 whose first object has a FileName and no grading."""
        return is_caid_non_rds(path)

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set, with the role *known* suggested and a warning; see `KnownFormat.open`.

        Raises:
            FormatError: if it is no VICS, or an entry is graded: then it is no such list.
        """
        opened = open_vics(path, dataclasses.replace(options, region=None))
        header = dataclasses.replace(
            opened.header, scheme="", scheme_version="", suggested_role=SetRole.KNOWN, warning=WARNING
        )
        return OpenedSet(header, _refuse_graded(opened.entries), opened.notes, opened.close)

    def examples(self) -> Examples:
        """Returns small lists as NIST writes them, and a graded one that must be refused."""
        return EXAMPLES


def is_caid_non_rds(path: Path) -> bool:
    """Returns whether the file looks like a list of harmless files in VICS 1.2."""
    if not looks_like_vics(path):
        return False
    head = read_head(path)
    context = find_context(head)
    if context is None or context.version != _VERSION:
        return False
    first = _find_first_object(head)
    names = {name.casefold() for name in first}
    return "filename" in names and not names & _GRADING_FIELDS


def _find_first_object(head: str) -> dict[str, object]:
    """Returns the first object of the list called value, {} where the text holds none whole."""
    _, found, rest = head.partition('"value"')
    begin = rest.find("{")
    if not found or begin < 0:
        return {}
    try:
        value, _ = json.JSONDecoder().raw_decode(rest, begin)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _refuse_graded(entries: Iterator[KnownEntry]) -> Iterator[KnownEntry]:
    for entry in entries:
        grading = {Flag.VICTIM_IDENTIFIED, Flag.OFFENDER_IDENTIFIED, Flag.DISTRIBUTED} & {
            flag for flag, _ in entry.flags
        }
        if entry.code is not None or entry.series or grading:
            raise FormatError(
                "a graded entry: this is no CAID Non-RDS list",
                line=entry.line,
                advice="Name the format: --format vics.",
            )
        yield entry


_ENVELOPE = """{{"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media", "value": [
{}
]}}
"""
_ONE = f'{{"MD5": "{"0A" * 16}", "SHA1": "{"0B" * 20}", "MediaSize": 10, "FileName": "a.png"}}'
_GRADED = f'{{"MD5": "{"0C" * 16}", "FileName": "b.png", "Category": 1}}'
EXAMPLES = Examples(
    valid=(
        ValidExample(
            "list.json",
            _ENVELOPE.format(_ONE).encode(),
            (KnownEntry(line=2, md5=b"\x0a" * 16, sha1=b"\x0b" * 20, size_bytes=10, extra=(("FileName", "a.png"),)),),
        ),
    ),
    invalid=(
        InvalidExample("graded.json", _ENVELOPE.format(f"{_ONE},\n{_GRADED}").encode(), 3, "graded"),
        InvalidExample("cut.json", _ENVELOPE.format(f"{_ONE},").encode()[:-5], 2, "JSON"),
    ),
)
