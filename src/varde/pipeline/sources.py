"""Where the bytes of an item lie while it is examined: a file, a verified copy of it, or a part of a spool file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from varde.core.case import Exhibit, Keeping
from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.locator import read_locator
from varde.evidence.reading import read_file
from varde.store.content_store import ContentStore


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A descriptor (owned by whoever gets this) and the part of it that is the item."""

    descriptor: int
    offset: int
    size_bytes: int


class Source(Protocol):
    """Something that can be opened as often as needed."""

    def open(self) -> OpenPart:
        """Returns the part, newly opened; raises `Unreadable` if that cannot be done."""
        ...


@dataclass(frozen=True, slots=True)
class SpoolSource:
    """An archive member in a spool file."""

    descriptor: int
    offset: int
    size_bytes: int

    def open(self) -> OpenPart:
        """Returns the part."""
        return OpenPart(os.dup(self.descriptor), self.offset, self.size_bytes)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file of an exhibit that stays where it is."""

    path: bytes
    expected_size: int | None

    def open(self) -> OpenPart:
        """Returns the whole file; raises `Unreadable` if it is gone, another, or closed to us."""
        with read_file(self.path, expected_size=self.expected_size) as file:
            return OpenPart(file.duplicate(), 0, file.size_bytes)


class CopySource:
    """A file of an exhibit that is copied into the content store first; everything then works on the copy."""

    def __init__(self, original: FileSource, store: ContentStore) -> None:
        self._original = original
        self._store = store
        self._copy: Path | None = None

    def open(self) -> OpenPart:
        """Returns the copy, made on the first call; raises `Unreadable` like `FileSource`."""
        if self._copy is None:
            with read_file(self._original.path, expected_size=self._original.expected_size) as file:
                sha256 = self._store.put(file.chunks())
            self._copy = self._store.path_of(sha256)
        return FileSource(os.fsencode(self._copy), None).open()


def file_source(exhibit: Exhibit, locator: str, size_bytes: int | None, store: ContentStore) -> Source:
    """Returns the source of a file directly in an exhibit.

    Args:
        exhibit: says where it is, and whether copies are kept.
        locator: of one segment, relative to the exhibit's path; the exhibit may itself be a file.
        size_bytes: as it was when it was found.
        store: where copies go.

    Raises:
        Unreadable: if the locator is one of an archive member.
    """
    segments = read_locator(locator).segments
    if len(segments) != 1:
        raise Unreadable(IssueCode.INTERNAL, "an archive member has no file of its own")
    root = os.fsencode(exhibit.path)
    path = root if exhibit.path.is_file() else os.path.join(root, segments[0].name)  # noqa: PTH118 - bytes
    original = FileSource(path, size_bytes)
    return CopySource(original, store) if exhibit.keeping is Keeping.COPY else original
