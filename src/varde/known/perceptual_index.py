"""The index of perceptual hashes on disk: segments that are searched where they lie, and grow by appending.

How a search works is told in `varde.known.perceptual_table`; how the files are kept in `varde.segments.folder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known.perceptual_kernels import CHUNKS
from varde.known.perceptual_table import (
    MAX_DISTANCE,
    MOST_ROWS,
    Arrays,
    Found,
    Table,
    build_table,
    list_arrays,
    list_rows,
    order_found,
    read_table,
    read_words,
    search_tables,
)
from varde.segments.compiled import LANES
from varde.segments.container import Facts, Segment, check_array, check_starts
from varde.segments.folder import SegmentFolder
from varde.segments.merging import OpenTables, choose_run, choose_tail, merge_runs

_KIND: Final = "perceptual"
_VERSION: Final = 1
_ARRAYS: Final = 6


class PerceptualIndex:
    """An index on disk that grows by its newest ids: memory-mapped segments, opened in milliseconds whatever the size.

    Convention: as `HashIndex`. Ids are positive and grow with time; the index knows up to which id it is complete.
    It is a copy of what the database holds: after `discard` it is filled again from id 0.
    One process appends at a time, one merges, any number search meanwhile. A kill at any moment leaves the index as it
    was before or after the call.
    """

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is read or made until it is used."""
        self._segments = SegmentFolder(folder, _KIND, _VERSION, _check_segment)
        self._tables = OpenTables(self._segments, _read_segment)

    @property
    def last_id(self) -> int:
        """The highest id the index is complete up to; 0 where it is empty.

        Raises:
            IntegrityFailure: if the index is damaged.
            WrongUse: if it was written by another version.
        """
        return int(self._segments.read_manifest().facts.get("last_id", 0))

    def __len__(self) -> int:
        """Returns the number of hashes."""
        return sum(int(listed.facts["rows"]) for listed in self._segments.read_manifest().listed)

    def append(self, hashes: NDArray[np.uint8], ids: NDArray[np.int64], *, up_to: int | None = None) -> None:
        """Adds hashes; they are found by searches that begin afterwards, in any process.

        Args:
            hashes: (N, 32) uint8; N may be 0.
            ids: (N,) int64, strictly ascending and above `last_id`.
            up_to: the id the index is complete up to afterwards, where that is above the last of `ids`.

        Raises:
            WrongUse: if the shapes, types or ids do not fit.
            SiteBusy: if another process is appending for long.
            IntegrityFailure: if a segment to be merged is damaged.
        """
        read_words(hashes)
        if ids.shape != (len(hashes),) or ids.dtype != np.int64 or (np.diff(ids) <= 0).any():
            raise WrongUse(f"ids must be ascending (N,) int64 for {len(hashes)} hashes, not {ids.shape} {ids.dtype}")
        with self._segments.writer() as writer:
            last = int(writer.manifest.facts.get("last_id", 0))
            if len(ids) and ids[0] <= last:
                raise WrongUse(f"the index is complete up to id {last}; {ids[0]} cannot be added any more")
            covered = max(last, up_to or 0, int(ids[-1]) if len(ids) else 0)
            merged = choose_tail(writer.manifest.listed, len(ids))
            names = [listed.name for listed in merged]
            if names:
                earlier = _join(self._tables.select(names))
                hashes, ids = np.concatenate([earlier[0], hashes]), np.concatenate([earlier[1], ids])
            staged = [
                self._segments.stage(*_write_table(hashes[at : at + MOST_ROWS], ids[at : at + MOST_ROWS]))
                for at in range(0, len(ids), MOST_ROWS)
            ]
            writer.commit(staged, names, {"last_id": covered})

    def search(self, probes: NDArray[np.uint8], max_distance: int = MAX_DISTANCE) -> Found:
        """Returns every pair of a probe and an indexed hash within the distance; as `HashIndex.search`.

        Raises:
            WrongUse: if the shapes, types or the distance do not fit.
            IntegrityFailure: naming a segment that is damaged or missing.
        """
        return order_found(self.search_batches(probes, max_distance))

    def search_batches(self, probes: NDArray[np.uint8], max_distance: int = MAX_DISTANCE) -> Iterator[Found]:
        """Yields what `search` returns in pieces of bounded size, in no order; all of one moment of the index.

        Raises:
            WrongUse, IntegrityFailure: as `search`, at once.
        """
        return search_tables(self._tables.refresh(), probes, max_distance)

    def merge(self) -> int:
        """Merges segments of similar size, so that a search meets few, and returns how many fewer there are.

        Meant for a background thread or process: searches and appends go on meanwhile. Memory: about 250 bytes a hash
        of the segments being merged, of which there are at most `MOST_ROWS`.

        Raises:
            IntegrityFailure: naming a segment that is damaged.
        """
        return merge_runs(
            self._segments,
            lambda listed: choose_run(listed, MOST_ROWS),
            lambda run: _write_table(*_join(self._tables.select([listed.name for listed in run]))),
        )

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of the index.

        Raises:
            IntegrityFailure: naming the first segment that is damaged or missing.
        """
        return self._segments.verify()

    def check(self) -> None:
        """Opens all of it, verified where that is due.

        Raises:
            IntegrityFailure: naming the segment that is damaged or missing.
            WrongUse: if it was written by another version.
        """
        self._tables.refresh()

    def discard(self) -> None:
        """Removes everything, damaged or not, so that it can be filled again."""
        self._segments.discard()


def _check_segment(segment: Segment) -> None:
    """Raises ValueError if the arrays do not fit one another; what is too long to look at, the kernels look at."""
    shift, words = int(segment.facts["shift"]), check_array(segment, "words", np.uint64, None, 4)
    ids, first = check_array(segment, "ids", np.int64, None), check_array(segment, "first", np.uint32, None)
    if len(words) > MOST_ROWS or not 0 <= shift < CHUNKS or len(first) not in (0, len(words) + 1):
        raise ValueError("more rows, groups or repeats than there can be")
    if (len(first) and (first[0], first[-1]) != (0, len(ids))) or (not len(first) and len(ids) != len(words)):
        raise ValueError(f"{len(ids)} ids for {len(words)} hashes")
    rows = len(words) if len(check_array(segment, "directory", np.uint32, None)) else 0
    groups = (1 << (CHUNKS - shift)) + 1 if rows else 0
    directory = check_array(segment, "directory", np.uint32, CHUNKS * groups)
    check_array(segment, "signatures", np.uint16, CHUNKS * (rows + LANES) if rows else 0)
    check_array(segment, "members", np.uint8, 3 * CHUNKS * rows)
    if len(segment.arrays) != _ARRAYS:
        raise ValueError("arrays that do not belong here")
    if rows:
        check_starts(directory.reshape(CHUNKS, groups), rows)


def _read_segment(segment: Segment) -> Table:
    return read_table(segment.arrays, int(segment.facts["shift"]))


def _write_table(hashes: NDArray[np.uint8], ids: NDArray[np.int64]) -> tuple[Facts, Arrays]:
    table = build_table(hashes, ids)
    return {"rows": len(table), "shift": table.shift}, list_arrays(table)


def _join(tables: Sequence[Table]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    parts = [list_rows(table) for table in tables]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
