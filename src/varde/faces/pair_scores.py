"""Every picture compared with every other: mated scores in full, non-mated ones as a histogram and their upper tail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.errors import WrongUse
from varde.measures.estimate import Floats, Ints, Scores, number_groups

HIGHEST_RATE: Final = 0.01
"""The upper tail holds this share of the non-mated pairs: all that thresholds are made of."""

BINS: Final = 40_000
"""Of the histogram, over scores from -1 to 1."""

_PAIRS_AT_ONCE: Final = 4_000_000
_BODY: Final = 200_000


@dataclass(frozen=True, slots=True)
class PairScores:
    """Scores of all pairs of pictures of a set of people.

    Attributes:
        images: pictures by person, (people,).
        mated: scores of pairs of one person, with that person's number.
        mated_people: (mated,).
        histogram: of all non-mated scores, `BINS` counts from -1 to 1.
        tail: the highest non-mated scores, falling, with the two people of each.
        tail_people: (tail, 2).
        body: a random sample of all non-mated scores with their people, for what the tail does not tell.
        body_people: (body, 2).
    """

    images: Ints
    mated: Scores
    mated_people: Ints
    histogram: Ints
    tail: Scores
    tail_people: Ints
    body: Scores
    body_people: Ints

    @property
    def non_mated_pairs(self) -> int:
        """Number of pairs of pictures of different people."""
        return int(self.histogram.sum())


class _Upper:
    """Keeps the highest scores of a stream."""

    def __init__(self, wanted: int) -> None:
        self._wanted = max(1, wanted)
        self._scores: list[Scores] = []
        self._pairs: list[Ints] = []
        self._held = 0
        self._cut = -np.inf

    def add(self, scores: Scores, first: Ints, second: Ints) -> None:
        kept = np.flatnonzero(scores >= self._cut)
        self._scores.append(scores[kept])
        self._pairs.append(np.stack([first[kept], second[kept]], axis=1))
        self._held += len(kept)
        if self._held > 2 * self._wanted + 100_000:
            self._shrink()

    def finish(self) -> tuple[Scores, Ints]:
        self._shrink()
        return self._scores[0], self._pairs[0]

    def _shrink(self) -> None:
        scores, pairs = np.concatenate(self._scores), np.concatenate(self._pairs)
        order = np.argsort(-scores, kind="stable")[: self._wanted]
        self._scores, self._pairs, self._held = [scores[order]], [pairs[order]], len(order)
        if len(order) == self._wanted:
            self._cut = float(scores[order[-1]])


def compare_all(vectors: Scores, people: Ints, rng: np.random.Generator) -> PairScores:
    """Returns the scores of all pairs of pictures; of the non-mated ones no more than the tail stays in memory.

    Args:
        vectors: (N, D) float32 unit rows.
        people: (N,) who each is.
        rng: draws the sample of the body.

    Raises:
        WrongUse: if there are not two people, or vectors and labels do not pair up.
    """
    people = number_groups(people)
    if vectors.ndim != 2 or len(vectors) != len(people):
        raise WrongUse(f"{len(vectors)} vectors and {len(people)} labels do not pair up")
    images = np.bincount(people).astype(np.int64)
    if len(images) < 2:
        raise WrongUse("comparing needs pictures of two people at least", advice="Make one folder per person.")
    return _compare(np.ascontiguousarray(vectors, np.float32), people, images, rng)


def _compare(vectors: Scores, people: Ints, images: Ints, rng: np.random.Generator) -> PairScores:
    total = (int(images.sum()) ** 2 - int((images**2).sum())) // 2
    upper = _Upper(int(np.ceil(HIGHEST_RATE * total)))
    histogram = np.zeros(BINS, np.int64)
    mated: list[Scores] = []
    mated_people: list[Ints] = []
    body: list[Scores] = []
    body_people: list[Ints] = []
    step = max(1, _PAIRS_AT_ONCE // len(vectors))
    for start in range(0, len(vectors), step):
        rows, columns, scores = _compare_block(vectors, start, step)
        first, second = people[rows], people[columns]
        same = first == second
        mated.append(scores[same])
        mated_people.append(first[same])
        others, first, second = scores[~same], first[~same], second[~same]
        histogram += np.bincount(_find_bins(others), minlength=BINS)
        upper.add(others, first, second)
        drawn = np.flatnonzero(rng.random(len(others)) < _BODY / total)
        body.append(others[drawn])
        body_people.append(np.stack([first[drawn], second[drawn]], axis=1))
    tail, tail_people = upper.finish()
    return PairScores(
        images,
        np.concatenate(mated),
        np.concatenate(mated_people),
        histogram,
        tail,
        tail_people,
        np.concatenate(body),
        np.concatenate(body_people),
    )


def _compare_block(vectors: Scores, start: int, step: int) -> tuple[Ints, Ints, Scores]:
    """Returns rows, columns and scores of the pairs above the diagonal in a block of rows."""
    block = vectors[start : start + step] @ vectors[start:].T
    rows, columns = np.triu_indices(len(block), 1, block.shape[1])
    return rows + start, columns + start, block[rows, columns]


def _find_bins(scores: Scores) -> Ints:
    return np.clip(((scores.astype(np.float64) + 1) * (BINS / 2)).astype(np.int64), 0, BINS - 1)


def bin_scores() -> Floats:
    """Returns the middle of every bin of the histogram."""
    return (np.arange(BINS, dtype=np.float64) + 0.5) * (2 / BINS) - 1
