"""Looks for one camera in the sketches of all cases: which pictures are close enough to be read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.middle import find_middle
from varde.camera.sketch_hunt import LEAST_Z, SketchHunter
from varde.pipeline.sketch_sources import open_files
from varde.store.camera_marks import HuntedContent, list_sketched
from varde.store.site import Site
from varde.store.sketch_files import MappedSketches

BATCH: Final = 2_000
"""Pictures looked at between two records of how far the hunt is."""

_RUN: Final = 256
"""Sketches compared at once: a few tens of megabytes of a mapped file."""


@dataclass(frozen=True, slots=True)
class Close:
    """A picture whose sketch agrees with a camera's pattern.

    Attributes:
        z: by how many standard deviations more than by chance.
    """

    content: HuntedContent
    z: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking at a batch of sketches gave.

    Attributes:
        up_to: row number of the last content of the batch.
        sketches: how many were compared.
        missing: how many could not be, since their file of sketches has lost them or holds something else.
        close: those to be read again, by row number.
    """

    up_to: int
    sketches: int
    missing: int
    close: tuple[Close, ...]


def look_at_sketches(
    site: Site, hunter: SketchHunter, *, after: int, case_id: int | None = None, least_z: float = LEAST_Z
) -> Iterator[Looked]:
    """Yields what comparing a camera's pattern with the sketches of pictures of its size gives, batch by batch.

    Args:
        site: where they are.
        hunter: the camera's fingerprint.
        after: row number of the content before the first.
        case_id: only pictures of a case; None for all.
        least_z: from which z on a picture is close.
    """
    sizes = hunter.list_sizes()
    mapped: dict[tuple[int, int], MappedSketches] = {}
    while True:
        with site.database.read() as connection:
            batch = list_sketched(connection, sizes, after=after, limit=BATCH, case_id=case_id)
        if not batch:
            return
        close: list[Close] = []
        missing = 0
        batch.sort(key=_size)
        for size, some in groupby(batch, _size):
            found, lost = _compare(hunter, size, list(some), _open(site, mapped, size), least_z)
            close += found
            missing += lost
        after = max(one.content_id for one in batch)
        close.sort(key=lambda one: one.content.content_id)
        yield Looked(after, len(batch) - missing, missing, tuple(close))


def _size(content: HuntedContent) -> tuple[int, int]:
    return content.height_px, content.width_px


def _open(site: Site, mapped: dict[tuple[int, int], MappedSketches], size: tuple[int, int]) -> MappedSketches:
    """Returns the sketches of pictures of a size, mapped once for a hunt."""
    middle = find_middle(*size)
    shape = middle.height_px, middle.width_px
    if shape not in mapped:
        mapped[shape] = open_files(site).open(shape, 8 * middle.words)
    return mapped[shape]


def _compare(
    hunter: SketchHunter, size: tuple[int, int], contents: Sequence[HuntedContent], found: MappedSketches, least: float
) -> tuple[list[Close], int]:
    """Returns which of these pictures of one size are close, and how many have no sketch in the file."""
    rows = [(found.places[one.sha256], one) for one in contents if one.sha256 in found.places]
    rows.sort(key=lambda pair: pair[0])
    close = []
    for run in _split_runs([row for row, _ in rows]):
        z: NDArray[np.float32] = hunter.scan(found.words[rows[run.start][0] : rows[run.stop - 1][0] + 1], size)
        close += [
            Close(content, float(score)) for (_, content), score in zip(rows[run], z, strict=True) if score >= least
        ]
    return close, len(contents) - len(rows)


def _split_runs(rows: Sequence[int]) -> Iterator[slice]:
    """Yields runs of rows that follow one another, as slices of the sequence; none is longer than `_RUN`."""
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or rows[at] != rows[at - 1] + 1 or at - start >= _RUN:
            yield slice(start, at)
            start = at
