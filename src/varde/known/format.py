"""What a known-set format has to offer, and the noun every format returns: an opened set that streams its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from varde.core.known import KnownEntry, SetHeader


class HashKind(StrEnum):
    """What the hashes of a list are, where the list itself does not say."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PDQ = "pdq"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person may say about a file that does not say it itself; a format ignores what is not its own.

    Attributes:
        mapping: rules for the columns of a CSV file, see `varde.known.columns.read_mapping`.
        region: region profile of a VICS file that names none, such as ``US``; None where the file speaks for itself.
        hash_kind: what the hashes of a plain list are; needed where 64 digits may be SHA-256 or PDQ.
        encoding: text encoding by its Python name; None finds it from the bytes.
        delimiter: one character between the columns of a CSV file; None finds it from the header.
        delta: NSRL delta files (``.sql``), oldest first.
        temporary: folder for temporary copies; None takes the system's.
    """

    mapping: tuple[str, ...] = ()
    region: str | None = None
    hash_kind: HashKind | None = None
    encoding: str | None = None
    delimiter: str | None = None
    delta: tuple[Path, ...] = ()
    temporary: Path | None = None


class OpenedSet:
    """A known set that is being read: a context manager over a header and a lazy stream of entries.

    Attributes:
        header: what the file says of the set as a whole.
        entries: the entries, once, in the file's order; reading on may raise `FormatError` with the defect's line.
        notes: what a person should know of the file; complete only once `entries` is exhausted.
    """

    def __init__(
        self,
        header: SetHeader,
        entries: Iterator[KnownEntry],
        notes: list[str] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.header = header
        self.entries = entries
        self.notes = notes if notes is not None else []
        self._close = close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; twice does no harm."""
        if self._close is not None:
            self._close()
            self._close = None


@dataclass(frozen=True, slots=True)
class ValidExample:
    """A small file the format must read, and what must come out of it.

    Attributes:
        name: file name to write it under; the name must not matter to the format.
        content: the bytes.
        entries: what `OpenedSet.entries` must yield, exactly.
        scheme: ``name@version`` of the header, "" where the format has no codes.
        options: what the reader is told.
        delta: contents of delta files; written beside the example and put into the options.
        is_detected: whether `KnownFormat.detect` must recognise it.
    """

    name: str
    content: bytes
    entries: tuple[KnownEntry, ...]
    scheme: str = ""
    options: ReadOptions = ReadOptions()
    delta: tuple[bytes, ...] = ()
    is_detected: bool = True


@dataclass(frozen=True, slots=True)
class InvalidExample:
    """A small file the format must refuse with `FormatError`.

    Attributes:
        name, content, options, delta: as in `ValidExample`.
        line: the line the error must name, None where the error names none.
        says: text that the error's message must contain.
    """

    name: str
    content: bytes
    line: int | None
    says: str
    options: ReadOptions = ReadOptions()
    delta: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples a format carries, so that `varde.testing.known_conformance` tests a new format for free."""

    valid: tuple[ValidExample, ...]
    invalid: tuple[InvalidExample, ...]


class KnownFormat(Protocol):
    """A format that known sets come in. Implementations take no arguments and keep no state.

    Attributes:
        name: stable, lower-case name that a person types to choose it.
        title: one line for a person.
    """

    name: str
    title: str

    def detect(self, path: Path) -> bool:
        """Returns whether the file could be in this format, from a look at its first bytes; never raises on content."""
        ...

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set, its header read, its entries still to be streamed in bounded memory.

        Raises:
            FormatError: if the header is not in this format; `OpenedSet.entries` raises it for later defects.
            OSError: if the file cannot be read.
        """
        ...

    def examples(self) -> Examples:
        """Returns small files that must, and must not, be readable."""
        ...
