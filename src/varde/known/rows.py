"""Rows of delimited text, and the fields of one row turned into a known entry: for every format that has columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping

from varde.core.digest import DigestAlgorithm
from varde.core.errors import FormatError, WrongUse
from varde.core.known import CarriedHash, Flag, KnownEntry
from varde.known.format import HashKind
from varde.known.notes import Notes
from varde.known.signals import ASSUMED_QUALITY, Hashes, add_hash
from varde.known.text import clean_text

_TRUE = frozenset(("true", "1", "yes", "y", "t", "x"))
_FALSE = frozenset(("false", "0", "no", "n", "f"))
_BY_LENGTH = {32: HashKind.MD5, 40: HashKind.SHA1}
_AMBIGUOUS_LENGTH = 64
MOST_LINES_IN_ROW = 10_000
_AMBIGUOUS_ADVICE = "Say which they are: --hash sha256 or --hash pdq."


def read_rows(lines: Iterable[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields (one-based line, cells) of every row that is not blank; a quoted cell may hold line ends.

    Raises:
        FormatError: for bad quoting, cells over 131,072 characters and rows over 10,000 lines.
    """
    begun = 0
    line = 1

    def feed() -> Iterator[str]:
        nonlocal begun
        for number, text in lines:
            begun = number
            if begun - line > MOST_LINES_IN_ROW:
                raise FormatError(f"a row of more than {MOST_LINES_IN_ROW:,} lines", line=line)
            yield text

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(row):
                yield line, row
            line = begun + 1
    except csv.Error as error:
        raise FormatError(f"not well-formed delimited text: {error}", line=line) from error


def tell_hash_kind(text: str, stated: HashKind | None) -> HashKind:
    """Returns what a hash is: as stated, or by its length where that decides.

    Raises:
        FormatError: for 64 digits of which nobody said whether they are SHA-256 or PDQ, and for any other length.
    """
    if stated is not None:
        return stated
    kind = _BY_LENGTH.get(len(text))
    if kind is not None:
        return kind
    if len(text) == _AMBIGUOUS_LENGTH:
        raise FormatError("64 hexadecimal digits may be a SHA-256 digest or a PDQ hash", advice=_AMBIGUOUS_ADVICE)
    raise FormatError(f"not a hash of 32, 40 or 64 hexadecimal digits: {text[:80]!r}")


def is_truth(word: str) -> bool:
    """Returns whether a word says true or false."""
    folded = word.strip().casefold()
    return folded in _TRUE or folded in _FALSE


def build_entry(fields: Mapping[str, str], line: int, stated: HashKind | None, notes: Notes) -> KnownEntry:
    """Returns the entry that the named texts of one row describe; names as in `varde.known.columns`.

    Args:
        fields: text by field; blank ones are absent.
        line: one-based line of the row.
        stated: kind of the field ``hash``; None tells it by its length.
        notes: receives what was odd but readable.

    Raises:
        FormatError: with the line, if a hash, a quality or a size is unusable.
    """
    texts = {name: text for name, value in fields.items() if (text := clean_text(value.strip()))}
    try:
        hashes = _read_hashes(texts, stated)
    except (WrongUse, FormatError) as error:
        raise FormatError(str(error), line=line, advice=error.advice) from error
    extra = [(name.removeprefix("extra."), text) for name, text in texts.items() if name.startswith("extra.")]
    entry = KnownEntry(
        line=line,
        md5=hashes.md5,
        sha1=hashes.sha1,
        sha256=hashes.sha256,
        pdq=tuple(hashes.pdq),
        carried=tuple(hashes.carried),
        code=texts.get("code"),
        series=texts.get("series", ""),
        flags=tuple(_read_flags(texts, line, notes, extra)),
        source_id=texts.get("id", ""),
        size_bytes=_read_size(texts.get("size"), line),
        mime=texts.get("mime", "").lower(),
        extra=tuple(extra),
    )
    if not entry.is_comparable:
        notes.count("a row without any hash that can be compared here", line)
    return entry


def _read_hashes(texts: Mapping[str, str], stated: HashKind | None) -> Hashes:
    hashes = Hashes()
    for algorithm in DigestAlgorithm:
        if algorithm.value in texts:
            add_hash(hashes, algorithm.value, texts[algorithm.value])
    if "hash" in texts:
        add_hash(hashes, tell_hash_kind(texts["hash"], stated).value, texts["hash"])
    if "pdq" in texts:
        add_hash(hashes, "pdq", texts["pdq"])
    quality = texts.get("quality", str(ASSUMED_QUALITY))
    if not re.fullmatch(r"\d{1,3}", quality) or int(quality) > 100:
        raise FormatError(f"a PDQ quality is a number from 0 to 100, not {quality[:40]!r}")
    if "quality" in texts:
        hashes.pdq = [(value, int(quality), offset_s) for value, _, offset_s in hashes.pdq]
    for name, text in texts.items():
        if name.startswith("carried."):
            hashes.carried.append(CarriedHash(name.removeprefix("carried.").casefold(), text))
    return hashes


def _read_flags(
    texts: Mapping[str, str], line: int, notes: Notes, extra: list[tuple[str, str]]
) -> Iterator[tuple[Flag, bool]]:
    for flag in Flag:
        word = texts.get(flag.value, "").casefold()
        if is_truth(word):
            yield flag, word in _TRUE
        elif word:
            notes.count(f"{flag.value} is neither true nor false; kept as it is, the flag left unknown", line)
            extra.append((flag.value, texts[flag.value]))


def _read_size(text: str | None, line: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise FormatError(f"a size is a number of bytes, not {text[:80]!r}", line=line)
    return int(text)
