"""Joins stretches of faces in one video into tracks by their embeddings; two of one frame are never joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import numpy as np

from varde.faces.raw import Floats, RawFace

NEAR_S: Final = 3.0
"""Seconds between two stretches within which place still says something."""

_MOST_DISTANCE: Final = 1.5
_MOST_SIZE_CHANGE: Final = 1.6


@dataclass(frozen=True, slots=True)
class TrackRules:
    """From which cosine of their embeddings on two stretches are one person's.

    Attributes:
        in_place: where one begins soon after the other ended, at about the same place and size.
        over_gaps: anywhere else in the video.
    """

    in_place: float
    over_gaps: float


class Joinable(Protocol):
    """What is joined; see `varde.faces.tracks.Stretch`."""

    @property
    def seen(self) -> list[int]:
        """Numbers of the frames in which it was seen."""
        ...

    @property
    def first_s(self) -> float:
        """When it was first seen."""
        ...

    @property
    def last_s(self) -> float:
        """When it was last seen."""
        ...

    @property
    def first(self) -> RawFace:
        """As it was first seen."""
        ...

    @property
    def last(self) -> RawFace:
        """As it was last seen."""
        ...

    @property
    def vector(self) -> Floats | None:
        """Unit embedding."""
        ...


One = TypeVar("One", bound=Joinable)


@dataclass(slots=True, eq=False)
class Joined(Generic[One]):
    """Stretches of one person."""

    stretches: list[One]
    seen: set[int]
    total: Floats | None
    """Sum of their embeddings."""


def join_stretches(stretches: Sequence[One], rules: TrackRules) -> list[Joined[One]]:
    """Returns the stretches by person: the best agreeing pairs are joined first.

    Joining wants agreement of the two stretches, and, over gaps, of all that was joined before on both sides with one
    another, so that chains of look-alikes do not form.
    """
    groups = [Joined([one], set(one.seen), one.vector) for one in stretches]
    owner = list(range(len(groups)))

    def find(number: int) -> int:
        while owner[number] != number:
            owner[number] = owner[owner[number]]
            number = owner[number]
        return number

    for first, second, score in _list_pairs(stretches, rules):
        one, other = find(first), find(second)
        if one == other or not groups[one].seen.isdisjoint(groups[other].seen):
            continue
        needed = rules.in_place if _is_near(stretches[first], stretches[second]) else rules.over_gaps
        if min(score, _agree(groups[one], groups[other])) < needed:
            continue
        owner[other] = one
        _merge(groups[one], groups[other])
    return [group for number, group in enumerate(groups) if find(number) == number]


def _list_pairs(stretches: Sequence[One], rules: TrackRules) -> list[tuple[int, int, float]]:
    """Returns (number, number, cosine) of every pair that could be joined, the best agreeing first."""
    found = {number: one.vector for number, one in enumerate(stretches) if one.vector is not None}
    if len(found) < 2:
        return []
    numbers, vectors = list(found), np.stack(list(found.values()))
    scores = np.triu(vectors @ vectors.T, 1)
    rows, columns = np.nonzero(scores >= max(min(rules.in_place, rules.over_gaps), 1e-6))
    order = np.argsort(-scores[rows, columns], kind="stable")
    return [
        (numbers[rows[place]], numbers[columns[place]], float(scores[rows[place], columns[place]])) for place in order
    ]


def _agree(one: Joined[One], other: Joined[One]) -> float:
    if one.total is None or other.total is None:
        return -1.0
    lengths = float(np.linalg.norm(one.total) * np.linalg.norm(other.total))
    return float(one.total @ other.total) / max(lengths, 1e-9)


def _merge(kept: Joined[One], gone: Joined[One]) -> None:
    kept.stretches += gone.stretches
    kept.seen |= gone.seen
    if kept.total is not None and gone.total is not None:
        kept.total = kept.total + gone.total


def _is_near(one: One, other: One) -> bool:
    """Returns whether one begins soon after the other ended, and where it was."""
    before, after = (one, other) if one.last_s <= other.last_s else (other, one)
    if not 0 <= after.first_s - before.last_s <= NEAR_S:
        return False
    end, begin = before.last, after.first
    width = max(end.width, begin.width)
    change = width / max(min(end.width, begin.width), 1e-6)
    across = end.left + end.width / 2 - begin.left - begin.width / 2
    down = end.top + end.height / 2 - begin.top - begin.height / 2
    return change <= _MOST_SIZE_CHANGE and float(np.hypot(across, down)) <= _MOST_DISTANCE * width
