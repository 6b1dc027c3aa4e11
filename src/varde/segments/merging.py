"""How an index of segments grows: small appends are merged at once, larger segments in the background, by size.

A row is rewritten a few times in all (logarithmically often), and a search meets few segments.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Generic, TypeVar

from varde.core.errors import SiteBusy
from varde.segments.container import Array, Facts, Pieces, Segment
from varde.segments.folder import Listed, SegmentFolder, Stamp, lock_file

TAIL_ROWS: Final = 4_096
"""A segment smaller than this is the tail: every append rewrites it."""

APPEND_ROWS: Final = 1 << 18
"""An append merges small segments up to so many rows at once; larger ones are left to `merge_runs`."""

_TIER: Final = 4
_CHECK_EVERY_S: Final = 1.0

Table = TypeVar("Table")


class OpenTables(Generic[Table]):
    """What is read from the segments that count, kept until they change."""

    def __init__(self, folder: SegmentFolder, read: Callable[[Segment], Table]) -> None:
        self._folder = folder
        self._read = read
        self._opened: tuple[Stamp, float, list[Table]] | None = None

    def refresh(self) -> list[Table]:
        """Returns the tables that count now; that the files are unchanged is looked at again once a second.

        Raises:
            IntegrityFailure, WrongUse: as `SegmentFolder.snapshot`.
        """
        now, opened, stamp = time.monotonic(), self._opened, self._folder.read_manifest_stamp()
        if opened is None or opened[0] != stamp or now - opened[1] > _CHECK_EVERY_S:
            opened = (stamp, now, [self._read(each) for each in self._folder.snapshot().segments])
            self._opened = opened
        return opened[2]

    def select(self, names: Collection[str]) -> list[Table]:
        """Returns the tables of the segments of these names, in the manifest's order."""
        return [self._read(each) for each in self._folder.snapshot().segments if each.path.name in names]


def choose_tail(listed: Sequence[Listed], rows: int) -> Sequence[Listed]:
    """Returns the last segments that so many new rows are merged with at once."""
    start = len(listed)
    while rows and start:
        before = int(listed[start - 1].facts["rows"])
        if before + rows > APPEND_ROWS or before > max(2 * rows, TAIL_ROWS):
            break
        rows += before
        start -= 1
    return listed[start:]


def choose_run(listed: Sequence[Listed], most_rows: int) -> Sequence[Listed]:
    """Returns the last segments that are worth merging: none is much larger than what follows; empty if none are.

    Args:
        listed: the segments that may be merged with one another, oldest first.
        most_rows: of a merged segment.
    """
    start, rows = len(listed), 0
    while start:
        before = int(listed[start - 1].facts["rows"])
        if before + rows > most_rows or (rows and before > _TIER * rows):
            break
        rows += before
        start -= 1
    return listed[start:] if len(listed) - start > 1 else ()


def merge_runs(
    folder: SegmentFolder,
    choose: Callable[[Sequence[Listed]], Sequence[Listed]],
    write: Callable[[Sequence[Listed]], tuple[Facts, Mapping[str, Array | Pieces]]],
) -> int:
    """Merges while there is something to merge, and returns how many segments fewer there are.

    Others search and append meanwhile; if another process is merging, nothing is done.

    Args:
        folder: of the index.
        choose: which of the segments that count to merge next; none when done.
        write: facts and arrays of the segment that takes the place of those.
    """
    if not folder.folder.is_dir():
        return 0
    fewer = 0
    try:
        with lock_file(folder.folder / "merge.lock", 0):
            while run := choose(folder.read_manifest().listed):
                gained = _merge(folder, run, write)
                fewer += gained
                if not gained:
                    break
    except SiteBusy:
        return fewer
    return fewer


def _merge(
    folder: SegmentFolder,
    run: Sequence[Listed],
    write: Callable[[Sequence[Listed]], tuple[Facts, Mapping[str, Array | Pieces]]],
) -> int:
    names = [listed.name for listed in run]
    staged = folder.stage(*write(run))
    with staged.file, folder.writer() as writer:
        if not {*names} <= {listed.name for listed in writer.manifest.listed}:
            return 0  # an append merged some of them first; the next writer removes what was written
        writer.commit([staged], names)
    return len(run) - 1
