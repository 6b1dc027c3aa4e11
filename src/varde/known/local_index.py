"""Finds known pictures that share local features with a query: an inverted file over words, in mapped segments.

Each point of a known picture is one posting under its pair of words (256 x 256): which picture, and its signature. A
query looks under the pairs of its nearest and second nearest words and counts, for every known picture, the points that
have a nearly equal one there. The pictures with most are candidates; whether they are copies is decided by
`varde.known.alignment`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.hashing.local_points import Points
from varde.known.alignment_kernels import find_best, vote
from varde.known.local_view import View, see
from varde.segments.container import Array, Pieces, Segment, check_array, check_starts
from varde.segments.folder import FolderWriter, SegmentFolder

KIND: Final = "local"
VERSION: Final = 1
_ARRAYS: Final = 4

MAX_CANDIDATES: Final = 24
SEGMENT_PICTURES: Final = 20_000

_CELLS: Final = 1 << 16
_MAX_BITS: Final = 28
_SPREAD_BITS: Final = 16.0
_LONGEST_SHARE: Final = 1 / 2000
_LEAST_LONGEST: Final = 4_000
_SEGMENTS: Final = 4
_CELLS_AT_ONCE: Final = 2_048


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known picture that may be in the query.

    Attributes:
        known_id: ``entry_id << 20 | position``.
        votes: larger is likelier; comparable within one search only.
        view: as what the query has these votes.
    """

    known_id: int
    votes: float
    view: View


