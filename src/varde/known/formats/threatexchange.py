"""Files of the ThreatExchange library's file exchange: a signal type, a signal and perhaps an opinion on every line.

The library itself writes ``pdq 0a0b...``; tabs and commas between the columns are read too. A first line may name the
columns. Opinions are the library's classes. They are codes of a scale of their own, and say nothing about a category.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError, WrongUse
from varde.core.known import CarriedHash, Flag, KnownEntry, SetHeader
from varde.known.format import Examples, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.notes import Notes
from varde.known.signals import Hashes, add_hash
from varde.known.text import clean_text, drop_comments, read_head, read_lines

SCHEME = "threatexchange-opinion"
SCHEME_VERSION = "1"
DISPUTED = "DISPUTED"
OPINIONS = ("NEGATIVE_CLASS", "INVESTIGATION_SEED", "POSITIVE_CLASS", DISPUTED)
SIGNAL_TYPE = "signal_type"
"""Further field of an entry whose type says more than the kind of its hash, such as ``video_md5``."""

HASH_TYPES = frozenset(("pdq", "video_md5", "md5", "sha1", "sha256", "vpdq"))
SPECIAL_TYPES = {"video_md5": "md5", "vpdq": "pdq"}
"""Types that say more than the kind of their hash."""

_CARRIED = ("photodna", "tmk_pdqf", "pdq_ocr", "url", "url_md5", "text", "raw_text", "text_tlsh", "trend_query")
_TYPES = HASH_TYPES.union(_CARRIED)
_LINE = re.compile(r"(?P<type>[A-Za-z][\w-]{1,40})(?P<gap>[ \t]+|[ \t]*,[ \t]*)(?P<rest>\S.*)")
_DIGITS = re.compile(r"[0-9a-fA-F]{8}")


class ThreatExchangeFormat:
    """Signal files of ThreatExchange's file exchange."""

    name = "threatexchange"
    title = "ThreatExchange signal file, type and signal on every line"

    def detect(self, path: Path) -> bool:
        """Returns whether the first line that is neither blank nor a comment is a signal type and what may be one."""
        lines = drop_comments(enumerate(read_head(path).splitlines()[:200], 1))
        rows = [text for _, text in lines if not _is_header(text)][:1]
        match = _LINE.fullmatch(rows[0]) if rows else None
        if match is None or match["type"].casefold() not in _TYPES:
            return False
        return match["type"].casefold() not in HASH_TYPES or _DIGITS.match(match["rest"]) is not None

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`."""
        notes: list[str] = []
        lines = read_lines(path, options.encoding)
        header = SetHeader(scheme=SCHEME, scheme_version=SCHEME_VERSION)
        return OpenedSet(header, _read_entries(lines, notes), notes, lines.close)

    def examples(self) -> Examples:
        """Returns files with spaces, commas and opinions, and defects."""
        return EXAMPLES


def _is_header(text: str) -> bool:
    return re.match(r"signal_?type\b|type\s*,\s*signal\b", text, re.IGNORECASE) is not None


def _read_entries(lines: Iterator[tuple[int, str]], notes: list[str]) -> Iterator[KnownEntry]:
    counted = Notes()
    first = True
    for line, text in drop_comments(lines):
        if not (first and _is_header(text)):
            try:
                entry = _read_line(text, line)
            except WrongUse as error:
                raise FormatError(str(error), line=line) from error
            if not entry.is_comparable:
                counted.count("a signal of a type that is carried but not compared here", line)
            yield entry
        first = False
    notes.extend(counted.write())


def read_signal(text: str) -> tuple[str, str, str] | None:
    """Returns (type, signal, opinion) of a stripped line, the opinion "" where it has none; None if it is no signal."""
    match = _LINE.fullmatch(text)
    if match is None or match["type"].casefold() not in _TYPES:
        return None
    gap = r"[ \t]*,[ \t]*" if "," in match["gap"] else r"[ \t]+"
    return match["type"].casefold(), *_split_opinion(match["rest"], gap)


def _read_line(text: str, line: int) -> KnownEntry:
    found = read_signal(text)
    if found is None:
        advice = f"Known types are: {', '.join(sorted(_TYPES))}."
        raise FormatError(f"a signal type and a signal expected: {text[:80]!r}", line=line, advice=advice)
    kind, signal, opinion = found
    hashes = Hashes()
    if kind in HASH_TYPES:
        add_hash(hashes, kind, signal)
    else:
        hashes.carried.append(CarriedHash(kind, clean_text(signal)))
    return KnownEntry(
        line=line,
        md5=hashes.md5,
        sha1=hashes.sha1,
        sha256=hashes.sha256,
        pdq=tuple(hashes.pdq),
        carried=tuple(hashes.carried),
        code=opinion or None,
        flags=((Flag.DISPUTED, True),) if opinion == DISPUTED else (),
        extra=((SIGNAL_TYPE, kind),) if kind in SPECIAL_TYPES else (),
    )


def _split_opinion(rest: str, gap: str) -> tuple[str, str]:
    """Returns the signal and the opinion behind it, "" where there is none."""
    match = re.fullmatch(rf"(?P<signal>.+?){gap}(?P<opinion>{'|'.join(OPINIONS)}|[0-3])", rest, re.IGNORECASE)
    if match is None:
        return rest.strip(), ""
    opinion = match["opinion"].upper()
    return match["signal"].strip(), OPINIONS[int(opinion)] if opinion.isdecimal() else opinion


_PDQ, _MD5 = "0c" * 32, "0a" * 16
_SCHEME = f"{SCHEME}@{SCHEME_VERSION}"
EXAMPLES = Examples(
    valid=(
        ValidExample(
            "library.txt",
            f"pdq {_PDQ}\nvideo_md5 {_MD5}\nraw_text a harmless text\n".encode(),
            (
                KnownEntry(line=1, pdq=((b"\x0c" * 32, 100, None),)),
                KnownEntry(line=2, md5=b"\x0a" * 16, extra=((SIGNAL_TYPE, "video_md5"),)),
                KnownEntry(line=3, carried=(CarriedHash("raw_text", "a harmless text"),)),
            ),
            _SCHEME,
        ),
        ValidExample(
            "opinions.csv",
            f"signal_type,signal,opinion\npdq,{_PDQ},POSITIVE_CLASS\nmd5,{_MD5},3\n".encode(),
            (
                KnownEntry(line=2, pdq=((b"\x0c" * 32, 100, None),), code="POSITIVE_CLASS"),
                KnownEntry(line=3, md5=b"\x0a" * 16, code="DISPUTED", flags=((Flag.DISPUTED, True),)),
            ),
            _SCHEME,
        ),
    ),
    invalid=(
        InvalidExample("digest.txt", f"pdq {_PDQ}\nmd5 {_PDQ}\n".encode(), 2, "MD5"),
        InvalidExample("type.txt", f"pdq {_PDQ}\nsmell {_PDQ}\n".encode(), 2, "signal type"),
        InvalidExample("untyped.txt", f"{_PDQ}\n".encode(), 1, "signal type"),
    ),
)
