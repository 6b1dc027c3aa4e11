"""The exact table: MD5, SHA-1 and SHA-256 digests to entry ids, for hundreds of millions of rows.

A segment holds the digests of one algorithm by their first 64 bits: sorted, with a directory over the upper bits and a
filter in front, so that a digest that is not there costs one cache line. What is found are *candidates*: two digests
may share 64 bits, so the caller compares the whole digest with the database before it says anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.digest import DigestAlgorithm
from varde.core.errors import WrongUse
from varde.known import exact_kernels as kernels
from varde.known.perceptual_table import read_only
from varde.segments.container import Array, Facts, Pieces, Segment, check_array
from varde.segments.folder import Listed, SegmentFolder
from varde.segments.merging import OpenTables, choose_run, choose_tail, merge_runs

_KIND: Final = "exact"
_VERSION: Final = 1
_ARRAYS: Final = 4
_MOST_ROWS: Final = (1 << 32) - 1
_MOST_BITS: Final = 32
_SORTED_ROWS: Final = 1 << 24
_ROWS_PER_BUCKET: Final = 8
_FILTER_BITS_PER_ROW: Final = 12
_PIECE: Final = 1 << 20

Keys = NDArray[np.uint64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The digests of one segment; see `varde.known.exact_kernels` for the arrays."""

    algorithm: str
    shift: int
    keys: Keys
    ids: Ids
    directory: NDArray[np.uint32]
    blocks: NDArray[np.uint32]


class ExactTable:
    """Digests to entry ids on disk: memory-mapped segments, opened in milliseconds whatever the size.

    Convention: digests are (N, L) uint8, L the algorithm's length. Ids are positive and grow with time.
    It is a copy of what the database holds: after `discard` it is filled again from id 0.
    Size: about 18 bytes a row. A kill at any moment leaves the table as it was before or after the call.
    """

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is read or made until it is used."""
        self._segments = SegmentFolder(folder, _KIND, _VERSION, _check_segment)
        self._tables = OpenTables(self._segments, _read_segment)

    def last_id(self, algorithm: DigestAlgorithm) -> int:
        """Returns the highest id the table is complete up to for this algorithm; 0 where it is empty.

        Raises:
            IntegrityFailure: if the table is damaged.
            WrongUse: if it was written by another version.
        """
        return int(self._segments.read_manifest().facts.get(algorithm.value, 0))

    def __len__(self) -> int:
        """Returns the number of rows of all algorithms."""
        return sum(int(listed.facts["rows"]) for listed in self._segments.read_manifest().listed)

    def append(
        self, algorithm: DigestAlgorithm, digests: NDArray[np.uint8], ids: Ids, *, up_to: int | None = None
    ) -> None:
        """Adds digests; they are found by whoever looks afterwards, in any process.

        Args:
            algorithm: of the digests.
            digests: (N, L) uint8; N may be 0; a digest may occur any number of times.
            ids: (N,) int64, strictly ascending and above `last_id`.
            up_to: the id the table is complete up to afterwards, where that is above the last of `ids`.

        Raises:
            WrongUse: if the shapes, types or ids do not fit.
            SiteBusy: if another process is appending for long.
            IntegrityFailure: if a segment to be merged is damaged.
        """
        keys = read_keys(algorithm, digests)
        if ids.shape != keys.shape or ids.dtype != np.int64 or (np.diff(ids) <= 0).any():
            raise WrongUse(f"ids must be ascending (N,) int64 for {len(keys)} digests, not {ids.shape} {ids.dtype}")
        with self._segments.writer() as writer:
            facts = writer.manifest.facts
            last = int(facts.get(algorithm.value, 0))
            if len(ids) and ids[0] <= last:
                raise WrongUse(f"the table is complete up to id {last}; {ids[0]} cannot be added any more")
            covered = max(last, up_to or 0, int(ids[-1]) if len(ids) else 0)
            names = [listed.name for listed in choose_tail(_of(algorithm.value, writer.manifest.listed), len(ids))]
            earlier = self._tables.select(names) if names else []
            staged = [
                self._segments.stage(*_write_table(algorithm.value, [*parts]))
                for parts in _sort_parts(keys, ids, earlier)
            ]
            writer.commit(staged, names, {**facts, algorithm.value: covered})

    def find(self, algorithm: DigestAlgorithm, digests: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Ids]:
        """Returns the candidates: every id whose digest begins with the same 64 bits as one of these.

        The caller must compare the whole digest with the database; nothing that is there is missed.

        Args:
            algorithm: of the digests.
            digests: (M, L) uint8.

        Returns:
            Two (K,) int64 arrays: index of the digest asked for, id; ordered by both.

        Raises:
            WrongUse: if the shape or type does not fit.
            IntegrityFailure: naming a segment that is damaged or missing.
        """
        probes = read_keys(algorithm, digests)
        found = [_find(table, probes) for table in self._tables.refresh() if table.algorithm == algorithm.value]
        none = np.empty(0, np.int64)
        rows, ids = (np.concatenate([none, *(part[axis] for part in found)]) for axis in range(2))
        order = np.lexsort((ids, rows))
        return rows[order], ids[order]

    def merge(self) -> int:
        """Merges segments of similar size and returns how many fewer there are; see `PerceptualIndex.merge`.

        Memory: about 3 bytes a row of the segments being merged.
        """
        return merge_runs(self._segments, _choose_run, self._write_merged)

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of the table.

        Raises:
            IntegrityFailure: naming the first segment that is damaged or missing.
        """
        return self._segments.verify()

    def discard(self) -> None:
        """Removes everything, damaged or not, so that it can be filled again."""
        self._segments.discard()

    def _write_merged(self, run: Sequence[Listed]) -> tuple[Facts, Mapping[str, Array | Pieces]]:
        tables = self._tables.select([listed.name for listed in run])
        return _write_table(str(run[0].facts["algorithm"]), [(table.keys, table.ids) for table in tables])


