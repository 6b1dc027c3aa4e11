"""Verification: are two pictures one person? True-accept rates at false-accept rates, AUC and equal error rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.outcome import NotComparable, Reason
from varde.faces.pair_scores import PairScores, bin_scores
from varde.measures.estimate import DRAWS, Estimate, Floats, Scores, draw_groups, estimate
from varde.measures.separation import compute_separation

RATES: Final = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""False-accept rates that are reported, where the pairs bear them."""

LEAST_FALSE_ACCEPTS: Final = 1.0
"""Non-mated pairs that a rate must let through at least to be measured; the interval says how little that still is."""


@dataclass(frozen=True, slots=True)
class TrueAccepts:
    """Share of mated pairs at or above the threshold that lets a stated share of the non-mated pairs through."""

    share: Estimate
    threshold: float


@dataclass(frozen=True, slots=True)
class Verification:
    """How well pictures of one person are told from those of two.

    Attributes:
        accepts: by false-accept rate.
        auc: probability that a mated pair scores higher than a non-mated one; ties count half.
        equal_error: rate at which as many mated pairs are missed as non-mated ones are let through.
    """

    mated_pairs: int
    non_mated_pairs: int
    accepts: dict[float, TrueAccepts | NotComparable]
    auc: Estimate | NotComparable
    equal_error: Estimate | NotComparable


def verify(pairs: PairScores, rng: np.random.Generator, draws: int = DRAWS) -> Verification:
    """Returns the verification figures with 95 % intervals over people.

    Source: ISO/IEC 19795-1 for the rates; people drawn again (two-way by both people of a pair) for the intervals.
    """
    total = pairs.non_mated_pairs
    if not len(pairs.mated):
        refused = NotComparable(Reason.TOO_FEW_PAIRS, "Nobody has two pictures: there is no mated pair.")
        return Verification(0, total, dict.fromkeys(RATES, refused), refused, refused)
    weights = [draw_groups(len(pairs.images), rng) for _ in range(draws)]
    accepts = {rate: _accept(pairs, rate, weights) for rate in RATES}
    auc, equal_error = _separate(pairs, weights)
    return Verification(len(pairs.mated), total, accepts, auc, equal_error)


def find_threshold(pairs: PairScores, rate: float) -> float | NotComparable:
    """Returns the lowest score that no more than a share of the non-mated pairs exceed or reach.

    Args:
        pairs: as measured.
        rate: false-accept rate, at most `varde.faces.pair_scores.HIGHEST_RATE`.
    """
    allowed = rate * pairs.non_mated_pairs
    if allowed < LEAST_FALSE_ACCEPTS:
        detail = f"A rate of {rate:g} needs {LEAST_FALSE_ACCEPTS / rate:,.0f} non-mated pairs; there are "
        return NotComparable(Reason.TOO_FEW_PAIRS, f"{detail}{pairs.non_mated_pairs:,}.")
    return _above(pairs.tail, min(int(allowed), len(pairs.tail)))


def _above(falling: Scores, let_through: int) -> float:
    """Returns a score that lets just so many of the falling scores through, fewer where some are equal."""
    if let_through >= len(falling):
        return float(falling[-1])
    return float(np.nextafter(falling[let_through], np.float32(2)))


def _accept(pairs: PairScores, rate: float, weights: list[Floats]) -> TrueAccepts | NotComparable:
    threshold = find_threshold(pairs, rate)
    if isinstance(threshold, NotComparable):
        return threshold
    share = float((pairs.mated >= threshold).mean())
    draws = np.array([_draw_accept(pairs, rate, drawn) for drawn in weights])
    return TrueAccepts(estimate(share, draws, _count_mated(pairs)), threshold)


def _draw_accept(pairs: PairScores, rate: float, drawn: Floats) -> float:
    """Returns the true-accept rate, threshold included, if people had been drawn as stated."""
    by_person = drawn * pairs.images
    total = (by_person.sum() ** 2 - (by_person**2).sum()) / 2
    let_through = np.cumsum(drawn[pairs.tail_people[:, 0]] * drawn[pairs.tail_people[:, 1]])
    place = int(np.searchsorted(let_through, rate * total, side="right"))
    threshold = _above(pairs.tail, place)
    mated = drawn[pairs.mated_people]
    return float(mated[pairs.mated >= threshold].sum() / mated.sum()) if mated.any() else float("nan")


def _separate(pairs: PairScores, weights: list[Floats]) -> tuple[Estimate, Estimate]:
    mated = np.sort(pairs.mated.astype(np.float64))
    auc, equal = compute_separation(mated, np.ones(len(mated)), bin_scores(), pairs.histogram.astype(np.float64))
    order = np.argsort(pairs.mated)
    body = np.argsort(pairs.body)
    rows = []
    for drawn in weights:
        mated_weights = drawn[pairs.mated_people[order]]
        body_weights = drawn[pairs.body_people[body, 0]] * drawn[pairs.body_people[body, 1]]
        if mated_weights.any() and body_weights.any():
            rows.append(compute_separation(mated, mated_weights, pairs.body[body].astype(np.float64), body_weights))
    table = np.array(rows or [(np.nan, np.nan)])
    people = _count_mated(pairs)
    return estimate(auc, table[:, 0], people), estimate(equal, table[:, 1], people)


def _count_mated(pairs: PairScores) -> int:
    return int((pairs.images > 1).sum())
