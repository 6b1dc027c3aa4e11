"""A file that appears under its name only once it is whole, and takes no other's place unless that was asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from varde.core.errors import VardeError, WrongUse
from varde.store.durable import sync_folder


class NewFile:
    """A file being written beside the name it shall have.

    Attributes:
        file: to write to.
    """

    def __init__(self, path: Path, file: IO[bytes], *, replace: bool) -> None:
        self.file = file
        self._path = path
        self._written = Path(file.name)
        self._replace = replace

    def finish(self) -> None:
        """Returns once all that was written is on disk."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def publish(self) -> None:
        """Gives the file its name.

        Raises:
            WrongUse: if the name is taken, and what has it was not to be replaced.
        """
        if self._replace:
            self._written.replace(self._path)
        else:
            _rename_new(self._written, self._path)
        sync_folder(self._path.parent)


@contextmanager
def write_new_file(path: Path, *, replace: bool = False) -> Iterator[NewFile]:
    """Yields a file to be written, finished and published; nothing of it is left if the block ends before.

    It can be read by its owner only: what is exported is nobody else's business until that person makes it so.

    Args:
        path: where it shall be; the folder must exist.
        replace: whether a file that is there already may be replaced.

    Raises:
        WrongUse: if the name is taken, or is no name of a file.
        VardeError: if the disk is full or the folder cannot be written to.
    """
    _check(path, replace=replace)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".unfinished-", delete=False) as file:
            try:
                yield NewFile(path, file.file, replace=replace)
            finally:
                Path(file.name).unlink(missing_ok=True)
    except OSError as error:
        raise VardeError(
            f"{path} cannot be written: {error.strerror}; nothing of it was left behind",
            advice="Make room, or choose another place.",
        ) from error


def _check(path: Path, *, replace: bool) -> None:
    if path.is_dir():
        raise WrongUse(f"{path} is a folder", advice="Give the name of a file.")
    if not path.parent.is_dir():
        raise WrongUse(f"there is no folder {path.parent}", advice="Make it first.")
    if path.exists() and not replace:
        raise WrongUse(f"{path} is there already", advice="Choose another name, or replace it with --force.")
    if path.exists() and not path.is_file():
        raise WrongUse(f"{path} is no regular file", advice="Give the name of a file.")


def _rename_new(written: Path, path: Path) -> None:
    """Renames without taking another's place, as far as the file system can say so in one step."""
    try:
        os.link(written, path)
    except FileExistsError as error:
        raise WrongUse(f"{path} is there already", advice="Choose another name, or replace it with --force.") from error
    except OSError:
        # A file system without hard links, as on most memory sticks.
        _check(path, replace=False)
        written.replace(path)