def read_keys(algorithm: DigestAlgorithm, digests: NDArray[np.uint8]) -> Keys:
    """Returns the (N,) first 64 bits of (N, L) digests, the first byte the most significant.

    Raises:
        WrongUse: if the shape or type does not fit.
    """
    if digests.ndim != 2 or digests.shape[1] != algorithm.length_bytes or digests.dtype != np.uint8:
        wanted = f"{algorithm.value} digests must be (N, {algorithm.length_bytes}) uint8"
        raise WrongUse(f"{wanted}, not {digests.shape} {digests.dtype}")
    keys: Keys = np.ascontiguousarray(digests[:, :8]).view(">u8").reshape(-1).astype(np.uint64)
    return read_only(keys)


def _find(table: KeyTable, probes: Keys) -> tuple[NDArray[np.int64], Ids]:
    starts, ends = np.empty(len(probes), np.int64), np.empty(len(probes), np.int64)
    if not kernels.find_keys(probes, table.blocks, table.directory, table.shift, table.keys, starts, ends):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.flatnonzero(ends > starts)
    sizes = (ends - starts)[rows]
    ahead = np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(starts[rows], sizes) + np.arange(int(sizes.sum())) - ahead
    return np.repeat(rows, sizes), table.ids[places]


def _sort_parts(keys: Keys, ids: Ids, earlier: Sequence[KeyTable]) -> Iterator[list[tuple[Keys, Ids]]]:
    """Yields the sorted parts of each new segment: of bounded size, the first together with what is merged."""
    for low in range(0, len(keys), _SORTED_ROWS):
        some = keys[low : low + _SORTED_ROWS]
        order = np.argsort(some, kind="stable")
        parts = [(table.keys, table.ids) for table in earlier] if not low else []
        yield [*parts, (some[order], ids[low : low + _SORTED_ROWS][order])]


