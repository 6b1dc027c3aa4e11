"""The item side of comparison: every stored probe in one column on disk, so that new known entries meet all of it.

A probe is a content's hash or one of its variants. A retro-hunt puts the few new entries into a `HashIndex` in memory
and streams the whole column past it: the files are not read again, nor is the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.known.perceptual import HashIndex
from varde.known.perceptual_table import compute_budgets
from varde.segments.container import Array, Facts, Pieces, Segment
from varde.segments.folder import Listed, SegmentFolder
from varde.segments.merging import OpenTables, choose_run, choose_tail, merge_runs

_KIND: Final = "probes"
_VERSION: Final = 1
_MOST_ROWS: Final = 1 << 40
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Probes:
    """Probes, one row each.

    Attributes:
        content_ids: (N,) int64, never descending.
        positions: (N,) int32, which of the content's hashes: the frame of a video.
        codes: (N,) uint8, which variant; 0 is the hash itself.
        hashes: (N, 32) uint8.
    """

    content_ids: NDArray[np.int64]
    positions: NDArray[np.int32]
    codes: NDArray[np.uint8]
    hashes: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Raises WrongUse if the columns do not fit one another."""
        rows = len(self.content_ids)
        for name, dtype, row_shape in _COLUMNS:
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != (rows, *row_shape):
                wanted = f"{name} must be {(rows, *row_shape)} {dtype}"
                raise WrongUse(f"{wanted}, not {column.shape} {column.dtype}")

    def __len__(self) -> int:
        """Returns the number of rows."""
        return len(self.content_ids)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Probes:
        """Returns some of the rows."""
        return Probes(self.content_ids[rows], self.positions[rows], self.codes[rows], self.hashes[rows])


@dataclass(frozen=True, slots=True)
class ProbeMatches:
    """Pairs of a stored probe and an entry's hash, one row each.

    Attributes:
        probes: (K,) rows of the column.
        ids: (K,) int64, as the index names its hashes.
        distances: (K,) int64, smaller is closer.
    """

    probes: Probes
    ids: NDArray[np.int64]
    distances: NDArray[np.int64]


class ProbeColumn:
    """All probes of a site on disk, 45 bytes each, in the order of their contents.

    It is a copy of what the database holds: after `discard` it is filled again from content 0. A content's probes are
    appended together. A kill at any moment leaves the column as it was before or after the call.
    """

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is read or made until it is used."""
        self._segments = SegmentFolder(folder, _KIND, _VERSION, _read_segment)
        self._tables = OpenTables(self._segments, _read_segment)

    @property
    def last_content(self) -> int:
        """The highest content the column is complete up to; 0 where it is empty.

        Raises:
            IntegrityFailure: if the column is damaged.
            WrongUse: if it was written by another version.
        """
        return int(self._segments.read_manifest().facts.get("last_content", 0))

    def __len__(self) -> int:
        """Returns the number of probes."""
        return sum(int(listed.facts["rows"]) for listed in self._segments.read_manifest().listed)

    def append(self, probes: Probes, *, up_to: int | None = None) -> None:
        """Adds the probes of further contents.

        Args:
            probes: of contents above `last_content`, each content whole.
            up_to: the content the column is complete up to afterwards, where that is above the last of these.

        Raises:
            WrongUse: if the contents are not ascending and above `last_content`.
            SiteBusy: if another process is appending for long.
            IntegrityFailure: if a segment to be merged is damaged.
        """
        contents = probes.content_ids
        if (np.diff(contents) < 0).any():
            raise WrongUse("probes must be in the order of their contents")
        with self._segments.writer() as writer:
            last = int(writer.manifest.facts.get("last_content", 0))
            if len(contents) and contents[0] <= last:
                raise WrongUse(f"the column is complete up to content {last}; {contents[0]} cannot be added any more")
            covered = max(last, up_to or 0, int(contents[-1]) if len(contents) else 0)
            names = [listed.name for listed in choose_tail(writer.manifest.listed, len(contents))]
            parts = [*(self._tables.select(names) if names else []), probes]
            staged = [self._segments.stage(*_write(parts))] if len(contents) else []
            writer.commit(staged, names, {"last_content": covered})

    def scan(self, index: HashIndex, max_distance: int, *, after_content: int = 0) -> Iterator[ProbeMatches]:
        """Yields every stored probe within the distance of a hash of the index, in pieces of bounded size.

        Pieces come in the order of the contents, so that an interrupted hunt goes on after the last whole content; a
        content may be spread over neighbouring pieces. Each pair is in exactly one piece.

        Args:
            index: of the new entries; up to 65,536 hashes it is searched at full speed (benchmarks/retro_hunt.py).
            max_distance: in bits, 0 to 31.
            after_content: leaves out this and earlier contents.

        Raises:
            WrongUse: if the distance cannot be searched exactly; at once.
            IntegrityFailure: naming a segment that is damaged or missing; at once.
        """
        compute_budgets(max_distance)
        return _scan(self._tables.refresh(), index, max_distance, after_content)

    def read(self) -> Iterator[Probes]:
        """Yields all stored probes in the order of their contents, in pieces of bounded size.

        Raises:
            IntegrityFailure: naming a segment that is damaged or missing; at once.
        """
        return _read(self._tables.refresh())

    def merge(self) -> int:
        """Merges segments of similar size and returns how many fewer there are; see `PerceptualIndex.merge`."""
        return merge_runs(self._segments, lambda listed: choose_run(listed, _MOST_ROWS), self._write_merged)

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of the column.

        Raises:
            IntegrityFailure: naming the first segment that is damaged or missing.
        """
        return self._segments.verify()

    def discard(self) -> None:
        """Removes everything, damaged or not, so that it can be filled again."""
        self._segments.discard()

    def _write_merged(self, run: Sequence[Listed]) -> tuple[Facts, Mapping[str, Array | Pieces]]:
        return _write(self._tables.select([listed.name for listed in run]))


_COLUMNS: Final[tuple[tuple[str, type[np.generic], tuple[int, ...]], ...]] = (
    ("content_ids", np.int64, ()),
    ("positions", np.int32, ()),
    ("codes", np.uint8, ()),
    ("hashes", np.uint8, (32,)),
)


def _scan(tables: Sequence[Probes], index: HashIndex, most: int, after: int) -> Iterator[ProbeMatches]:
    for table in tables:
        for low in range(int(np.searchsorted(table.content_ids, after, side="right")), len(table), _PIECE):
            some = table[low : low + _PIECE]
            for rows, ids, distances in index.search_batches(some.hashes, most):
                yield ProbeMatches(some[rows], ids, distances)


def _read(tables: Sequence[Probes]) -> Iterator[Probes]:
    for table in tables:
        for low in range(0, len(table), _PIECE):
            yield table[low : low + _PIECE]


def _write(parts: Sequence[Probes]) -> tuple[Facts, Mapping[str, Array | Pieces]]:
    arrays: dict[str, Array | Pieces] = {
        name: Pieces(np.dtype(dtype), row_shape, _list_pieces(parts, name)) for name, dtype, row_shape in _COLUMNS
    }
    return {"rows": sum(len(part) for part in parts)}, arrays


def _list_pieces(parts: Sequence[Probes], name: str) -> Iterator[Array]:
    for part in parts:
        for low in range(0, len(part), _PIECE):
            yield getattr(part, name)[low : low + _PIECE]


def _read_segment(segment: Segment) -> Probes:
    return Probes(**segment.arrays)  # type: ignore[arg-type]
