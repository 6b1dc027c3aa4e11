"""A folder of segments: one manifest replaced atomically, one writer at a time, any number of readers.

`manifest.json` names the segments that count, each with size and SHA-256. Whatever else lies in the folder was left by
a writer that was killed, and the next writer removes it. Readers take a snapshot: what it names stays usable however
much is merged and removed meanwhile.

A segment's bytes are verified in full whenever its stamp (size, times of change, inode) is not the one under which they
were last found right; `verified.json` remembers these stamps, so that opening normally takes milliseconds whatever the
size, and a changed bit is still refused. What changes below the file system leaves no stamp: `verify` finds that.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from varde.core.errors import IntegrityFailure, SiteBusy, VardeError, WrongUse
from varde.segments.container import (
    Array,
    Facts,
    Pieces,
    Segment,
    open_segment,
    sync_folder,
    verify_segment,
    write_arrays,
)
from varde.segments.manifest import ADVICE, Listed, Manifest, read_manifest, replace_file, write_manifest

__all__ = ["FolderWriter", "Listed", "Manifest", "SegmentFolder", "Snapshot", "Staged", "Stamp", "lock_file"]

PATIENCE_S: Final = 30.0

_MANIFEST: Final = "manifest.json"
_VERIFIED: Final = "verified.json"
_LOCK: Final = "writer.lock"
_WAIT_S: Final = 0.02
_TRIES: Final = 20

Stamp = list[int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The segments of one moment, open."""

    generation: int
    facts: Facts
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """A segment that is on disk but does not count yet; its file is locked, so that no writer takes it for a stray."""

    listed: Listed
    file: IO[bytes]


