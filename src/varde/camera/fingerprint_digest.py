"""Whether a fingerprint's file is what was written; apart from what reads it, which loads more."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from varde.core.errors import IntegrityFailure

ADVICE: Final = "Restore the file from a backup, or enrol the camera again from its references; look at the disk."
_PIECE: Final = 1 << 22


def verify_fingerprint(path: Path, sha256: bytes) -> None:
    """Does nothing if a file has the SHA-256 it was written with.

    Raises:
        IntegrityFailure: if it has not, or is not there.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except FileNotFoundError as error:
        raise IntegrityFailure(f"the fingerprint {path} is not there", advice=ADVICE) from error
    if digest.digest() != sha256:
        raise IntegrityFailure(
            f"the fingerprint {path} is damaged: its SHA-256 is not the one it was written with", advice=ADVICE
        )
