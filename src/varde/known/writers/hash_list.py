"""Known sets as a plain hash list: one hash a line, with the file's name where there is one, as md5sum writes it."""

from __future__ import annotations

from collections.abc import Iterator

from varde.core.errors import Refused
from varde.core.known import EntryState, KnownEntry
from varde.known.checksum_lines import ChecksumLine, read_checksum_line
from varde.known.format import HashKind
from varde.known.losses import Losses
from varde.known.text import drop_comments
from varde.known.writer import OutgoingSet

_NAME = "FileName"
_HASHES = tuple(kind.value for kind in HashKind)
_HELD = frozenset(("line", "extra", *_HASHES))
_TAGGED = frozenset((HashKind.SHA256, HashKind.PDQ))
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


class HashListWriter:
    """One hash a line: MD5, SHA-1, SHA-256 or PDQ, perhaps with the name of a file."""

    name = "hash-list"
    title = "one MD5, SHA-1, SHA-256 or PDQ hash a line, also with file names"
    reads = "hash-list"
    marks_withdrawn = False

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write`.

        Hashes of 64 digits that have a name are written with their kind (``SHA256 (NAME) = HASH``), since SHA-256 and
        PDQ cannot be told apart by length; without a name, whoever reads the list has to say which they are.

        Raises:
            Refused: if an entry has hashes of several kinds and nobody said which to write.
        """
        for entry, state in outgoing.entries():
            kinds = _choose_kinds(entry, outgoing)
            if state is EntryState.DISPUTED:
                losses.leave_out("marks of disputed entries", entry)
            _count_losses(entry, kinds, losses)
            for kind in kinds:
                yield from (f"{line}\n".encode() for line in _write_lines(entry, kind, losses))


def _choose_kinds(entry: KnownEntry, outgoing: OutgoingSet) -> list[HashKind]:
    """Returns the kind to write of an entry, [] where it has none of it."""
    there = [kind for kind in HashKind if getattr(entry, kind.value)]
    if outgoing.hash_kind is not None:
        return [kind for kind in there if kind is outgoing.hash_kind]
    if len(there) > 1:
        names = ", ".join(kind.value for kind in there)
        raise Refused(
            f"entry {entry.source_id or entry.line} has several hashes ({names}), and a plain list holds one a line",
            advice=f"Say which to write: --hash {there[0].value}.",
        )
    return there


def _count_losses(entry: KnownEntry, kinds: list[HashKind], losses: Losses) -> None:
    if not kinds:
        losses.leave_out("entries without such a hash", entry)
    held = (_HELD - set(_HASHES)) | {kind.value for kind in kinds}
    losses.count_unheld(entry, held)
    lost = len(entry.extra) - any(name == _NAME for name, _ in entry.extra)
    if lost:
        losses.leave_out("further fields", entry, lost)


def _write_lines(entry: KnownEntry, kind: HashKind, losses: Losses) -> Iterator[str]:
    name = next((value for name, value in entry.extra if name == _NAME), "")
    for text in _list_hashes(entry, kind, losses):
        line = _write_line(text, kind, name)
        if name and not _is_read_back(line, text, name):
            losses.leave_out("file names that such a line cannot hold", entry)
            line = text
        yield line


def _list_hashes(entry: KnownEntry, kind: HashKind, losses: Losses) -> Iterator[str]:
    if kind is not HashKind.PDQ:
        digest: bytes = getattr(entry, kind.value)
        yield digest.hex()
        return
    for value, quality, offset_s in entry.pdq:
        if quality != 100 or offset_s is not None:
            losses.leave_out("qualities and times of PDQ hashes", entry)
        yield value.hex()
    if len(entry.pdq) > 1:
        losses.count("entries written as several lines", entry)


def _write_line(text: str, kind: HashKind, name: str) -> str:
    if not name:
        return text
    escaped = name.translate(_ESCAPES)
    mark = "\\" if escaped != name else ""
    return f"{mark}{kind.value.upper()} ({escaped}) = {text}" if kind in _TAGGED else f"{mark}{text}  {escaped}"


def _is_read_back(line: str, text: str, name: str) -> bool:
    stripped = next((stripped for _, stripped in drop_comments([(1, line)])), "")
    read = read_checksum_line(stripped)
    return isinstance(read, ChecksumLine) and (read.hash, read.name) == (text, name)
