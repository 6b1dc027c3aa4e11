"""Puts a pack's folder in its place: whoever opens it sees all of it or nothing, whenever the writer is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_UNFINISHED: Final = ".unfinished-"
_LOCK: Final = ".lock"


def place_pack(folder: Path, key: str, write: Callable[[Path], None]) -> Path:
    """Returns the folder of a pack after writing it anew; one that was there before gives way at the end.

    Args:
        folder: where packs lie.
        key: ``name-version``.
        write: puts the files into the folder it is given, and raises if they are not fit to be used.
    """
    place = folder / key
    with _hold(folder):
        making = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
        try:
            write(making)
            _sync(making)
            if place.exists():
                place.rename(Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder)) / key)
            making.rename(place)
            _sync_names(folder)
        finally:
            _clear(folder)
    return place


def remove_pack(folder: Path, key: str) -> None:
    """Removes a pack's folder; it disappears at once, its files after that."""
    with _hold(folder):
        if (folder / key).is_dir():
            (folder / key).rename(Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder)) / key)
            _sync_names(folder)
        _clear(folder)


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _clear(folder)
        yield


def _clear(folder: Path) -> None:
    """Removes what was never finished, also by those who were killed."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    folder.chmod(0o755)
    _sync_names(folder)


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
