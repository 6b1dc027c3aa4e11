"""Where the bytes of an item lie while it is examined: a file, a verified copy of it, or a part of a spool file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from varde.core.case import Exhibit, Keeping
from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.locator import Segment, read_locator
from varde.evidence.reading import ExhibitFile
from varde.evidence.reopen import open_outermost
from varde.store.content_store import ContentStore


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A descriptor (owned by whoever gets this) and the part of it that is the item.

    Attributes:
        stamp: what tells whether two openings gave the same state of a file; () for a part of a spool file.
    """

    descriptor: int
    offset: int
    size_bytes: int
    stamp: tuple[int, ...] = ()


class Source(Protocol):
    """Something that can be opened as often as needed."""

    def open(self) -> OpenPart:
        """Returns the part, newly opened.

        Raises:
            Unreadable: if that cannot be done.
            NotFound: if the exhibit itself is not where it was.
        """
        ...


@dataclass(frozen=True, slots=True)
class SpoolSource:
    """An archive member in a spool file, by a descriptor that cannot write."""

    descriptor: int
    offset: int
    size_bytes: int

    def open(self) -> OpenPart:
        """Returns the part."""
        return OpenPart(os.dup(self.descriptor), self.offset, self.size_bytes)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that stays where it is.

    Attributes:
        root: folder of the exhibit, or the one file that is the exhibit.
        segment: names the file below it; no link is followed on the way.
        expected_size: when it was found; None skips the comparison.
    """

    root: Path
    segment: Segment
    expected_size: int | None = None

    def open(self) -> OpenPart:
        """Returns the whole file; raises `Unreadable` if it is gone, another, or closed to us."""
        with self.read() as file:
            descriptor = file.duplicate()
            status = os.fstat(descriptor)
            stamp = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            return OpenPart(descriptor, 0, file.size_bytes, stamp)

    @contextmanager
    def read(self) -> Iterator[ExhibitFile]:
        """Gives the file; raises `Unreadable` like `open`, also if it changes meanwhile."""
        with open_outermost(self.root, self.segment) as file:
            if self.expected_size not in (None, file.size_bytes):
                raise Unreadable(
                    IssueCode.CHANGED_WHILE_READING,
                    f"It had {self.expected_size} bytes when it was found and has {file.size_bytes} now.",
                )
            yield file


class CopySource:
    """A file of an exhibit that is copied into the content store first; everything then works on the copy.

    Attributes:
        sha256: of the copy, None before it is made.
    """

    def __init__(self, original: FileSource, store: ContentStore) -> None:
        self._original = original
        self._store = store
        self.sha256: bytes | None = None

    def open(self) -> OpenPart:
        """Returns the copy, made on the first call; raises `Unreadable` like `FileSource`."""
        if self.sha256 is None:
            with self._original.read() as file:
                self.sha256 = self._store.put(file.chunks())
        copy = self._store.path_of(self.sha256)
        return FileSource(copy.parent, Segment(os.fsencode(copy.name))).open()


def file_source(exhibit: Exhibit, locator: str, size_bytes: int | None, store: ContentStore) -> FileSource | CopySource:
    """Returns the source of a file directly in an exhibit.

    Args:
        exhibit: says where it is, and whether copies are kept.
        locator: of the file, relative to the exhibit's path; the exhibit may itself be a file.
        size_bytes: as it was when it was found.
        store: where copies go.
    """
    original = FileSource(exhibit.path, read_locator(locator).segments[0], size_bytes)
    return CopySource(original, store) if exhibit.keeping is Keeping.COPY else original


def open_part(source: Path | bytes | Source) -> OpenPart:
    """Returns something that a person names, newly opened: a file, its bytes, or a source.

    Raises:
        NotFound: if there is no such file.
        Unreadable: if it cannot be opened; SPECIAL_FILE for a folder.
    """
    if isinstance(source, bytes):
        return _open_bytes(source)
    if not isinstance(source, Path):
        return source.open()
    real = Path(os.path.realpath(source))
    if real.is_dir():
        raise Unreadable(IssueCode.SPECIAL_FILE, "It is a folder; name the files in it.")
    return FileSource(real, Segment(os.fsencode(real.name))).open()


def _open_bytes(data: bytes) -> OpenPart:
    descriptor = os.memfd_create("probe", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
    except BaseException:
        os.close(descriptor)
        raise
    return OpenPart(descriptor, 0, len(data))