def _write_table(algorithm: str, parts: Sequence[tuple[Keys, Ids]]) -> tuple[Facts, Mapping[str, Array | Pieces]]:
    """Returns the segment that holds the sorted parts; its directory and filter fill while the keys are written."""
    rows = sum(len(keys) for keys, _ in parts)
    bits = max(1, (rows // _ROWS_PER_BUCKET).bit_length())
    blocks = np.zeros(kernels.BLOCK_WORDS * (1 + rows * _FILTER_BITS_PER_ROW // (32 * kernels.BLOCK_WORDS)), np.uint32)
    directory = np.zeros((1 << bits) + 1, np.uint32)

    def list_keys() -> Iterator[Array]:
        for keys, _ in _merge_sorted(parts):
            kernels.count_buckets(keys, 64 - bits, directory)
            kernels.add_to_filter(keys, blocks)
            yield keys
        np.cumsum(directory, out=directory)

    arrays: dict[str, Array | Pieces] = {
        "keys": Pieces(np.dtype(np.uint64), (), list_keys()),
        "ids": Pieces(np.dtype(np.int64), (), (ids for _, ids in _merge_sorted(parts))),
        "directory": directory,
        "blocks": blocks,
    }
    return {"algorithm": algorithm, "rows": rows, "shift": 64 - bits}, arrays


def _merge_sorted(parts: Sequence[tuple[Keys, Ids]]) -> Iterator[tuple[Keys, Ids]]:
    """Yields keys and ids of sorted parts in one order, in pieces of bounded size (but equal keys stay together)."""
    begins = [0] * len(parts)
    while any(begin < len(keys) for begin, (keys, _) in zip(begins, parts, strict=True)):
        # The smallest key that some part reaches after a piece's worth of rows bounds this piece.
        reached = [
            keys[begin + _PIECE] for begin, (keys, _) in zip(begins, parts, strict=True) if begin + _PIECE < len(keys)
        ]
        ends = [int(np.searchsorted(keys, min(reached), side="right")) if reached else len(keys) for keys, _ in parts]
        cut = [(keys[a:b], ids[a:b]) for a, b, (keys, ids) in zip(begins, ends, parts, strict=True)]
        keys, ids = np.concatenate([part[0] for part in cut]), np.concatenate([part[1] for part in cut])
        order = np.argsort(keys, kind="stable")
        yield read_only(keys[order]), ids[order]
        begins = ends


def _choose_run(listed: Sequence[Listed]) -> Sequence[Listed]:
    for algorithm in DigestAlgorithm:
        if run := choose_run(_of(algorithm.value, listed), _MOST_ROWS):
            return run
    return ()


def _of(algorithm: str, listed: Sequence[Listed]) -> list[Listed]:
    return [each for each in listed if each.facts["algorithm"] == algorithm]


def _check_segment(segment: Segment) -> None:
    """Raises ValueError if the arrays do not fit one another; what is too long to look at, the kernels look at."""
    bits, keys = 64 - int(segment.facts["shift"]), check_array(segment, "keys", np.uint64, None)
    DigestAlgorithm(str(segment.facts["algorithm"]))
    check_array(segment, "ids", np.int64, len(keys))
    if not 0 < bits <= _MOST_BITS:
        raise ValueError(f"a directory of {bits} bits")
    check_array(segment, "directory", np.uint32, (1 << bits) + 1)
    blocks = check_array(segment, "blocks", np.uint32, None)
    if not len(blocks) or len(blocks) % kernels.BLOCK_WORDS:
        raise ValueError("a filter in part")
    if len(segment.arrays) != _ARRAYS:
        raise ValueError("arrays that do not belong here")


def _read_segment(segment: Segment) -> KeyTable:
    arrays = {name: read_only(array) for name, array in segment.arrays.items()}
    return KeyTable(str(segment.facts["algorithm"]), int(segment.facts["shift"]), **arrays)  # type: ignore[arg-type]
