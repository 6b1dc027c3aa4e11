"""Fingerprints as files: data only and self-contained; the SHA-256 of the whole file names it.

Layout: a segment (see `varde.segments.container`) with one array ``halves``, (H, W) uint16 that hold half-precision
numbers, and one fact ``document``, JSON with kind, method, facts and every reference. Half precision costs less than
one part in a thousand of the pattern's own noise (docs/decisions/0025).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from varde.camera.fingerprint import Fingerprint
from varde.camera.fingerprint_digest import ADVICE, verify_fingerprint
from varde.core.camera import FingerprintKind, Reference
from varde.core.errors import IntegrityFailure, WrongUse
from varde.core.signal import Method
from varde.segments.container import check_array, open_segment, sync_folder, write_arrays

SUFFIX: Final = ".fingerprint"
_KIND: Final = "camera-fingerprint"
_VERSION: Final = 1


class _Document(msgspec.Struct, frozen=True):
    kind: FingerprintKind
    method: Method
    facts: dict[str, Any]
    references: tuple[Reference, ...]


_decode: Final = msgspec.json.Decoder(_Document).decode


def write_fingerprint(path: Path, fingerprint: Fingerprint) -> bytes:
    """Writes a fingerprint durably and returns the SHA-256 of the file; the name appears when everything is on disk.

    Args:
        path: replaced where it exists.
        fingerprint: what to write.

    Raises:
        OSError: if it cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f"{path.name}.{os.urandom(6).hex()}.partial")
    try:
        digest = _write(temporary, fingerprint)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def read_fingerprint(path: Path, sha256: bytes, *, verify: bool = True) -> Fingerprint:
    """Returns the fingerprint in a file.

    Args:
        path: of the file.
        sha256: of the file, as it was when it was written.
        verify: whether to read all of it and compare; without, only its description is checked by its own digest.

    Raises:
        IntegrityFailure: if it is not there, or not what was written.
    """
    if verify:
        verify_fingerprint(path, sha256)
    try:
        segment = open_segment(path, _KIND, _VERSION)
        halves = check_array(segment, "halves", np.uint16, None, None)
        document = _decode(str(segment.facts["document"]))
    except FileNotFoundError as error:
        raise IntegrityFailure(f"the fingerprint {path} is not there", advice=ADVICE) from error
    except (IntegrityFailure, WrongUse, KeyError, ValueError, msgspec.MsgspecError) as error:
        raise IntegrityFailure(f"the fingerprint {path} is damaged: {error}", advice=ADVICE) from error
    values = halves.view(np.float16).astype(np.float32)
    return Fingerprint(values, document.kind, document.references, document.method, document.facts)


def map_values(path: Path) -> NDArray[np.float16]:
    """Returns the values of a fingerprint where they lie in its file, (H, W) float16; their bytes are not verified.

    Raises:
        IntegrityFailure: if the file is not there, or its description is damaged.
    """
    try:
        halves = check_array(open_segment(path, _KIND, _VERSION), "halves", np.uint16, None, None)
    except (FileNotFoundError, WrongUse, ValueError) as error:
        raise IntegrityFailure(f"the fingerprint {path} is not there or damaged: {error}", advice=ADVICE) from error
    return halves.view(np.float16)


def to_halves(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Returns values in half precision, as the 16-bit numbers that hold them; beyond its range the largest."""
    largest = float(np.finfo(np.float16).max)
    return np.clip(values, -largest, largest).astype(np.float16).view(np.uint16)


class _Digesting:
    """Passes bytes on to a file and computes their digest."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes | memoryview, /) -> int:
        self.digest.update(data)
        return self._file.write(data)


def _write(path: Path, fingerprint: Fingerprint) -> bytes:
    document = _Document(fingerprint.kind, fingerprint.method, fingerprint.facts, fingerprint.references)
    facts: Mapping[str, int | str] = {"document": msgspec.json.encode(document, order="sorted").decode()}
    with path.open("xb") as file:
        sink = _Digesting(file)
        write_arrays(sink, _KIND, _VERSION, dict(facts), {"halves": to_halves(fingerprint.values)})
        file.flush()
        os.fsync(file.fileno())
    return sink.digest.digest()
