"""RAR archives: recognised, not read; there is no free library for them that can run in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from varde.core.issue import Issue
from varde.evidence.archive import ArchiveMember, unsupported

_MAGIC = b"Rar!\x1a\x07"


class RarReader:
    """Says plainly that the members of a RAR archive were not examined."""

    name = "rar"
    mimes = frozenset({"application/vnd.rar", "application/x-rar-compressed"})
    is_indexed = True

    def detect(self, file: BinaryIO) -> bool:
        """Returns whether the file starts as a RAR archive of version 1.5 or later."""
        file.seek(0)
        return file.read(len(_MAGIC)) == _MAGIC

    def members(self, file: BinaryIO) -> Iterator[ArchiveMember | Issue]:
        """Raises `Unreadable` (ARCHIVE_UNSUPPORTED)."""
        raise unsupported("It is a RAR archive, which is not read here: unpack it and add the folder as an exhibit.")


READER = RarReader()