class LocalIndex:
    """The index of a folder; cheap to make, opened at the first search, one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Names the folder, which need not exist."""
        self._folder = SegmentFolder(folder, KIND, VERSION, _check_segment)

    @property
    def last_id(self) -> int:
        """The known id up to which the index is complete; 0 where it is empty."""
        return int(self._folder.read_manifest().facts.get("last_id", 0))

    def __len__(self) -> int:
        """Returns the number of pictures."""
        return sum(int(listed.facts["pictures"]) for listed in self._folder.read_manifest().listed)

    def append(self, known: Iterable[tuple[int, Points]], up_to: int = 0) -> int:
        """Adds pictures in the order of their ids and returns how many were new.

        Pictures up to `last_id` are left out, so that the same call twice, or by two processes, adds them once. Each
        segment counts as soon as it is complete: after an interruption the next call adds the rest.

        Args:
            known: id and features, ids ascending.
            up_to: the id up to which the index is complete afterwards, where that is beyond the last picture.

        Raises:
            SiteBusy: if another process is writing for too long.
        """
        added = 0
        rest = iter(known)
        with self._folder.writer() as writer:
            while batch := list(islice(rest, SEGMENT_PICTURES)):
                added += self._add_segment(writer, batch)
            if up_to > int(writer.manifest.facts.get("last_id", 0)):
                writer.commit(facts={"last_id": up_to})
            self._merge(writer)
        return added

    def check(self) -> None:
        """Opens all of it, verified where that is due.

        Raises:
            IntegrityFailure: naming the segment that is damaged or missing.
            WrongUse: if it was written by another version.
        """
        self._folder.snapshot()

    def discard(self) -> None:
        """Removes the index; it is built again from the database."""
        self._folder.discard()

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of each.

        Raises:
            IntegrityFailure: naming the first that is damaged or missing.
        """
        return self._folder.verify()

    def search(self, query: Points, limit: int = MAX_CANDIDATES) -> list[Candidate]:
        """Returns the known pictures that share most points with the query in any view, most votes first.

        Args:
            query: of the picture in question.
            limit: how many at most; a collage of many known pictures needs as many.
        """
        best: dict[int, Candidate] = {}
        snapshot = self._folder.snapshot()
        for view, points in see(query).items():
            for segment in snapshot.segments:
                for candidate in _search_segment(segment, points, view, limit):
                    before = best.get(candidate.known_id)
                    if before is None or candidate.votes > before.votes:
                        best[candidate.known_id] = candidate
        return sorted(best.values(), key=lambda each: (-each.votes, each.known_id))[:limit]

    def _add_segment(self, writer: FolderWriter, batch: list[tuple[int, Points]]) -> int:
        last = int(writer.manifest.facts.get("last_id", 0))
        batch = [each for each in batch if each[0] > last]
        if batch:
            staged = self._folder.stage({"pictures": len(batch)}, _build(batch))
            writer.commit([staged], facts={"last_id": batch[-1][0]})
        return len(batch)

    def _merge(self, writer: FolderWriter) -> None:
        """Joins the last segments where there are many: each picture is rewritten a few times at most."""
        listed = writer.manifest.listed
        if len(listed) <= _SEGMENTS:
            return
        first = len(listed) - 1
        total = int(listed[first].facts["pictures"])
        while first and int(listed[first - 1].facts["pictures"]) <= 2 * total:
            first -= 1
            total += int(listed[first].facts["pictures"])
        if first < len(listed) - 1:
            staged = self._folder.stage({"pictures": total}, _join(self._folder.snapshot().segments[first:]))
            writer.commit([staged], remove=[each.name for each in listed[first:]])


def compute_cells(points: Points) -> NDArray[np.int32]:
    """Returns (N, 4) int32: pairs of words, nearest first, as numbers."""
    first, second, third, fourth = points.words.astype(np.int32).T
    return np.stack([first << 8 | second, third << 8 | second, first << 8 | fourth, third << 8 | fourth], axis=1)


def _build(batch: Sequence[tuple[int, Points]]) -> dict[str, Array | Pieces]:
    counts = [len(points) for _, points in batch]
    cells = np.concatenate([compute_cells(points)[:, 0] for _, points in batch])
    order = np.argsort(cells, kind="stable")
    starts = np.zeros(_CELLS + 1, np.int64)
    np.cumsum(np.bincount(cells, minlength=_CELLS), out=starts[1:])
    signatures = np.concatenate([points.signatures for _, points in batch])[order]
    return {
        "ids": np.array([known_id for known_id, _ in batch], np.int64),
        "starts": starts,
        "pictures": np.repeat(np.arange(len(batch), dtype=np.uint32), counts)[order],
        "signatures": np.ascontiguousarray(signatures).view(np.uint64),
    }


def _join(segments: Sequence[Segment]) -> dict[str, Array | Pieces]:
    """Returns the arrays of all segments as of one, made piece by piece."""
    parts: list[Mapping[str, Any]] = [segment.arrays for segment in segments]
    firsts = np.cumsum([0, *(len(part["ids"]) for part in parts)]).astype(np.uint32)

    def gather(name: str) -> Iterator[Any]:
        for cell in range(0, _CELLS, _CELLS_AT_ONCE):
            pieces, keys = [], []
            for part, first in zip(parts, firsts, strict=False):
                starts = part["starts"]
                span = slice(int(starts[cell]), int(starts[cell + _CELLS_AT_ONCE]))
                sizes = np.diff(starts[cell : cell + _CELLS_AT_ONCE + 1])
                pieces.append(part[name][span] + (first if name == "pictures" else np.uint64(0)))
                keys.append(np.repeat(np.arange(_CELLS_AT_ONCE), sizes))
            yield np.concatenate(pieces)[np.argsort(np.concatenate(keys), kind="stable")]

    return {
        "ids": np.concatenate([part["ids"] for part in parts]),
        "starts": np.asarray(sum(part["starts"] for part in parts), np.int64),
        "pictures": Pieces(np.dtype(np.uint32), (), gather("pictures")),
        "signatures": Pieces(np.dtype(np.uint64), (2,), gather("signatures")),
    }


def _check_segment(segment: Segment) -> None:
    """Raises ValueError if the arrays do not fit one another; what is too long to look at, the kernels look at."""
    check_array(segment, "ids", np.int64, int(segment.facts["pictures"]))
    pictures = check_array(segment, "pictures", np.uint32, None)
    check_array(segment, "signatures", np.uint64, len(pictures), 2)
    check_starts(check_array(segment, "starts", np.int64, _CELLS + 1), len(pictures))
    if len(segment.arrays) != _ARRAYS:
        raise ValueError("arrays that do not belong here")


def _search_segment(segment: Segment, points: Points, view: View, limit: int) -> list[Candidate]:
    arrays = segment.arrays
    ids, postings = arrays["ids"], len(arrays["pictures"])
    scores = np.zeros(len(ids), np.float32)
    stamps = np.full(len(ids), -1, np.int32)
    longest = max(_LEAST_LONGEST, int(postings * _LONGEST_SHARE))
    worth = np.exp(-np.square(np.arange(_MAX_BITS + 1) / _SPREAD_BITS)).astype(np.float32)
    query = np.ascontiguousarray(points.signatures).view(np.uint64)
    vote(
        arrays["starts"], arrays["pictures"], arrays["signatures"], compute_cells(points), query,
        longest, worth, scores, stamps,
    )  # fmt: skip
    best = np.empty(min(limit, len(ids)), np.int64)
    count = find_best(scores, best)
    return [Candidate(int(ids[at]), float(scores[at]), view) for at in best[:count]]
