"""Rules that say what the columns of a CSV file mean, and one row turned into an entry by them.

Each rule is one text; several may be written in one, separated by commas (quote a rule that holds a comma):

- ``md5=Hash Value``: the field ``md5`` is in the column called ``Hash Value`` (``md5=#3``: the third; no header).
- ``add:code=1``: the field ``code`` is ``1`` in every row.
- ``map:code:red=1``: where the column of ``code`` says ``red``, the code is ``1``; such a field takes no other value.
- ``skip:Notes``: the column ``Notes`` is not kept (``skip:*``: no column is kept but those named).
- ``extra.Place=Ort``: the column ``Ort`` is kept under the name ``Place``; unnamed columns are kept under their own.

Fields: ``md5``, ``sha1``, ``sha256``, ``pdq``, ``hash`` (its kind told by its length, or by the option), ``quality``
(of the PDQ hash), ``code``, ``series``, ``id``, ``size``, ``mime``, a flag such as ``victim_identified``, and
``carried.photodna`` or any other ``carried.``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from varde.core.errors import FormatError
from varde.core.known import Flag
from varde.known.text import clean_text

_FLAGS = tuple(flag.value for flag in Flag)
FIELDS = ("md5", "sha1", "sha256", "pdq", "hash", "quality", "code", "series", "id", "size", "mime", *_FLAGS)
HASH_FIELDS = frozenset(("md5", "sha1", "sha256", "pdq", "hash"))
_MOST_COLUMNS = 10_000
_PREFIXES = ("carried.", "extra.")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What the columns mean.

    Attributes:
        columns: name (or ``#number``) of the column of each field.
        constants: fields with the same value in every row.
        values: for a field, what each value of its column stands for.
        skipped: columns that are not kept; ``*`` for all that are not named.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()

    @property
    def is_numbered(self) -> bool:
        """Whether the columns are addressed by number, so that the file has no header row."""
        return any(name.startswith("#") for name in self.columns.values())


def read_mapping(rules: Iterable[str]) -> ColumnMapping:
    """Returns the mapping that the rules describe; their grammar is at the top of this module.

    Raises:
        FormatError: for a rule that cannot be understood, or rules that contradict each other.
    """
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    skipped = set()
    for rule in _split(rules):
        if rule.startswith("skip:"):
            skipped.add(rule.removeprefix("skip:").strip())
        elif rule.startswith("map:"):
            name, _, pair = rule.removeprefix("map:").partition(":")
            old, new = _cut(pair, rule, last=True)
            values.setdefault(_check_field(name, rule), {})[old] = new
        elif rule.startswith("add:"):
            name, value = _cut(rule.removeprefix("add:"), rule)
            constants[_check_field(name, rule)] = value
        else:
            name, column = _cut(rule, rule)
            if columns.setdefault(_check_field(name, rule), column) != column:
                raise FormatError(f"the field {name!r} is given two columns")
    mapping = ColumnMapping(columns, constants, values, frozenset(skipped))
    _check(mapping)
    return mapping


def find_columns(mapping: ColumnMapping, header: Sequence[str], line: int) -> dict[str, int]:
    """Returns the zero-based column of each field, and of each unnamed column as ``extra.<its name>``.

    Args:
        mapping: the rules.
        header: names of the columns; () for a file without a header.
        line: of the header.

    Raises:
        FormatError: if a named column is not there, or there twice; the advice names those there are.
    """
    if mapping.is_numbered:
        return {name: int(column[1:]) - 1 for name, column in mapping.columns.items()}
    names = [clean_text(name.strip()) for name in header]
    if len(names) > _MOST_COLUMNS:
        raise FormatError(f"more than {_MOST_COLUMNS:,} columns", line=line)
    found = {}
    for name, column in mapping.columns.items():
        places = [place for place, text in enumerate(names) if text == column]
        places = places or [place for place, text in enumerate(names) if text.casefold() == column.casefold()]
        if len(places) != 1:
            how = "no column" if not places else "more than one column"
            raise FormatError(f"{how} is called {column!r}", line=line, advice=_advise(names))
        found[name] = places[0]
    if "*" not in mapping.skipped:
        named = set(found.values())
        for place, text in enumerate(names):
            if place not in named and text not in mapping.skipped:
                unique = text and f"extra.{text}" not in found
                found[f"extra.{text}" if unique else f"extra.{text}#{place + 1}"] = place
    return found


def _advise(names: Sequence[str]) -> str:
    columns = f"The columns are: {', '.join(names)[:1000]}."
    return columns if len(names) > 1 else f"{columns} If these are several, say what separates them: --delimiter ';'."


def _split(rules: Iterable[str]) -> list[str]:
    try:
        rows = list(csv.reader([rule.strip() for rule in rules], strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise FormatError(f"a column rule is not quoted well: {error}") from error
    return [rule.strip() for row in rows for rule in row if rule.strip()]


def _cut(text: str, rule: str, *, last: bool = False) -> tuple[str, str]:
    left, equals, right = text.rpartition("=") if last else text.partition("=")
    if not equals or not left.strip():
        raise FormatError(f"not a column rule: {rule!r}", advice="Write it like --map 'md5=Name of the column'.")
    return left.strip(), right.strip()


def _check_field(name: str, rule: str) -> str:
    name = name.strip()
    if name not in FIELDS and not any(name.startswith(prefix) and len(name) > len(prefix) for prefix in _PREFIXES):
        advice = f"Fields are: {', '.join(FIELDS)}, carried.NAME, extra.NAME."
        raise FormatError(f"there is no field {name!r} in the rule {rule!r}", advice=advice)
    return name


def _check(mapping: ColumnMapping) -> None:
    if not HASH_FIELDS & mapping.columns.keys():
        advice = "Say it like --map 'md5=Name of the column'. Further rules: add:, map:, skip:."
        raise FormatError("no rule says which column holds the hashes", advice=advice)
    numbers = [column[1:] for column in mapping.columns.values() if column.startswith("#")]
    if numbers and (
        len(numbers) != len(mapping.columns) or not all(n.isdecimal() and 0 < int(n) < 10_000 for n in numbers)
    ):
        raise FormatError("columns are given either all by name or all by number, from #1")
    twice = mapping.columns.keys() & mapping.constants.keys()
    if twice:
        raise FormatError(f"the field {min(twice)!r} is both in a column and the same everywhere")
    unused = mapping.values.keys() - mapping.columns.keys()
    if unused:
        raise FormatError(f"values of the field {min(unused)!r} are mapped, but no column is given for it")
