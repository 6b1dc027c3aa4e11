"""The interface of archive formats: what a reader says of an archive and how a member's bytes are asked for.

A new format is one file with a `READER` object that satisfies `ArchiveReader`, one entry point in the group
``varde.evidence`` and one subclass of `varde.testing.evidence_conformance.ArchiveReaderConformance`.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import BinaryIO, Protocol

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode, Step

CHUNK_BYTES = 1 << 20
"""Upper bound of one piece of unpacked data, for bounded memory."""

MAX_LINK_BYTES = 4096
"""A symbolic link's target is no longer than this; a "link" with more data is content and is examined as such."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemberKind(StrEnum):
    """What an archive says a member is."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    HARD_LINK = "hard_link"
    SPECIAL = "special"


_KINDS = {stat.S_IFREG: MemberKind.FILE, stat.S_IFDIR: MemberKind.FOLDER, stat.S_IFLNK: MemberKind.SYMLINK}
_KIND_NAMES = {
    MemberKind.FOLDER: "folder",
    MemberKind.SYMLINK: "symbolic link",
    MemberKind.SPECIAL: "device or pipe",
}


def no_chunks() -> Iterator[bytes]:
    """Returns the chunks of a member that holds no bytes."""
    return iter(())


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One member of an archive, before it is unpacked.

    Attributes:
        ordinal: zero-based position in the archive, counting every member of every kind.
        name: exact stored bytes, traversal parts included (UTF-8 where the format stores UTF-16).
        kind: what the archive says it is.
        chunks: gives its bytes in pieces of at most `CHUNK_BYTES`. May be called once, before the next member is asked
            for. Raises `Unreadable` with the issue code to record; pieces given before that are good to keep.
        modified_at: as stored, read as UTC where no zone is named; None where absent or invalid.
        declared_bytes: unpacked size as the archive states it (it may lie), None where it does not.
        packed_bytes: size inside the archive, None where it cannot be told for one member alone.
        encrypted: whether a password is needed; its chunks are then not asked for.
        link_name: name of the earlier member that a hard link repeats, b"" otherwise.
        issues: what is wrong with it before its bytes are read.
    """

    ordinal: int
    name: bytes
    kind: MemberKind = MemberKind.FILE
    chunks: Callable[[], Iterator[bytes]] = no_chunks
    modified_at: datetime | None = None
    declared_bytes: int | None = None
    packed_bytes: int | None = None
    encrypted: bool = False
    link_name: bytes = b""
    issues: tuple[Issue, ...] = ()


class ArchiveReader(Protocol):
    """A way to read one archive format. Readers hold no state, open no paths, write nothing, start no process.

    Attributes:
        name: short name such as ``zip``.
        mimes: media types it reads, as `varde.media` names them.
        is_indexed: whether members can be listed without unpacking what lies before them.
    """

    name: str
    mimes: frozenset[str]
    is_indexed: bool

    def detect(self, file: BinaryIO) -> bool:
        """Returns whether the file could be this reader's; at most one reader says yes to a file.

        Args:
            file: seekable; its position afterwards is undefined. Never raises on hostile bytes.
        """
        ...

    def members(self, file: BinaryIO) -> Iterator[ArchiveMember | Issue]:
        """Returns the members in stored order; an `Issue` between them is about the archive itself.

        The same bytes always give the same members with the same ordinals.

        Args:
            file: seekable, unchanged while members are read.

        Raises:
            Unreadable: if nothing more can be read of the archive; members given before stand.
        """
        ...


def archive_issue(code: IssueCode, cause: str) -> Issue:
    """Returns an issue met while expanding an archive."""
    return Issue(code, Step.EXPAND, cause)


def damaged(cause: str) -> Unreadable:
    """Returns the error for bytes that contradict their format."""
    return Unreadable(IssueCode.ARCHIVE_DAMAGED, cause)


def truncated(cause: str) -> Unreadable:
    """Returns the error for bytes that end before they should."""
    return Unreadable(IssueCode.TRUNCATED, cause)


def unsupported(cause: str) -> Unreadable:
    """Returns the error for a well-formed archive that uses something not read here."""
    return Unreadable(IssueCode.ARCHIVE_UNSUPPORTED, cause)


def tell_kind(unix_mode: int, size_bytes: int) -> tuple[MemberKind, tuple[Issue, ...]]:
    """Returns what a member with this Unix file mode is, and an issue where its size contradicts it.

    Something that calls itself a link or a device but holds more than a link's target is examined as a file.

    Args:
        unix_mode: type and permission bits; 0 where the archive stores none.
        size_bytes: unpacked size as stated.
    """
    kind = _KINDS.get(stat.S_IFMT(unix_mode), MemberKind.FILE if not stat.S_IFMT(unix_mode) else MemberKind.SPECIAL)
    allowed = MAX_LINK_BYTES if kind is MemberKind.SYMLINK else 0
    if kind is MemberKind.FILE or size_bytes <= allowed:
        return kind, ()
    if stat.S_ISFIFO(unix_mode):
        return MemberKind.FILE, ()  # how archivers store what was piped into them
    cause = f"It is stored as a {_KIND_NAMES[kind]} but holds {size_bytes} bytes, which were examined as a file's."
    return MemberKind.FILE, (archive_issue(IssueCode.SPECIAL_FILE, cause),)


def find_name_fault(name: bytes) -> str:
    """Returns why a member's name would be dangerous to unpack to, "" where it would not be.

    Convention: both ``/`` and a backslash count as separators, since unpackers differ.
    """
    parts = name.replace(b"\\", b"/").split(b"/")
    if not name:
        return "the name is empty"
    if b"\0" in name:
        return "the name holds a NUL byte"
    if not parts[0]:
        return "the name is an absolute path"
    if len(parts[0]) == 2 and parts[0][:1].isalpha() and parts[0].endswith(b":"):
        return "the name starts with a drive letter"
    if b".." in parts:
        return "the name leads out of the archive (..)"
    return ""


def read_unix_time(seconds: float) -> datetime | None:
    """Returns the UTC time of seconds since 1970, None where no calendar holds it."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
