"""Plain hash lists: one hexadecimal hash a line, blank lines and ``#`` comments between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import KnownEntry, SetHeader
from varde.known.format import Examples, HashKind, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.notes import Notes
from varde.known.rows import build_entry
from varde.known.text import drop_comments, read_head, read_lines

_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_LOOKED_AT = 20


class HashListFormat:
    """One hash a line: MD5, SHA-1, SHA-256 or PDQ."""

    name = "hash-list"
    title = "plain list, one MD5, SHA-1, SHA-256 or PDQ hash a line"

    def detect(self, path: Path) -> bool:
        """Returns whether the first lines that are neither blank nor comments are all hashes."""
        head = read_head(path)
        whole, _, _ = head.rpartition("\n") if len(head) > 1 << 14 else (head, "", "")
        lines = [line for _, line in drop_comments(enumerate(whole.splitlines(), 1))][:_LOOKED_AT]
        return bool(lines) and all(_HASH.fullmatch(line) for line in lines)

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`.

        Raises:
            FormatError: while streaming, for 64 digits if the options do not say whether they are SHA-256 or PDQ.
        """
        notes: list[str] = []
        lines = read_lines(path, options.encoding)
        return OpenedSet(SetHeader(), _read_entries(lines, options.hash_kind, notes), notes, lines.close)

    def examples(self) -> Examples:
        """Returns lists of each kind, and defects."""
        return EXAMPLES


def _read_entries(
    lines: Iterator[tuple[int, str]], hash_kind: HashKind | None, notes: list[str]
) -> Iterator[KnownEntry]:
    counted = Notes()
    found = False
    for line, text in drop_comments(lines):
        found = True
        if not _HASH.fullmatch(text):
            raise FormatError(f"not one hash of 32, 40 or 64 hexadecimal digits: {text[:80]!r}", line=line)
        yield build_entry({"hash": text}, line, hash_kind, counted)
    if not found:
        notes.append("the file holds no entries")
    notes.extend(counted.write())


_MD5, _SHA1, _LONG = "0A" * 16, "0b" * 20, "0C" * 32
EXAMPLES = Examples(
    valid=(
        ValidExample(
            "mixed.txt",
            f"# made up\n\n{_MD5}\r\n  {_SHA1}\n".encode(),
            (KnownEntry(line=3, md5=b"\x0a" * 16), KnownEntry(line=4, sha1=b"\x0b" * 20)),
        ),
        ValidExample(
            "sha256.txt",
            _LONG.encode(),
            (KnownEntry(line=1, sha256=b"\x0c" * 32),),
            options=ReadOptions(hash_kind=HashKind.SHA256),
        ),
        ValidExample(
            "pdq.txt",
            b"\xef\xbb\xbf" + _LONG.encode(),
            (KnownEntry(line=1, pdq=((b"\x0c" * 32, 100, None),)),),
            options=ReadOptions(hash_kind=HashKind.PDQ),
        ),
    ),
    invalid=(
        InvalidExample("ambiguous.txt", f"{_MD5}\n{_LONG}\n".encode(), 2, "PDQ"),
        InvalidExample("short.txt", f"{_MD5}\n\n{_MD5[1:]}\n".encode(), 3, "32, 40 or 64"),
        InvalidExample(
            "mismatch.txt", f"{_MD5}\n".encode(), 1, "SHA256", options=ReadOptions(hash_kind=HashKind.SHA256)
        ),
    ),
)
