"""Plain hash lists: one hexadecimal hash a line, perhaps with a file name, as md5sum and its like write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import KnownEntry, SetHeader
from varde.known.checksum_lines import ChecksumLine, read_checksum_line
from varde.known.format import Examples, HashKind, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.notes import Notes
from varde.known.rows import build_entry
from varde.known.text import drop_comments, read_head, read_lines

_LENGTHS = (32, 40, 64)
_LOOKED_AT = 20
_ADVICE = (
    "A line is HASH, HASH  NAME or MD5 (NAME) = HASH; comments begin with #. "
    "If the file has columns, it is a CSV: say which holds the hashes with --map hash=NAME."
)


class HashListFormat:
    """One hash a line: MD5, SHA-1, SHA-256 or PDQ, perhaps with the name of a file."""

    name = "hash-list"
    title = "one MD5, SHA-1, SHA-256 or PDQ hash a line, also as md5sum writes it"

    def detect(self, path: Path) -> bool:
        """Returns whether half or more of the first lines that are neither blank nor comments hold a hash."""
        head = read_head(path)
        whole, _, _ = head.rpartition("\n") if len(head) > 1 << 14 else (head, "", "")
        lines = [line for _, line in drop_comments(enumerate(whole.splitlines(), 1))][:_LOOKED_AT]
        held = sum(read_checksum_line(line) is not None for line in lines)
        return held > 0 and held * 2 >= len(lines)

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`.

        Raises:
            FormatError: while streaming, for 64 digits if neither the line nor the options say whether they are
                SHA-256 or PDQ.
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
        said = read_checksum_line(text)
        if said is None or (not said.algorithm and len(said.hash) not in _LENGTHS):
            held = f"{len(said.hash)} digits" if said else repr(text[:80])
            message = f"not one hash of 32, 40 or 64 hexadecimal digits: {held}"
            raise FormatError(message, line=line, advice=_ADVICE)
        fields = {"hash": said.hash, "extra.FileName": said.name}
        yield build_entry(fields, line, _choose_kind(said, hash_kind, line), counted)
    if not found:
        notes.append("the file holds no entries")
    notes.extend(counted.write())


def _choose_kind(said: ChecksumLine, stated: HashKind | None, line: int) -> HashKind | None:
    """Returns what the hash is by the line, else by the person; None leaves it to its length."""
    if not said.algorithm:
        return stated
    kinds = [kind.value for kind in HashKind]
    if said.algorithm not in kinds:
        advice = f"Compared are {', '.join(kinds)}. Make the list with one of them, or leave such lines out."
        raise FormatError(f"a hash of the kind {said.algorithm} cannot be compared here", line=line, advice=advice)
    if stated not in (None, said.algorithm):
        advice = "Leave --hash out: the lines say it themselves."
        raise FormatError(f"the line says {said.algorithm}, --hash says {stated}", line=line, advice=advice)
    return HashKind(said.algorithm)


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
        ValidExample(
            "md5sum.txt",
            f"{_MD5}  a b.jpg\n{_SHA1} *c.jpg\n\\{_MD5}  d\\\\e\\nf\n".encode(),
            (
                KnownEntry(line=1, md5=b"\x0a" * 16, extra=(("FileName", "a b.jpg"),)),
                KnownEntry(line=2, sha1=b"\x0b" * 20, extra=(("FileName", "c.jpg"),)),
                KnownEntry(line=3, md5=b"\x0a" * 16, extra=(("FileName", "d\\e\nf"),)),
            ),
        ),
        ValidExample(
            "bsd.txt",
            f"MD5 (a, (b).jpg) = {_MD5}\nSHA256 (c) = {_LONG}\nSHA2-256(d)= {_LONG}\n".encode(),
            (
                KnownEntry(line=1, md5=b"\x0a" * 16, extra=(("FileName", "a, (b).jpg"),)),
                KnownEntry(line=2, sha256=b"\x0c" * 32, extra=(("FileName", "c"),)),
                KnownEntry(line=3, sha256=b"\x0c" * 32, extra=(("FileName", "d"),)),
            ),
        ),
    ),
    invalid=(
        InvalidExample("ambiguous.txt", f"{_MD5}\n{_LONG}\n".encode(), 2, "PDQ"),
        InvalidExample("sha256sum.txt", f"{_LONG}  a.jpg\n".encode(), 1, "PDQ"),
        InvalidExample("sha512sum.txt", f"{_LONG}{_LONG}  a.jpg\n".encode(), 1, "32, 40 or 64"),
        InvalidExample("sha512.txt", f"SHA512 (a.jpg) = {_LONG}{_LONG}\n".encode(), 1, "sha512"),
        InvalidExample("length.txt", f"SHA1 (a.jpg) = {_MD5}\n".encode(), 1, "SHA1"),
        InvalidExample("short.txt", f"{_MD5}\n\n{_MD5[1:]}\n".encode(), 3, "32, 40 or 64"),
        InvalidExample(
            "mismatch.txt", f"{_MD5}\n".encode(), 1, "SHA256", options=ReadOptions(hash_kind=HashKind.SHA256)
        ),
    ),
)
