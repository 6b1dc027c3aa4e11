"""The index of perceptual hashes on disk: segments that are searched where they lie, and grow by appending.

How a search works is told in `varde.known.perceptual_table`; how the files are kept in `varde.known.segment_folder`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import SiteBusy, WrongUse
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
from varde.known.segment_folder import Listed, SegmentFolder, Stamp, lock_file
from varde.known.segments import Facts, Segment

_KIND: Final = "perceptual"
_VERSION: Final = 1
_TAIL_ROWS: Final = 4_096
_APPEND_ROWS: Final = 1 << 18
"""An append merges small segments up to so many rows at once; larger ones are left to `merge`."""
_TIER: Final = 4
_CHECK_EVERY_S: Final = 1.0


class PerceptualIndex:
    """An index on disk that grows by its newest ids: memory-mapped segments, opened in milliseconds whatever the size.

    Convention: as `HashIndex`. Ids are positive and grow with time; the index knows up to which id it is complete.
    It is a copy of what the database holds: after `discard` it is filled again from id 0.
    One process appends at a time, one merges, any number search meanwhile. A kill at any moment leaves the index as it
    was before or after the call.
    """

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is read or made until it is used."""
        self._segments = SegmentFolder(folder, _KIND, _VERSION)
        self._opened: tuple[Stamp, float, list[Table]] | None = None

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
            merged = _choose_tail(writer.manifest.listed, len(ids))
            names = {listed.name for listed in merged}
            if names:
                earlier = _join(self._read_tables(names))
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
        return search_tables(self._refresh(), probes, max_distance)

    def merge(self) -> int:
        """Merges segments of similar size, so that a search meets few, and returns how many fewer there are.

        Meant for a background thread or process: searches and appends go on meanwhile. Memory: about 250 bytes a hash
        of the segments being merged, of which there are at most `MOST_ROWS`.

        Raises:
            IntegrityFailure: naming a segment that is damaged.
        """
        fewer = 0
        folder = self._segments.folder
        if not folder.is_dir():
            return fewer
        try:
            with lock_file(folder / "merge.lock", 0):
                while gained := self._merge_once():
                    fewer += gained
        except SiteBusy:  # another process is merging
            return fewer
        return fewer

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of the index.

        Raises:
            IntegrityFailure: naming the first segment that is damaged or missing.
        """
        return self._segments.verify()

    def discard(self) -> None:
        """Removes everything, damaged or not, so that it can be filled again."""
        self._segments.discard()
        self._opened = None

    def _merge_once(self) -> int:
        run = _choose_run(self._segments.read_manifest().listed)
        if not run:
            return 0
        names = {listed.name for listed in run}
        staged = self._segments.stage(*_write_table(*_join(self._read_tables(names))))
        with staged.file, self._segments.writer() as writer:
            if not names <= {listed.name for listed in writer.manifest.listed}:
                return 0  # an append merged some of them first; the next writer removes what was written
            writer.commit([staged], names)
        return len(run) - 1

    def _refresh(self) -> list[Table]:
        """Returns the tables that count now; the files themselves are looked at again once a second."""
        now, opened, stamp = time.monotonic(), self._opened, self._segments.read_manifest_stamp()
        if opened is None or opened[0] != stamp or now - opened[1] > _CHECK_EVERY_S:
            opened = (stamp, now, [_read_segment(each) for each in self._segments.snapshot().segments])
            self._opened = opened
        return opened[2]

    def _read_tables(self, names: Collection[str]) -> list[Table]:
        return [_read_segment(each) for each in self._segments.snapshot().segments if each.path.name in names]


def _read_segment(segment: Segment) -> Table:
    return read_table(segment.arrays, int(segment.facts["shift"]))


def _write_table(hashes: NDArray[np.uint8], ids: NDArray[np.int64]) -> tuple[Facts, Arrays]:
    table = build_table(hashes, ids)
    return {"rows": len(table), "shift": table.shift}, list_arrays(table)


def _join(tables: Sequence[Table]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    parts = [list_rows(table) for table in tables]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _choose_tail(listed: Sequence[Listed], rows: int) -> Sequence[Listed]:
    """Returns the last segments that new rows are merged with at once: a row is rewritten a few times in all."""
    start = len(listed)
    while rows and start:
        before = int(listed[start - 1].facts["rows"])
        if before + rows > _APPEND_ROWS or before > max(2 * rows, _TAIL_ROWS):
            break
        rows += before
        start -= 1
    return listed[start:]


def _choose_run(listed: Sequence[Listed]) -> Sequence[Listed]:
    """Returns the last segments that are worth merging: none is much larger than what follows it; none if none are."""
    start, rows = len(listed), 0
    while start:
        before = int(listed[start - 1].facts["rows"])
        if before + rows > MOST_ROWS or (rows and before > _TIER * rows):
            break
        rows += before
        start -= 1
    return listed[start:] if len(listed) - start > 1 else ()
