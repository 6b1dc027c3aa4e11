"""From embeddings of people whose ages are known to a calibration, and its check on people it was not made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from varde.core.age import AgeBand
from varde.core.outcome import NotComparable
from varde.faces.calibration import BandTable
from varde.faces.calibration_fit import Measured, fit_band
from varde.measures.estimate import Floats, Ints, Scores, number_groups
from varde.measures.ratio_check import CalibrationCheck, check_ratios

QUALITY_EDGES: Final = (20, 45, 70)
"""Where the bands of quality begin, of the worse of two faces."""

_MOST_FACES: Final = 8_000
_BLOCK: Final = 512


@dataclass(frozen=True, slots=True)
class PeopleFaces:
    """Faces of people, row by row.

    Attributes:
        vectors: (N, D) float32 unit rows.
        people: (N,) who each is.
        pictures: (N,) which picture each is from: versions of one picture are never compared.
        quality: (N,) 0-100.
        ages: (N,) position in `AgeBand` when the picture was taken.
    """

    vectors: Scores
    people: Ints
    pictures: Ints
    quality: Ints
    ages: Ints

    def take(self, rows: Ints) -> PeopleFaces:
        """Returns some of the faces."""
        people, pictures, quality, ages = (part[rows] for part in (self.people, self.pictures, self.quality, self.ages))
        return PeopleFaces(self.vectors[rows], people, pictures, quality, ages)


@dataclass(frozen=True, slots=True)
class BandOutcome:
    """What came of one band: its table and how good it is on other people, or why there is none.

    Attributes:
        check: tables of one half of the people on the other half, both ways; None where a half is too small.
    """

    age: AgeBand
    least_quality: int
    table: BandTable | NotComparable
    check: CalibrationCheck | None


def calibrate(faces: PeopleFaces, rng: np.random.Generator) -> list[BandOutcome]:
    """Returns what scores are worth in every band of age and quality that there are faces of.

    Only people of one age band are compared with each other: what a stranger of the same age scores is what counts.
    """
    outcomes = []
    for position, age in enumerate(AgeBand):
        rows = np.flatnonzero(faces.ages == position)
        if len(rows):
            outcomes += _calibrate_age(_limit(faces.take(rows), rng), age, rng)
    return outcomes


def measure_bands(faces: PeopleFaces) -> dict[int, Measured]:
    """Returns the scores of all pairs by the least quality of the band that their worse face is in."""
    found: dict[int, list[tuple[Scores, Scores, Ints, Ints]]] = {edge: [] for edge in QUALITY_EDGES}
    for start in range(0, len(faces.people), _BLOCK):
        _measure_block(faces, start, found)
    return {edge: _join(parts) for edge, parts in found.items()}


def _measure_block(faces: PeopleFaces, start: int, found: dict[int, list[tuple[Scores, Scores, Ints, Ints]]]) -> None:
    scores = faces.vectors[start : start + _BLOCK] @ faces.vectors[start:].T
    rows, columns = np.triu_indices(len(scores), 1, scores.shape[1])
    values = scores[rows, columns]
    first, second = rows + start, columns + start
    worse = np.minimum(faces.quality[first], faces.quality[second])
    same = faces.people[first] == faces.people[second]
    fresh = faces.pictures[first] != faces.pictures[second]
    for edge, end in zip(QUALITY_EDGES, (*QUALITY_EDGES[1:], 101), strict=True):
        inside = (worse >= edge) & (worse < end)
        mated, others = inside & same & fresh, inside & ~same
        everybody = np.union1d(np.unique(faces.people[first[inside]]), np.unique(faces.people[second[inside]]))
        found[edge].append((values[mated], values[others], everybody, np.unique(faces.people[first[mated]])))


def _join(parts: list[tuple[Scores, Scores, Ints, Ints]]) -> Measured:
    mated, others, people, mated_people = (list(column) for column in zip(*parts, strict=True))
    return Measured(
        np.concatenate(mated).astype(np.float64),
        np.concatenate(others).astype(np.float64),
        len(np.unique(np.concatenate(people))),
        len(np.unique(np.concatenate(mated_people))),
    )


def _calibrate_age(faces: PeopleFaces, age: AgeBand, rng: np.random.Generator) -> list[BandOutcome]:
    whole = measure_bands(faces)
    count = int(number_groups(faces.people).max()) + 1
    side = (rng.permutation(count) % 2)[number_groups(faces.people)]
    halves = [measure_bands(faces.take(np.flatnonzero(side == number))) for number in (0, 1)]
    outcomes = []
    for edge, measured in whole.items():
        table = fit_band(measured, age, edge)
        check = None if isinstance(table, NotComparable) else _check([half[edge] for half in halves], age, edge)
        outcomes.append(BandOutcome(age, edge, table, check))
    return outcomes


def _check(halves: Sequence[Measured], age: AgeBand, edge: int) -> CalibrationCheck | None:
    """Returns how good the ratios of each half's table are on the other half; None where one is too small."""
    given: list[tuple[Floats, Floats]] = []
    for mine, other in ((0, 1), (1, 0)):
        # Half as many people bear half as much; what is checked is the table, not the number of people.
        table = fit_band(replace(halves[mine], mated_people=max(halves[mine].mated_people, 30)), age, edge)
        if isinstance(table, NotComparable) or min(len(halves[other].mated), len(halves[mine].mated)) < 30:
            return None
        given.append(apply_table(table, halves[other]))
    mated = np.concatenate([halves[1].mated, halves[0].mated])
    others = np.concatenate([halves[1].non_mated, halves[0].non_mated])
    ratios = [np.concatenate([part[number] for part in given]) for number in (0, 1)]
    return check_ratios(ratios[0], ratios[1], mated, others)


def apply_table(table: BandTable, measured: Measured) -> tuple[Floats, Floats]:
    """Returns the log10 likelihood ratios of mated and non-mated scores."""
    mated, others = (
        np.interp(part, table.scores, table.log10_lrs).astype(np.float64)
        for part in (measured.mated, measured.non_mated)
    )
    return mated, others


def _limit(faces: PeopleFaces, rng: np.random.Generator) -> PeopleFaces:
    """Returns no more faces than can be compared with each other, of whole people."""
    if len(faces.people) <= _MOST_FACES:
        return faces
    numbers = number_groups(faces.people)
    order = rng.permutation(int(numbers.max()) + 1)
    kept = order[np.cumsum(np.bincount(numbers)[order]) <= _MOST_FACES]
    return faces.take(np.flatnonzero(np.isin(numbers, kept)))
