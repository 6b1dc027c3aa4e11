"""The rows of a gallery as they lie in a segment: codes that are mapped and scanned, vectors that are read when needed.

Only codes and scales become part of a process's memory. The float32 vectors, which are five times as large, are read
from the file row by row, as few as the scan leaves over.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure
from varde.faces.gallery_codes import MOST_DIMENSIONS, count_bytes, encode_vectors
from varde.faces.gallery_machine import ROWS
from varde.segments.container import Array, Facts, Pieces, Segment, check_array

Ids = NDArray[np.uint64]
Vectors = NDArray[np.float32]

ROWS_KIND: Final = "rows"
GONE_KIND: Final = "gone"

_MOST_VALUES: Final = 1 << 25
_GAP: Final = 8
"""Rows between two that are wanted, which are rather read with them than skipped."""


class VectorSource(Protocol):
    """Where float32 vectors are read from."""

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        """Returns the vectors of some rows, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class GalleryRows:
    """Rows that are searched together.

    Attributes:
        ids: (N,) uint64, rising.
        codes: flat uint8; this and the next two as `varde.faces.gallery_codes.Codes`.
        scales: (B * 16,) float32.
        residuals: (B,) float32.
        vectors: the (N, D) vectors themselves.
    """

    ids: Ids
    codes: NDArray[np.uint8]
    scales: NDArray[np.float32]
    residuals: NDArray[np.float32]
    vectors: VectorSource

    def __len__(self) -> int:
        """Returns the number of rows."""
        return len(self.ids)

    def find(self, ids: Ids) -> NDArray[np.int64]:
        """Returns the rows of those of the ids that are here."""
        places = np.searchsorted(self.ids, ids)
        places = np.minimum(places, len(self.ids) - 1) if len(self.ids) else places[:0]
        return np.unique(places[self.ids[places] == ids[: len(places)]])


class VectorFile:
    """The vectors in a segment's file, which stays readable after its name is removed."""

    def __init__(self, path: Path, offset: int, rows: int, dimensions: int) -> None:
        """Opens the file.

        Args:
            path: of the segment.
            offset: where its vectors begin, in bytes.
            rows, dimensions: of the vectors.

        Raises:
            FileNotFoundError: if it was removed meanwhile.
        """
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._close = weakref.finalize(self, os.close, self._descriptor)
        self._path = path
        self._offset = offset
        self._rows = rows
        self._dimensions = dimensions

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        """Returns the vectors of some rows, in their order."""
        found = np.empty((len(rows), self._dimensions), np.float32)
        order = np.argsort(rows, kind="stable")
        wanted = rows[order]
        starts = np.flatnonzero(np.diff(wanted, prepend=-_GAP - 1) > _GAP)
        ends = np.append(starts[1:], len(wanted))[: len(starts)]
        for start, end in zip(starts, ends, strict=True):
            some = wanted[start:end]
            found[order[start:end]] = self.read_span(int(some[0]), int(some[-1]) + 1)[some - some[0]]
        return found

    def read_span(self, first: int, last: int) -> Vectors:
        """Returns the vectors of the rows from one up to another."""
        row_bytes = 4 * self._dimensions
        data = os.pread(self._descriptor, (last - first) * row_bytes, self._offset + first * row_bytes)
        if last > self._rows or len(data) != (last - first) * row_bytes:
            raise IntegrityFailure(f"the segment {self._path} became shorter while it was read")
        return np.frombuffer(data, "<f4").reshape(-1, self._dimensions)


@dataclass(frozen=True, slots=True)
class VectorArray:
    """Vectors in memory."""

    array: Vectors

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        """Returns the vectors of some rows, in their order."""
        return self.array[rows]


def count_most_rows(dimensions: int) -> int:
    """Returns how many rows a segment has at most: what rewriting one for a deletion may cost is bounded by it."""
    return _MOST_VALUES // dimensions


def code_rows(ids: Ids, vectors: Vectors) -> GalleryRows:
    """Returns rows in memory; ids must rise."""
    codes = encode_vectors(vectors)
    return GalleryRows(ids, codes.codes.reshape(-1), codes.scales, codes.residuals, VectorArray(vectors))


def describe_rows(ids: Ids, vectors: Vectors) -> tuple[Facts, Mapping[str, Array | Pieces]]:
    """Returns facts and arrays of a segment of rows; ids must rise."""
    codes = encode_vectors(vectors)
    arrays: dict[str, Array | Pieces] = {
        "ids": ids,
        "codes": codes.codes,
        "scales": codes.scales,
        "residuals": codes.residuals,
        "vectors": vectors,
    }
    return {"kind": ROWS_KIND, "rows": len(ids), "dimensions": vectors.shape[1]}, arrays


def describe_gone(ids: Ids) -> tuple[Facts, Mapping[str, Array | Pieces]]:
    """Returns facts and arrays of a segment that says which ids of the segments before it are deleted."""
    return {"kind": GONE_KIND, "rows": len(ids)}, {"ids": ids}


def open_rows(segment: Segment) -> GalleryRows:
    """Returns the rows of a segment.

    Raises:
        FileNotFoundError: if it was removed meanwhile.
    """
    arrays: Mapping[str, Any] = segment.arrays
    rows, dimensions = arrays["vectors"].shape
    source = VectorFile(segment.path, segment.offsets["vectors"], rows, dimensions)
    return GalleryRows(arrays["ids"], arrays["codes"].reshape(-1), arrays["scales"], arrays["residuals"], source)


def check_segment(segment: Segment) -> None:
    """Raises ValueError if the arrays of a segment of a gallery do not fit one another."""
    ids = check_array(segment, "ids", np.uint64, int(segment.facts["rows"]))
    if segment.facts["kind"] == GONE_KIND:
        return
    dimensions, blocks = int(segment.facts["dimensions"]), -(-len(ids) // ROWS)
    if segment.facts["kind"] != ROWS_KIND or not 0 < dimensions <= MOST_DIMENSIONS:
        raise ValueError("neither rows nor deletions")
    check_array(segment, "codes", np.uint8, blocks, count_bytes(dimensions))
    check_array(segment, "scales", np.float32, blocks * ROWS)
    check_array(segment, "residuals", np.float32, blocks)
    check_array(segment, "vectors", np.float32, len(ids), dimensions)
