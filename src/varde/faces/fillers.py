"""Fillers: faces of consenting others, mixed into a candidate list to measure how often a reviewer says "same" wrongly.

A filler is a person of whom it is known that they are not the one searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.outcome import NotComparable, Reason
from varde.measures.estimate import Ints, Scores

_CHOICE: Final = 3
"""Fillers are drawn from so many times as many of the most similar people, so that they are not always the same."""


def choose_fillers(
    probe: Scores, cohort: Scores, people: Ints, count: int, rng: np.random.Generator, *, ceiling: float
) -> Ints | NotComparable:
    """Returns the rows of cohort faces that look most like the probe without being the person, in random order.

    Args:
        probe: (D,) unit vector.
        cohort: (C, D) unit rows.
        people: (C,) who each is; no person is taken twice.
        count: how many are wanted.
        rng: draws among the most similar ones.
        ceiling: score from which a face may be the person: such people are left out with all their faces.
    """
    scores = np.asarray(cohort @ probe, np.float64).reshape(-1)
    too_close = np.unique(people[scores >= ceiling])
    order = np.argsort(-scores, kind="stable")
    order = order[~np.isin(people[order], too_close)]
    _, first = np.unique(people[order], return_index=True)
    nearest = order[np.sort(first)][: _CHOICE * count]
    if len(nearest) < count:
        detail = f"{count} fillers were asked for; the cohort has {len(nearest)} people who may be one."
        return NotComparable(Reason.TOO_FEW_PAIRS, detail)
    return np.asarray(rng.permutation(nearest)[:count], np.int64)


@dataclass(frozen=True, slots=True)
class FalseAccepts:
    """How often fillers were called the same person.

    Attributes:
        shown: fillers that were judged.
        accepted: those judged "same".
        low, high: 95 % interval of the share accepted.
    """

    shown: int
    accepted: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of the fillers judged "same"."""
        return self.accepted / self.shown


def measure_false_accepts(by_person: dict[str, tuple[int, int]], least_people: int) -> FalseAccepts | NotComparable:
    """Returns how often a site's reviewers called a filler the same person; never of fewer people than stated.

    Args:
        by_person: fillers judged and fillers called "same", by reviewer.
        least_people: reviewers below whom a figure would point at somebody.

    Source: Wilson's interval (1927) for the share.
    """
    judged = {person: figures for person, figures in by_person.items() if figures[0]}
    if len(judged) < least_people:
        detail = f"Fillers were judged by {len(judged)} people; sums are shown of {least_people} at least."
        return NotComparable(Reason.TOO_FEW_RATINGS, detail)
    shown, accepted = (sum(figures[part] for figures in judged.values()) for part in (0, 1))
    return FalseAccepts(shown, accepted, *compute_interval(accepted, shown))


def compute_interval(hits: int, trials: int) -> tuple[float, float]:
    """Returns Wilson's 95 % interval of a share; (0, 1) where there were no trials."""
    if not trials:
        return 0.0, 1.0
    square = 1.959964**2
    share = hits / trials
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    spread = (share * (1 - share) / trials + square / (4 * trials**2)) ** 0.5 * square**0.5 / (1 + square / trials)
    return max(0.0, middle - spread), min(1.0, middle + spread)