class SegmentFolder:
    """The segments of one index; cheap to make, reads nothing until asked."""

    def __init__(self, folder: Path, kind: str, version: int, check: Callable[[Segment], object] | None = None) -> None:
        """Names the folder, which need not exist, and what its segments are.

        Args:
            folder: of the index.
            kind, version: of its segments.
            check: raises `ValueError`, `WrongUse`, `KeyError` or `TypeError` if a segment's arrays do not fit one
                another; compiled code reads them without looking at bounds. None where none does.
        """
        self.folder = folder
        self.kind = kind
        self.version = version
        self._check = check
        self._manifest = os.fspath(folder / _MANIFEST)
        self._open: dict[str, tuple[Stamp, Segment]] = {}

    def read_manifest(self) -> Manifest:
        """Returns what counts now; an empty manifest where there is no folder yet.

        Raises:
            IntegrityFailure: if the manifest is damaged.
            WrongUse: if the folder is of another kind or version.
        """
        return read_manifest(self.folder / _MANIFEST, self.kind, self.version)

    def read_manifest_stamp(self) -> Stamp:
        """Returns what changes whenever what counts changes; empty where there is no folder yet."""
        try:
            return _stamp_of(os.stat(self._manifest))  # noqa: PTH116 - asked before every search
        except FileNotFoundError:
            return []

    def snapshot(self) -> Snapshot:
        """Returns the segments that count now, open and verified.

        Raises:
            IntegrityFailure: naming the segment that is missing or damaged.
            WrongUse: if the folder is of another kind or version.
        """
        for _ in range(_TRIES):
            manifest = self.read_manifest()
            try:
                opened = {listed.name: self._open_verified(listed) for listed in manifest.listed}
            except FileNotFoundError as error:
                if self.read_manifest() == manifest:
                    raise IntegrityFailure(f"the segment {error.filename} is missing", advice=ADVICE) from error
                continue  # merged away in between
            self._open = opened
            return Snapshot(manifest.generation, manifest.facts, tuple(segment for _, segment in opened.values()))
        raise SiteBusy(f"{self.folder} changes faster than it can be read")

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of each.

        Raises:
            IntegrityFailure: naming the first that is damaged or missing.
        """
        manifest = self.read_manifest()
        for listed in manifest.listed:
            try:
                self._verify(listed)
            except FileNotFoundError as error:
                if listed in self.read_manifest().listed:
                    raise IntegrityFailure(f"the segment {error.filename} is missing", advice=ADVICE) from error
        return len(manifest.listed)

    def stage(self, facts: Facts, arrays: Mapping[str, Array | Pieces]) -> Staged:
        """Writes a segment that counts only once a writer commits it; needs no lock, so others may write meanwhile.

        Closing `Staged.file` without committing leaves a stray, which the next writer removes.

        Raises:
            VardeError: if the disk is full; nothing is left of the segment then.
            WrongUse: if an array's type cannot be stored.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        file = _create_locked(self.folder)
        try:
            digest = write_arrays(file, self.kind, self.version, facts, arrays)
            file.flush()
            os.fsync(file.fileno())
        except BaseException as error:
            Path(file.name).unlink(missing_ok=True)
            with suppress(OSError):
                file.close()
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                advice = "Make room there, then give the same command again: it goes on."
                raise VardeError(f"the disk of the index {self.folder} is full", advice=advice) from error
            raise
        size = os.fstat(file.fileno()).st_size
        return Staged(Listed(Path(file.name).name, size, digest.hex(), facts), file)

    @contextmanager
    def writer(self, patience_s: float = PATIENCE_S) -> Iterator[FolderWriter]:
        """Yields the one writer, after removing what killed writers left.

        Raises:
            SiteBusy: if another writes for longer than that.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with lock_file(self.folder / _LOCK, patience_s):
            writer = FolderWriter(self)
            writer.remove_strays()
            yield writer

    def discard(self, patience_s: float = PATIENCE_S) -> None:
        """Removes every segment and the manifest, of whatever kind and version, damaged or not."""
        if not self.folder.is_dir():
            return
        with lock_file(self.folder / _LOCK, patience_s):
            (self.folder / _MANIFEST).unlink(missing_ok=True)
            for path in [self.folder / _VERIFIED, *self.folder.glob("*.segment")]:
                _remove_unlocked(path)
            sync_folder(self.folder)
        self._open = {}

    def _open_verified(self, listed: Listed) -> tuple[Stamp, Segment]:
        path = self.folder / listed.name
        stamp = read_stamp(path)
        known = self._open.get(listed.name)
        if known and known[0] == stamp:
            return known
        if self._read_stamps().get(listed.name) != stamp:
            self._verify(listed)
        segment = open_segment(path, self.kind, self.version)
        if segment.sha256.hex() != listed.sha256:
            raise IntegrityFailure(f"{path} is not the segment its manifest names", advice=ADVICE)
        try:
            if self._check:
                self._check(segment)
        except (ValueError, KeyError, TypeError, WrongUse) as error:
            raise IntegrityFailure(f"the arrays of {path} do not fit one another: {error}", advice=ADVICE) from error
        return stamp, segment

    def _verify(self, listed: Listed) -> None:
        path = self.folder / listed.name
        stamp = read_stamp(path)
        if stamp[0] != listed.size_bytes:
            raise IntegrityFailure(
                f"the segment {path} has {stamp[0]} bytes instead of {listed.size_bytes}", advice=ADVICE
            )
        if verify_segment(path).hex() != listed.sha256 or read_stamp(path) != stamp:
            raise IntegrityFailure(f"{path} is not the segment its manifest names", advice=ADVICE)
        with suppress(
            PermissionError, FileNotFoundError, OSError
        ):  # a reader without the right to write verifies again
            self.remember({listed.name: stamp})

    def _read_stamps(self) -> dict[str, Stamp]:
        try:
            stamps = json.loads((self.folder / _VERIFIED).read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def remember(self, stamps: Mapping[str, Stamp]) -> None:
        """Records under which stamps segments were found right; losing a record costs a verification, no more."""
        kept = {name: stamp for name, stamp in self._read_stamps().items() if (self.folder / name).exists()}
        replace_file(self.folder / _VERIFIED, json.dumps(kept | dict(stamps)).encode())


class FolderWriter:
    """The one writer of a folder, while it holds the lock."""

    def __init__(self, folder: SegmentFolder) -> None:
        self._folder = folder
        self.manifest = folder.read_manifest()

    def commit(
        self, add: Collection[Staged] = (), remove: Collection[str] = (), facts: Facts | None = None
    ) -> Manifest:
        """Makes staged segments count and others not, in one step, and returns the new manifest.

        Args:
            add: from `SegmentFolder.stage`; they take the place of the first removed one, or the end.
            remove: names in the manifest.
            facts: of the whole; None keeps them.

        Raises:
            WrongUse: if a name to remove does not count (any more): nothing is changed then.
        """
        names = [listed.name for listed in self.manifest.listed]
        if missing := set(remove) - set(names):
            raise WrongUse(f"{', '.join(sorted(missing))} is no segment of {self._folder.folder}")
        place = min((names.index(name) for name in remove), default=len(names))
        kept = [listed for listed in self.manifest.listed if listed.name not in remove]
        kept[place:place] = [staged.listed for staged in add]
        facts = self.manifest.facts if facts is None else facts
        manifest = Manifest(self.manifest.generation + 1, facts, tuple(kept))
        self._folder.remember({staged.listed.name: _stamp_of(os.fstat(staged.file.fileno())) for staged in add})
        folder = self._folder
        write_manifest(folder.folder / _MANIFEST, folder.kind, folder.version, manifest)
        self.manifest = manifest
        for staged in add:
            staged.file.close()
        for name in remove:
            (self._folder.folder / name).unlink(missing_ok=True)
        return manifest

    def remove_strays(self) -> None:
        """Removes what no manifest names and no living writer holds."""
        named = {listed.name for listed in self.manifest.listed}
        for path in [*self._folder.folder.glob("*.segment"), *self._folder.folder.glob("*.partial")]:
            if path.name not in named:
                _remove_unlocked(path)


@contextmanager
def lock_file(path: Path, patience_s: float) -> Iterator[None]:
    """Holds an exclusive lock on a file, made where it is missing.

    Raises:
        SiteBusy: if another holds it for longer than that.
    """
    until = time.monotonic() + patience_s
    with path.open("ab") as file:
        while not _try_lock(file):
            if time.monotonic() >= until:
                raise SiteBusy(f"another process is writing to {path.parent}", advice="Try again when it is done.")
            time.sleep(_WAIT_S)
        yield


def read_stamp(path: Path) -> Stamp:
    """Returns what changes with every write to a file: size, both times of change in ns, inode."""
    return _stamp_of(path.stat())


def _stamp_of(stat: os.stat_result) -> Stamp:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _create_locked(folder: Path) -> IO[bytes]:
    while True:
        file = (folder / f"{os.urandom(8).hex()}.segment").open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:  # else a writer took it for a stray between the two lines
            return file
        file.close()


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_unlocked(path: Path) -> None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        if _try_lock(file):
            path.unlink(missing_ok=True)
