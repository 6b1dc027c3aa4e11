"""The bytes of a tar archive as one forward-only stream, packed or not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from varde.core.errors import Unreadable
from varde.evidence.archive import CHUNK_BYTES


class ForwardStream(Protocol):
    """Bytes that are read or skipped once, from front to back.

    Attributes:
        position: how many bytes have been read or skipped.
    """

    position: int

    def read(self, count: int) -> bytes:
        """Returns so many bytes, fewer only at the end; at most `CHUNK_BYTES` may be asked for."""
        ...

    def skip(self, count: int) -> bool:
        """Passes over so many bytes and returns whether there were so many."""
        ...


class PlainStream:
    """An unpacked archive; skipping is free."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self.position = 0

    def read(self, count: int) -> bytes:
        """Returns so many bytes, fewer only at the end."""
        self._file.seek(self.position)
        data = self._file.read(count)
        self.position += len(data)
        return data

    def skip(self, count: int) -> bool:
        """Passes over so many bytes and returns whether there were so many."""
        end = self.position + count
        self.position = min(self._size, end)
        return end <= self._size


class PackedStream:
    """An archive that is unpacked as it is read. Damage is raised again by every read after it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._error: Unreadable | None = None
        self.position = 0

    def read(self, count: int) -> bytes:
        """Returns so many bytes, fewer only at the end; raises `Unreadable` only when nothing is left to return."""
        parts = []
        while count > 0 and self._fill():
            part, self._buffer = self._buffer[:count], self._buffer[count:]
            parts.append(part)
            count -= len(part)
        data = b"".join(parts)
        self.position += len(data)
        if not data and self._error is not None and count > 0:
            raise self._error
        return data

    def skip(self, count: int) -> bool:
        """Passes over so many bytes and returns whether there were so many."""
        while count > 0:
            passed = len(self.read(min(count, CHUNK_BYTES)))
            if not passed:
                return False
            count -= passed
        return True

    def _fill(self) -> bool:
        if not self._buffer and self._error is None:
            try:
                self._buffer = next(self._chunks, b"")
            except Unreadable as error:
                self._error = error
        return bool(self._buffer)
