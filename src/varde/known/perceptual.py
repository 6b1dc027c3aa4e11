"""Exact search of 256-bit perceptual hashes by Hamming distance: multi-index hashing in numpy.

Two hashes within distance 31 agree to at most one bit in at least one of sixteen 16-bit chunks: if every chunk differed
in two bits or more, the distance would be 32 or more (pigeonhole). So all hashes whose chunk equals the probe's, or
differs from it in one bit, are candidates, and each candidate is verified with its full distance: nothing is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse

MAX_DISTANCE: Final = 31

_CHUNKS: Final = 16
_BUCKETS: Final = 1 << 16
_BUCKETS_OF_PROBE: Final = 16 * 17
_MASKS: Final = np.array([0, *(1 << bit for bit in range(16))], dtype=np.int64)
_BATCH_CANDIDATES: Final = 1 << 19
_SCAN_PAIRS: Final = 1 << 19

# Measured, in hashes of a linear scan: what verifying one candidate and what looking up a probe's 272 buckets costs.
_CANDIDATE_COST: Final = 8
_LOOKUP_COST: Final = 4_000

Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


class HashIndex:
    """An immutable index over 256-bit hashes, searched exactly.

    Convention: a hash is 32 uint8, the first byte first; distance is the number of differing bits, smaller is closer.
    Memory: about 150 bytes per distinct hash and 16 per id, plus about 100 MB while searching, however skewed the data.
    Limits: a search that matches almost everything with almost everything returns as many rows; use `search_batches`.
    """

    def __init__(self, hashes: NDArray[np.uint8], ids: NDArray[np.int64]) -> None:
        """Builds the index.

        Args:
            hashes: (N, 32) uint8; the same hash may occur any number of times.
            ids: (N,) int64, the caller's name of each hash; need not be unique.

        Raises:
            WrongUse: if the shapes or types do not fit.
        """
        words = _read_words(hashes)
        if ids.shape != (len(words),) or ids.dtype != np.int64:
            raise WrongUse(f"ids must be (N,) int64 for {len(words)} hashes, not {ids.shape} {ids.dtype}")
        # 1. Equal hashes are kept once; their ids lie together in `_ids[_first[i] : _first[i + 1]]`.
        order = np.lexsort(words.T[::-1])
        ordered = words[order]
        starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]) if len(words) else _NONE
        self._words = np.ascontiguousarray(ordered[starts])
        self._ids = ids[order]
        self._first = np.r_[starts, len(words)].astype(np.int64)
        self._has_buckets = len(self._words) > _LOOKUP_COST
        if self._has_buckets:
            self._build_buckets()

    def _build_buckets(self) -> None:
        # 2. Per chunk, the distinct hashes counting-sorted by the chunk's value.
        chunks = self._words.view(np.uint16)
        self._members = np.empty((_CHUNKS, len(self._words)), dtype=np.int32)
        self._offsets = np.zeros((_CHUNKS, _BUCKETS + 1), dtype=np.int64)
        self._around = np.empty((_CHUNKS, _BUCKETS), dtype=np.int32)
        values = np.arange(_BUCKETS)
        for chunk in range(_CHUNKS):
            self._members[chunk] = np.argsort(chunks[:, chunk], kind="stable")
            sizes = np.bincount(chunks[:, chunk], minlength=_BUCKETS)
            np.cumsum(sizes, out=self._offsets[chunk, 1:])
            self._around[chunk] = sum(sizes[values ^ mask] for mask in _MASKS)

    def __len__(self) -> int:
        """Returns the number of hashes, equal ones counted each."""
        return len(self._ids)

    def search(self, probes: NDArray[np.uint8], max_distance: int) -> Found:
        """Returns every pair of a probe and an indexed hash within the distance: nothing is missed.

        Args:
            probes: (M, 32) uint8.
            max_distance: in bits, 0 to 31.

        Returns:
            Three (K,) int64 arrays: index of the probe, id of the hash, distance; ordered by probe, distance, id.

        Raises:
            WrongUse: if the shapes, types or the distance do not fit.
        """
        parts = list(self.search_batches(probes, max_distance))
        probe, found, distance = (np.concatenate([_NONE, *(part[axis] for part in parts)]) for axis in range(3))
        order = np.lexsort((found, distance, probe))
        return probe[order], found[order], distance[order]

    def search_batches(self, probes: NDArray[np.uint8], max_distance: int) -> Iterator[Found]:
        """Yields what `search` returns in pieces of bounded size, in no order; each pair is in exactly one piece.

        Raises:
            WrongUse: as `search`, at once.
        """
        words = _read_words(probes)
        if not 0 <= max_distance <= MAX_DISTANCE:
            raise WrongUse(f"the largest distance that can be searched exactly is {MAX_DISTANCE}, not {max_distance}")
        return self._search(words, max_distance)

    def _search(self, words: NDArray[np.uint64], max_distance: int) -> Iterator[Found]:
        if not self._has_buckets:
            yield from self._scan(words, np.arange(len(words)), max_distance)
            return
        chunks = words.view(np.uint16)
        candidates = np.zeros(len(words), dtype=np.int64)
        for chunk in range(_CHUNKS):
            candidates += self._around[chunk, chunks[:, chunk]]
        scanned = candidates * _CANDIDATE_COST + _LOOKUP_COST > len(self._words)
        looked_up = np.flatnonzero(~scanned)
        for batch in _cut(looked_up, candidates[looked_up] + _BUCKETS_OF_PROBE, _BATCH_CANDIDATES):
            yield from self._expand(*self._look_up(words, batch, max_distance))
        yield from self._scan(words, np.flatnonzero(scanned), max_distance)

    def _look_up(self, words: NDArray[np.uint64], batch: NDArray[np.int64], max_distance: int) -> Found:
        """Returns (probe, distinct hash, distance) of the batch's probes by way of the buckets."""
        # 1. The 16 x 17 buckets of each probe, as runs in the flattened member lists.
        keys = words[batch].view(np.uint16)[:, :, None].astype(np.int64) ^ _MASKS
        chunk = np.arange(_CHUNKS)[:, None]
        begins = self._offsets[chunk, keys]
        sizes = (self._offsets[chunk, keys + 1] - begins).ravel()
        begins = (begins + chunk * len(self._words)).ravel()
        # 2. The runs written out: one row per candidate.
        runs = np.flatnonzero(sizes)
        sizes, begins = sizes[runs], begins[runs]
        ends = np.cumsum(sizes)
        total = int(ends[-1]) if len(ends) else 0
        places = np.repeat(begins - (ends - sizes), sizes) + np.arange(total)
        found = self._members.ravel()[places]
        bucket = np.repeat(runs, sizes)
        probe = batch[bucket // keys[0].size]
        # 3. Half the bits first: almost every candidate is out after them.
        half = _count_bits(words[probe, :2] ^ self._words[found, :2])
        near = np.flatnonzero(half <= max_distance)
        probe, found, bucket = probe[near], found[near], bucket[near]
        difference = words[probe] ^ self._words[found]
        distance = _count_bits(difference)
        # 4. A pair met in several chunks counts in the first only.
        first = (np.bitwise_count(difference.view(np.uint16)) <= 1).argmax(axis=1)
        kept = (distance <= max_distance) & (first == bucket // len(_MASKS) % _CHUNKS)
        return probe[kept], found[kept].astype(np.int64), distance[kept]

    def _scan(self, words: NDArray[np.uint64], probes: NDArray[np.int64], max_distance: int) -> Iterator[Found]:
        """Yields the matches of probes for which a linear scan is cheaper than their over-full buckets."""
        if not len(self._words):
            return
        columns = min(len(self._words), _SCAN_PAIRS)
        rows = max(1, _SCAN_PAIRS // columns)
        for top in range(0, len(probes), rows):
            some = probes[top : top + rows]
            for left in range(0, len(self._words), columns):
                known = self._words[left : left + columns]
                distance = np.zeros((len(some), len(known)), dtype=np.int64)
                for word in range(4):
                    distance += np.bitwise_count(words[some, None, word] ^ known[:, word])
                row, column = np.nonzero(distance <= max_distance)
                yield from self._expand(some[row], column + left, distance[row, column])

    def _expand(
        self, probe: NDArray[np.int64], found: NDArray[np.int64], distance: NDArray[np.int64]
    ) -> Iterator[Found]:
        """Yields the rows with every id of each distinct hash."""
        sizes = self._first[found + 1] - self._first[found]
        for some in _cut(np.arange(len(found)), sizes, _BATCH_CANDIDATES):
            ends = np.cumsum(sizes[some])
            places = np.repeat(self._first[found[some]] - (ends - sizes[some]), sizes[some]) + np.arange(ends[-1])
            yield np.repeat(probe[some], sizes[some]), self._ids[places], np.repeat(distance[some], sizes[some])


_NONE: Final = np.empty(0, dtype=np.int64)


def _read_words(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Returns (N, 4) uint64 over (N, 32) uint8."""
    if hashes.ndim != 2 or hashes.shape[1] != 32 or hashes.dtype != np.uint8:
        raise WrongUse(f"hashes must be (N, 32) uint8, not {hashes.shape} {hashes.dtype}")
    return np.ascontiguousarray(hashes).view(np.uint64)


def _count_bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Returns the number of set bits of each row."""
    counts: NDArray[np.int64] = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    return counts


def _cut(rows: NDArray[np.int64], costs: NDArray[np.int64], most: int) -> Iterator[NDArray[np.int64]]:
    """Yields the rows in runs whose costs add up to about `most`; a dearer row comes alone."""
    run = np.cumsum(costs) // most
    yield from np.split(rows, np.flatnonzero(run[1:] != run[:-1]) + 1) if len(rows) else ()
