"""Items: one file at one place in an exhibit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from varde.core.locator import Locator


class Origin(StrEnum):
    """How an item came to be where it is."""

    FILE = "file"
    ARCHIVE_MEMBER = "archive_member"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file met while walking an exhibit.

    Attributes:
        locator: its place, relative to the exhibit.
        size_bytes: at the time of walking.
        modified_at: file-system time in UTC, None where it is out of range.
    """

    locator: Locator
    size_bytes: int
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundMember:
    """An archive member that was unpacked into a spool file.

    Attributes:
        name: exact bytes of the stored name (any traversal parts included).
        occurrence: 1 for the first member of this name in the archive, 2 for the second ...
        ordinal: zero-based position in the archive.
        offset, size_bytes: where its bytes lie in the spool file; size None where they could not be unpacked.
        modified_at: as stored in the archive (read as UTC where it names no zone), None where absent or invalid.
    """

    name: bytes
    occurrence: int
    ordinal: int
    offset: int
    size_bytes: int | None
    modified_at: datetime | None
