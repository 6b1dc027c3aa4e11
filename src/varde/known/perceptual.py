"""Exact search of 256-bit perceptual hashes by Hamming distance: an index in memory, and one on disk that grows.

How the search works is told in `varde.known.perceptual_table`; `PerceptualIndex` is in `varde.known.perceptual_index`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known.perceptual_index import PerceptualIndex
from varde.known.perceptual_table import (
    MAX_DISTANCE,
    MOST_ROWS,
    Found,
    build_table,
    order_found,
    read_words,
    search_tables,
)

__all__ = ["MAX_DISTANCE", "Found", "HashIndex", "PerceptualIndex", "is_degenerate"]

_MOST_UNEVEN_BITS: Final = 32


def is_degenerate(hashes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Returns which hashes say too little about a picture to be compared by distance.

    A PDQ bit is set where an amplitude is above the median of 256, so a picture with structure has exactly 128 bits set
    (all published and all photographs' hashes have). Far fewer are set only where most amplitudes are equal: flat and
    blank pictures, a lone line or dot. Such hashes lie close to one another whatever the pictures show, so one of them
    in a known set would match every blank page. They are to be left out of searches by distance, on both sides; their
    digests still compare.

    Convention: (N, 32) uint8 to (N,) bool; degenerate is more than 32 bits away from 128 set bits.
    """
    set_bits = np.bitwise_count(read_words(hashes)).sum(axis=1, dtype=np.int64)
    mask: NDArray[np.bool_] = np.abs(set_bits - 128) > _MOST_UNEVEN_BITS
    return mask


class HashIndex:
    """An immutable index over 256-bit hashes in memory, searched exactly.

    Convention: a hash is 32 uint8, the first byte first; distance is the number of differing bits, smaller is closer.
    Memory: about 125 bytes a distinct hash and 12 an id, as much again while building, 5 MB while searching.
    Limits: a search that matches almost everything with almost everything returns as many rows; use `search_batches`.
    May be searched by several threads at once; a search uses one processor and does not hold the interpreter's lock.
    """

    def __init__(self, hashes: NDArray[np.uint8], ids: NDArray[np.int64]) -> None:
        """Builds the index.

        Args:
            hashes: (N, 32) uint8; the same hash may occur any number of times.
            ids: (N,) int64, the caller's name of each hash; need not be unique.

        Raises:
            WrongUse: if the shapes or types do not fit.
        """
        if ids.shape != (len(hashes),):
            raise WrongUse(f"ids must be (N,) int64 for {len(hashes)} hashes, not {ids.shape} {ids.dtype}")
        starts = range(0, max(len(hashes), 1), MOST_ROWS)
        self._tables = [
            build_table(hashes[at : at + MOST_ROWS], ids[at : at + MOST_ROWS], for_many_probes=True) for at in starts
        ]

    def __len__(self) -> int:
        """Returns the number of hashes, equal ones counted each."""
        return sum(len(table) for table in self._tables)

    def search(self, probes: NDArray[np.uint8], max_distance: int = MAX_DISTANCE) -> Found:
        """Returns every pair of a probe and an indexed hash within the distance: nothing is missed.

        Args:
            probes: (M, 32) uint8.
            max_distance: in bits, 0 to 31.

        Returns:
            Three (K,) int64 arrays: index of the probe, id of the hash, distance; ordered by probe, distance, id.

        Raises:
            WrongUse: if the shapes, types or the distance do not fit.
        """
        return order_found(self.search_batches(probes, max_distance))

    def search_batches(self, probes: NDArray[np.uint8], max_distance: int = MAX_DISTANCE) -> Iterator[Found]:
        """Yields what `search` returns in pieces of bounded size, in no order; each pair is in exactly one piece.

        Raises:
            WrongUse: as `search`, at once.
        """
        return search_tables(self._tables, probes, max_distance)
