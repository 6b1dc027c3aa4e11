"""Reads files of an exhibit without changing them, and notices when somebody else does."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEFAULT_CHUNK_BYTES = 1 << 20


class SliceFile(io.RawIOBase):
    """A part of an open file as a seekable file of its own; usable by zipfile, tarfile, Pillow and PyAV.

    Reads with ``pread``, so that several slices of one file do not disturb each other. Does not own the file.
    """

    def __init__(self, fileno: int, offset: int, size_bytes: int) -> None:
        super().__init__()
        self._fileno = fileno
        self._offset = offset
        self._size_bytes = size_bytes
        self._position = 0

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to an offset within the slice; a place before its start is an OSError, one after its end is allowed."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size_bytes}[whence]
        if base + offset < 0:
            raise OSError(22, "seek to before the start of a slice")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Returns the offset within the slice."""
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fills the buffer from the current place and returns how many bytes came."""
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._size_bytes - self._position))
        count = os.preadv(self._fileno, [view[:wanted]], self._offset + self._position) if wanted else 0
        self._position += count
        return count


class ExhibitFile:
    """A regular file of an exhibit, open for reading; a context manager.

    Leaving the ``with`` block normally checks that the file stayed as it was and raises `Unreadable` if not: what was
    read is then not one state of the file.

    Attributes:
        size_bytes: size of the part that is read.
    """

    def __init__(self, fileno: int, status: os.stat_result, offset: int, size_bytes: int) -> None:
        self._fileno = fileno
        self._opened = status
        self._offset = offset
        self.size_bytes = size_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.check_unchanged()
        finally:
            os.close(self._fileno)

    def duplicate(self) -> int:
        """Returns a descriptor of the whole file that lives on after the ``with`` block; the caller closes it."""
        return os.dup(self._fileno)

    def check_unchanged(self) -> None:
        """Raises `Unreadable` (CHANGED_WHILE_READING) if size, time or inode differ from when it was opened."""
        now = os.fstat(self._fileno)
        if _state(now) != _state(self._opened):
            raise _changed(f"It changed while it was read: {self._opened.st_size} bytes before, {now.st_size} after.")

    def chunks(self, chunk_bytes: int = _DEFAULT_CHUNK_BYTES) -> Iterator[bytes]:
        """Returns the bytes in pieces; raises `Unreadable` if they end early or the medium fails."""
        position = 0
        while position < self.size_bytes:
            wanted = min(chunk_bytes, self.size_bytes - position)
            try:
                piece = os.pread(self._fileno, wanted, self._offset + position)
            except OSError as error:
                raise _failed(error) from error
            if not piece:
                raise _changed(f"It ended after {position} of {self.size_bytes} bytes: it was cut off meanwhile.")
            position += len(piece)
            yield piece

    def read_whole(self, limit_bytes: int) -> bytes:
        """Returns all bytes.

        Raises:
            Unreadable: TOO_LARGE beyond the limit; otherwise as `chunks`.
        """
        if self.size_bytes > limit_bytes:
            raise Unreadable(
                IssueCode.TOO_LARGE, f"It has {self.size_bytes} bytes; at most {limit_bytes} are read here."
            )
        return b"".join(self.chunks())

    def open_slice(self) -> BinaryIO:
        """Returns the part as a buffered, seekable file, valid inside the ``with`` block."""
        return cast(BinaryIO, io.BufferedReader(SliceFile(self._fileno, self._offset, self.size_bytes), 1 << 16))


def read_file(
    path: bytes | Path, *, offset: int = 0, size: int | None = None, expected_size: int | None = None
) -> ExhibitFile:
    """Returns the file, or a part of it, open for reading; to be used in a ``with`` statement.

    Access times are left alone where the system allows it. Links are not followed, and pipes cannot block.

    Args:
        path: of a regular file.
        offset: first byte of the part.
        size: bytes in the part; None reads to the end.
        expected_size: size of the whole file when it was walked; None skips the comparison.

    Raises:
        Unreadable: VANISHED, SYMLINK, SPECIAL_FILE, UNREADABLE, CHANGED_WHILE_READING (other than the expected size) or
            TRUNCATED (the part lies beyond the end).
    """
    return read_open_file(_open_file(path), offset=offset, size=size, expected_size=expected_size)


def read_open_file(
    fileno: int, *, offset: int = 0, size: int | None = None, expected_size: int | None = None
) -> ExhibitFile:
    """Returns an already open file for reading, as `read_file` does; owns the descriptor from here on."""
    try:
        status = os.fstat(fileno)
        _check_regular(status)
        if expected_size is not None and status.st_size != expected_size:
            raise _changed(f"It had {expected_size} bytes when it was found and has {status.st_size} now.")
        length = status.st_size - offset if size is None else size
        if offset < 0 or length < 0 or offset + length > status.st_size:
            raise Unreadable(
                IssueCode.TRUNCATED, f"Bytes {offset} to {offset + length} were asked for; it has {status.st_size}."
            )
        return ExhibitFile(fileno, status, offset, length)
    except Unreadable:
        os.close(fileno)
        raise


def open_below(root: Path, path: bytes) -> int:
    """Returns a descriptor of a file below a folder; no part of the path may be a link, nor lead upwards.

    Args:
        root: a folder; links on the way to it are followed.
        path: relative to the root, ``/`` between its parts.

    Raises:
        Unreadable: as `read_file`, and UNREADABLE for a path that is not plainly below the root.
    """
    *folders, name = path.split(b"/")
    if any(part in (b"", b".", b"..") for part in (*folders, name)):
        raise Unreadable(IssueCode.UNREADABLE, "Its path does not lie plainly below the exhibit.")
    folder = _open_file(root, os.O_DIRECTORY)
    try:
        for part in folders:
            inner = _open_file(part, os.O_DIRECTORY, folder)
            os.close(folder)
            folder = inner
        return _open_file(name, 0, folder)
    finally:
        os.close(folder)


def open_read_only(path: bytes | Path, flags: int = 0, folder: int | None = None) -> int:
    """Returns a descriptor that leaves the access time alone where the system allows it; links are not followed.

    Args:
        path: of a file or folder.
        flags: further flags of ``open``, such as O_DIRECTORY.
        folder: descriptor of the folder that the path starts from; None starts from the current one.

    Raises:
        OSError: as the system says.
    """
    try:
        return os.open(path, _FLAGS | flags | os.O_NOATIME, dir_fd=folder)
    except PermissionError:  # only the owner may ask for O_NOATIME
        return os.open(path, _FLAGS | flags, dir_fd=folder)


def _open_file(path: bytes | Path, flags: int = 0, folder: int | None = None) -> int:
    try:
        return open_read_only(path, flags, folder)
    except FileNotFoundError as error:
        raise Unreadable(IssueCode.VANISHED, "It is not there any more.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unreadable(IssueCode.SYMLINK, "It is a symbolic link; links are not followed.") from error
        if error.errno == errno.ENXIO:
            raise Unreadable(IssueCode.SPECIAL_FILE, "It is no regular file.") from error
        raise _failed(error) from error


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(IssueCode.SPECIAL_FILE, "It is no regular file.")


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


def _changed(cause: str) -> Unreadable:
    return Unreadable(IssueCode.CHANGED_WHILE_READING, cause)


def _failed(error: OSError) -> Unreadable:
    return Unreadable(IssueCode.UNREADABLE, f"The operating system does not let it be read: {error.strerror}.")
