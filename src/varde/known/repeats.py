"""Entries of one set that repeat the hash of an earlier one: kept, counted, and said."""

from __future__ import annotations

import hashlib
from array import array

import numpy as np

from varde.core.known import KnownEntry

MAX_COUNTED = 1 << 22
"""Entries looked at for repeats, so that 32 MiB are enough for a set of any size."""


class Prefixes:
    """The first eight bytes of digests, to tell how many differ: 8 bytes of memory each.

    Limits: two different digests of 10 million count as one with a probability below 1 in 300,000; whoever makes them
    alike on purpose can spoil the count, and nothing but a note depends on it.
    """

    def __init__(self) -> None:
        self._prefixes = array("Q")

    def __len__(self) -> int:
        """Returns how many digests were added."""
        return len(self._prefixes)

    def add(self, digest: bytes) -> None:
        """Adds a digest of 8 bytes or more."""
        self._prefixes.append(int.from_bytes(digest[:8], "big"))

    def count_different(self) -> int:
        """Returns how many of them differ."""
        return len(np.unique(np.frombuffer(self._prefixes, dtype=np.uint64)))


class Repeats:
    """Counts the entries whose hash an earlier entry had.

    The hash of an entry is its MD5, else SHA-1, else SHA-256, else its PDQ hash if it has one only. Entries without are
    not looked at.
    """

    def __init__(self, most: int = MAX_COUNTED) -> None:
        self._most = most
        self._seen = Prefixes()
        self._is_whole = True

    def add(self, entry: KnownEntry) -> None:
        """Looks at one entry."""
        hash_ = _find_hash(entry)
        if hash_ is None:
            return
        if len(self._seen) < self._most:
            self._seen.add(hash_)
        else:
            self._is_whole = False

    def write(self) -> list[str]:
        """Returns a note for a person, [] where nothing was repeated."""
        repeated = len(self._seen) - self._seen.count_different()
        if not repeated:
            return []
        counted = "1 entry repeats" if repeated == 1 else f"{repeated:,} entries repeat"
        where = "" if self._is_whole else f" (of the first {self._most:,}; later ones were not looked at)"
        return [f"{counted} the hash of an earlier one{where}; all are kept, and each gives a match of its own"]


def _find_hash(entry: KnownEntry) -> bytes | None:
    """Returns a text of bytes that is the same for entries of the same hash; None where there is none to compare."""
    digest = entry.md5 or entry.sha1 or entry.sha256
    if digest is None and len(entry.pdq) == 1:
        # Neighbouring PDQ hashes share whole bytes, so their first eight would say too little.
        return hashlib.blake2b(entry.pdq[0][0], digest_size=8).digest()
    return digest
