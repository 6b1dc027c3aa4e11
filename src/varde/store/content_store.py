"""Verified copies of contents, as files named by their SHA-256."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from varde.core.errors import IntegrityFailure, NotFound, VardeError
from varde.store.durable import make_folder, sync_folder


class ContentStore:
    """Content-addressed files: ``ab/cd/abcd...``, written once, read-only, verified when read.

    Limits: every content is one file; a site that copies many millions of small files wants a file system made for it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, sha256: bytes) -> Path:
        """Returns where a content of this digest is or would be."""
        name = sha256.hex()
        return self.folder / name[:2] / name[2:4] / name

    def put(self, chunks: Iterable[bytes]) -> bytes:
        """Stores the bytes and returns their SHA-256. The copy is on disk, and named, only when it is complete.

        A copy that is there already is verified, and replaced if it is damaged.
        """
        staging = self.folder / "staging"
        make_folder(staging)
        temporary = staging / f"{os.getpid()}-{os.urandom(8).hex()}"
        digest = hashlib.sha256()
        try:
            with temporary.open("xb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._publish(temporary, self.path_of(digest.digest()))
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise VardeError(
                f"the disk of the content store {self.folder} is full",
                advice="Make room there, then give the same command again: it goes on.",
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
        return digest.digest()

    def verify(self, sha256: bytes) -> Path:
        """Returns the path of a stored content after re-reading it.

        Raises:
            NotFound: if it is not stored.
            IntegrityFailure: if its bytes are no longer those of the digest.
        """
        path = self.path_of(sha256)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").digest()
        except FileNotFoundError as error:
            raise NotFound(f"content {sha256.hex()} is not in the store") from error
        if found != sha256:
            raise IntegrityFailure(f"stored content {sha256.hex()} has changed: its bytes now hash to {found.hex()}")
        return path

    def clear_staging(self) -> None:
        """Removes what an interrupted `put` left behind. Only call while nothing else writes."""
        for path in (self.folder / "staging").glob("*"):
            path.unlink(missing_ok=True)

    def _publish(self, temporary: Path, target: Path) -> None:
        if self._is_whole(target):
            return
        make_folder(target.parent)
        temporary.chmod(0o400)
        temporary.replace(target)
        sync_folder(target.parent)

    def _is_whole(self, target: Path) -> bool:
        try:
            return self.verify(bytes.fromhex(target.name)) == target
        except (NotFound, IntegrityFailure, OSError):
            return False
