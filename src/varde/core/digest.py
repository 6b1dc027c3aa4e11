"""Digests: exact cryptographic hashes, always travelling with their algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varde.core.errors import WrongUse


class DigestAlgorithm(StrEnum):
    """The digest algorithms known material is exchanged with."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"

    @property
    def length_bytes(self) -> int:
        """Length of a raw digest in bytes."""
        return _LENGTHS[self]


_LENGTHS = {DigestAlgorithm.MD5: 16, DigestAlgorithm.SHA1: 20, DigestAlgorithm.SHA256: 32}


@dataclass(frozen=True, slots=True)
class Digests:
    """The three digests of one content, computed in one read, and its size.

    Attributes:
        md5, sha1, sha256: raw digests (16, 20 and 32 bytes).
        size_bytes: number of bytes that were read.
    """

    md5: bytes
    sha1: bytes
    sha256: bytes
    size_bytes: int


def read_digest(text: str, algorithm: DigestAlgorithm | None = None) -> tuple[DigestAlgorithm, bytes]:
    """Returns the algorithm and raw bytes of a hexadecimal digest.

    Args:
        text: hexadecimal digits in either case; surrounding white space is ignored.
        algorithm: the algorithm the text must be of; None infers it from the length.

    Raises:
        WrongUse: if the text is not hexadecimal or its length fits no (or not the stated) algorithm.
    """
    stripped = text.strip()
    try:
        raw = bytes.fromhex(stripped)
    except ValueError as error:
        raise WrongUse(f"not a hexadecimal digest: {stripped[:80]!r}") from error
    candidates = [algorithm] if algorithm else list(DigestAlgorithm)
    for candidate in candidates:
        if len(raw) == candidate.length_bytes and " " not in stripped:
            return candidate, raw
    wanted = algorithm.value.upper() if algorithm else "MD5, SHA-1 or SHA-256"
    raise WrongUse(f"{len(stripped)} hexadecimal digits are no {wanted} digest")
