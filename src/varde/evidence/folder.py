"""Folders: finds every file below a root, whatever its name, without following links.

Walking again gives the same places in the same order (while the folder does not change), so a run can resume by it.
Only directory entries are read here, never content. Mounted file systems below the root are followed: what is mounted
into an exhibit belongs to it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from varde.core.errors import NotFound
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import FoundFile
from varde.core.locator import Locator, path_locator
from varde.evidence.archive import read_unix_time
from varde.evidence.reading import open_read_only

_SPECIAL_NAMES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


@dataclass(frozen=True, slots=True)
class FoundIssue:
    """A place in an exhibit that holds no readable file, and why."""

    locator: Locator
    issue: Issue


def walk(root: Path) -> Iterator[FoundFile | FoundIssue]:
    """Returns every file below the root, and an issue for everything that is not a readable file or folder.

    Convention: in each folder first its own entries, then its sub-folders, both in the order of their name's bytes.
    Memory grows with the largest single folder and with the number of sub-folders waiting, never with the whole tree.

    Args:
        root: a folder, or a single file, whose locator then is its own name. A root that is itself a link is followed.

    Raises:
        NotFound: if there is nothing at the root.
    """
    top = os.path.realpath(os.fsencode(root))
    try:
        status = os.lstat(top)
    except OSError as error:
        raise NotFound(f"nothing can be read at {root}: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        return _walk_folders(top)
    return iter((_describe(top.rpartition(b"/")[2], status),))


def _walk_folders(top: bytes) -> Iterator[FoundFile | FoundIssue]:
    waiting = [b""]
    while waiting:
        prefix = waiting.pop()
        try:
            folder = open_read_only(top + b"/" + prefix, os.O_DIRECTORY)
        except OSError as error:
            yield _unreadable(prefix or b".", error)
            continue
        folders: list[bytes] = []
        try:
            yield from _list_folder(folder, prefix, folders)
        finally:
            os.close(folder)
        waiting.extend(reversed(folders))


def _list_folder(folder: int, prefix: bytes, folders: list[bytes]) -> Iterator[FoundFile | FoundIssue]:
    """Gives the entries of one open folder and adds its sub-folders, as paths from the root, to `folders`."""
    try:
        names = sorted(os.fsencode(name) for name in os.listdir(folder))
    except OSError as error:
        yield _unreadable(prefix or b".", error)
        return
    for name in names:
        path = prefix + b"/" + name if prefix else name
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            yield _issue(path, IssueCode.VANISHED, "It was gone between listing its folder and looking at it.")
        except OSError as error:
            yield _unreadable(path, error)
        else:
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                yield _describe(path, status)


def _describe(path: bytes, status: os.stat_result) -> FoundFile | FoundIssue:
    if stat.S_ISREG(status.st_mode):
        return FoundFile(path_locator(path), status.st_size, _modified_at(status))
    if stat.S_ISLNK(status.st_mode):
        return _issue(path, IssueCode.SYMLINK, "It is a symbolic link; links are not followed.")
    kind = _SPECIAL_NAMES.get(stat.S_IFMT(status.st_mode), "a special file")
    return _issue(path, IssueCode.SPECIAL_FILE, f"It is {kind}, which holds no content of its own.")


def _modified_at(status: os.stat_result) -> datetime | None:
    return read_unix_time(status.st_mtime_ns // 1000 / 1e6)


def _unreadable(path: bytes, error: OSError) -> FoundIssue:
    return _issue(path, IssueCode.UNREADABLE, f"The operating system does not let it be read: {error.strerror}.")


def _issue(path: bytes, code: IssueCode, cause: str) -> FoundIssue:
    return FoundIssue(path_locator(path), Issue(code, Step.WALK, cause))
