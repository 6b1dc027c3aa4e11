"""Exact search of a gallery: the codes say which rows may be among the closest, their vectors say which are.

1. Every row's code is compared with the probe's. A row is left out if the most that its true score can be is less than
   what counts; what counts is guessed from the K-th largest score of codes so far, or asked for.
2. The rows that are left are read and scored, those first that may be closest, until none of the others can be closer
   than the K-th.
3. If the K-th true score is less than the highest bound at which step 1 left a row out, the guess was too high, and
   step 1 is made again with what is certain now. So the answer never rests on the guess.

Order: larger scores first, of equal scores the smaller id; a score is the float64 sum of products rounded to float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.faces.gallery_codes import CodedProbes, encode_probes
from varde.faces.gallery_kernels import scan, score_rows
from varde.faces.gallery_machine import PROBES, ROWS
from varde.faces.gallery_rows import GalleryRows, Ids, Vectors

Scores = NDArray[np.float32]
Mask = NDArray[np.uint8]
Found = tuple[Ids, Scores]

ALL: Final = np.empty(0, np.uint8)
"""The mask of a table in which every row counts."""

LEAST: Final = -2.0
"""Less than any score."""

_BLOCKS: Final = 2_048
_MARGIN: Final = 0.01
_READ_AT_LEAST: Final = 64


def search_rows(
    tables: Sequence[tuple[GalleryRows, Mask]], probes: Vectors, k: int, at_least: float = LEAST
) -> list[Found]:
    """Returns the closest rows of each probe: ids and scores, at most `k`, none below `at_least`.

    Args:
        tables: rows and which of them count: (N,) uint8, or `ALL`.
        probes: (P, D) float32 unit vectors.
        k: how many at most, at least 1.
        at_least: the least score that counts.
    """
    coded = encode_probes(probes)
    groups = [
        _Group(probes[first : first + PROBES], _select(coded, first, len(probes)), k, at_least)
        for first in range(0, len(probes), PROBES)
    ]
    _scan(tables, groups)
    found: list[Found] = []
    for group in groups:
        answers = [_rank(tables, group, place) for place in range(len(group.probes))]
        if any(answer is None for answer in answers):
            answers = _search_again(tables, group, answers)
        found += [answer for answer in answers if answer is not None]
    return found


@dataclass(slots=True)
class _Group:
    """Probes that are compared together, and what is known of their closest rows."""

    probes: Vectors
    coded: CodedProbes
    k: int
    at_least: float
    floors: Scores = field(init=False)
    heaps: NDArray[np.float32] = field(init=False)
    margin: float = _MARGIN
    places: list[list[tuple[int, NDArray[np.uint32], Scores]]] = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.coded)
        self.floors = np.full(size, np.float32(self.at_least), np.float32)
        self.floors[len(self.probes) :] = np.inf
        self.heaps = np.full((size, self.k), -np.inf, np.float32)
        self.places = [[] for _ in range(size)]


def _select(coded: CodedProbes, first: int, last: int) -> CodedProbes:
    last = min(last, first + PROBES)
    return coded.select(first, last, 1 if last - first == 1 else PROBES)


def _scan(tables: Sequence[tuple[GalleryRows, Mask]], groups: Sequence[_Group]) -> None:
    """Collects for every group the rows that may count, piece by piece, so that a piece is near for all of them."""
    rows = np.empty((PROBES, _BLOCKS * ROWS), np.uint32)
    bounds = np.empty((PROBES, _BLOCKS * ROWS), np.float32)
    for number, (table, mask) in enumerate(tables):
        if len(mask) and not mask.any():
            continue
        for first in range(0, len(table.residuals), _BLOCKS):
            blocks = np.array([first, min(first + _BLOCKS, len(table.residuals))])
            for group in groups:
                _scan_piece(table, mask, blocks, group, rows, bounds, number)


def _scan_piece(
    table: GalleryRows, mask: Mask, blocks: NDArray[np.int64], group: _Group, rows: Any, bounds: Any, number: int
) -> None:
    coded, counts = group.coded, np.zeros(len(group.coded), np.int64)
    scan(
        table.codes, table.scales, table.residuals, blocks, len(table), coded.words.reshape(-1), coded.factors,
        coded.biases, coded.spreads, coded.slacks, group.floors, np.float32(group.margin), group.heaps, mask,
        rows, bounds, counts,
    )  # fmt: skip
    for place in np.flatnonzero(counts):
        some = slice(int(counts[place]))
        group.places[place].append((number, rows[place, some].copy(), bounds[place, some].copy()))


def _rank(tables: Sequence[tuple[GalleryRows, Mask]], group: _Group, place: int) -> Found | None:
    """Returns the closest rows of a probe, or None if what was left out may have been among them."""
    ids, scores = _score(tables, group, place)
    certain = max(float(scores[-1]), group.at_least) if len(scores) == group.k else group.at_least
    if certain < float(group.floors[place]) and group.margin < np.inf:
        group.floors[place] = np.float32(certain)
        return None
    return ids, scores


def _score(tables: Sequence[tuple[GalleryRows, Mask]], group: _Group, place: int) -> Found:
    """Returns the closest of the rows that were not left out."""
    numbers, rows, bounds = _collect(group, place)
    ids, scores = np.empty(0, np.uint64), np.empty(0, np.float32)
    step = max(_READ_AT_LEAST, 2 * group.k)
    for first in range(0, len(rows), step):
        last = np.float32(scores[-1]) if len(scores) == group.k else np.float32(group.at_least)
        if bounds[first] < last:
            break
        some = slice(first, first + step)
        more = _read(tables, numbers[some], rows[some], group.probes[place])
        counts = more[1] >= np.float32(group.at_least)
        ids, scores = np.concatenate([ids, more[0][counts]]), np.concatenate([scores, more[1][counts]])
        order = np.lexsort((ids, -scores))[: group.k]
        ids, scores = ids[order], scores[order]
    return ids, scores


def _collect(group: _Group, place: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Scores]:
    """Returns table, row and bound of what was not left out, the largest bound first."""
    found = group.places[place]
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    bounds = np.concatenate([each for _, _, each in found])
    rows = np.concatenate([each for _, each, _ in found]).astype(np.int64)
    numbers = np.repeat([number for number, _, _ in found], [len(each) for _, each, _ in found])
    kept = np.flatnonzero(bounds >= group.floors[place])
    kept = kept[np.argsort(-bounds[kept], kind="stable")]
    return numbers[kept], rows[kept], bounds[kept]


def _read(
    tables: Sequence[tuple[GalleryRows, Mask]], numbers: NDArray[np.int64], rows: NDArray[np.int64], probe: Any
) -> Found:
    ids, scores = np.empty(len(rows), np.uint64), np.empty(len(rows), np.float32)
    for number in np.unique(numbers):
        here = np.flatnonzero(numbers == number)
        table = tables[number][0]
        found = np.empty(len(here), np.float32)
        score_rows(table.vectors.read(rows[here]), probe, found)
        ids[here], scores[here] = table.ids[rows[here]], found
    return ids, scores


def _search_again(
    tables: Sequence[tuple[GalleryRows, Mask]], group: _Group, answers: list[Found | None]
) -> list[Found | None]:
    """Returns the answers after scanning once more for those that have none, with what is certain of them."""
    for place, answer in enumerate(answers):
        group.places[place] = []
        if answer is not None:
            group.floors[place] = np.inf
    group.margin = np.inf
    _scan(tables, [group])
    return [_rank(tables, group, place) if answer is None else answer for place, answer in enumerate(answers)]
