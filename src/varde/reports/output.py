"""Writing a report's file: it appears under its name only when it is complete, with its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from varde.reports.content import WrittenFile


@contextmanager
def open_output(path: Path, *, newline: str = "\n", encoding: str = "utf-8") -> Iterator[TextIO]:
    """Opens a text file beside `path` for writing and moves it to `path` when the block ends without an error.

    Args:
        path: where the finished file shall be; its folder is made if needed.
        newline: what a line feed is written as; "" leaves it to the caller.
        encoding: ``utf-8`` or ``utf-8-sig`` (with byte order mark).

    Raises:
        OSError: if the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("w", encoding=encoding, newline=newline) as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_written(path: Path) -> WrittenFile:
    """Returns a finished file with its digest and size, read back from the disk."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return WrittenFile(path, digest.digest(), path.stat().st_size)
