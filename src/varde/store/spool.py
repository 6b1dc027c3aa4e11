"""The site's spool: temporary folders that are whose process lives, and the clearing of those whose process died."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OLD_S = 3600.0


@contextmanager
def lend_folder(spool: Path) -> Iterator[Path]:
    """Yields a new folder in the spool that nobody clears while it is used; it is removed afterwards.

    Convention: whoever uses a folder holds a lock on it, which the operating system frees if the holder dies.
    """
    while True:
        folder = Path(tempfile.mkdtemp(dir=spool, prefix="import-"))
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not folder.exists():  # cleared in the moment before it was locked
                continue
            yield folder
            return
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def clear_spool(spool: Path) -> None:
    """Removes what processes that died left in the spool; what is in use stays, and files of the last hour."""
    for path in spool.iterdir():
        if path.is_dir() and not path.is_symlink():
            _clear_folder(path)
        elif time.time() - path.lstat().st_mtime > _OLD_S:
            path.unlink(missing_ok=True)


def _clear_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
