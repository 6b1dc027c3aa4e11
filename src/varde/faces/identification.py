"""Identification: who of a gallery is it? Rank-n, and searches for people who may not be in the gallery at all.

The gallery holds one picture of each person, the first; people with one picture only are distractors. Every further
picture is a probe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.outcome import NotComparable, Reason
from varde.measures.estimate import DRAWS, Estimate, Floats, Ints, Scores, draw_groups, estimate, number_groups

RANKS: Final = (1, 5, 10, 20)
FALSE_ALARM_RATES: Final = (0.01, 0.1)
"""FPIR: shares of the searches for somebody who is not in the gallery that may show anyone."""

_SPLITS: Final = 40
_KEPT: Final = 64
_BLOCK: Final = 1024


@dataclass(frozen=True, slots=True)
class Searches:
    """What searching a gallery with every probe gave.

    Attributes:
        gallery: people in the gallery.
        probe_people: (P,) number of the person of each probe.
        own: (P,) score of the person's own picture in the gallery.
        rank: (P,) of that picture, 1 is first; equal scores of others count as higher.
        others: (P, K) highest scores of other people, falling.
        others_people: (P, K) who they are.
    """

    gallery: int
    probe_people: Ints
    own: Scores
    rank: Ints
    others: Scores
    others_people: Ints


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Searches for people of whom half are not in the gallery.

    Attributes:
        found: DIR: share of the mated searches that put the person first, at or above the threshold.
        missed: FNIR: the others, 1 - DIR.
        threshold: score that lets the stated share of the non-mated searches show anyone; mean over the splits.
    """

    found: Estimate
    missed: Estimate
    threshold: float


@dataclass(frozen=True, slots=True)
class Identification:
    """How well people are found in a gallery.

    Attributes:
        gallery: people in it.
        distractors: those of them with one picture only.
        probes: pictures searched with, all of people in the gallery.
        ranks: share of probes whose person is among the first n.
        open_set: by false-alarm rate of a search.
    """

    gallery: int
    distractors: int
    probes: int
    ranks: dict[int, Estimate | NotComparable]
    open_set: dict[float, OpenSet | NotComparable]


def identify(searches: Searches, rng: np.random.Generator, draws: int = DRAWS) -> Identification:
    """Returns the identification figures with 95 % intervals over people.

    Source: ISO/IEC 19795-1 and NIST FRTE 1:N for the rates; half of the mated people are left out of the gallery in
    each of 40 splits drawn by `rng`, and figures are means over these.
    """
    mated = np.unique(searches.probe_people)
    distractors = searches.gallery - len(mated)
    if not len(mated):
        refused = NotComparable(Reason.TOO_FEW_PAIRS, "Nobody has two pictures: there is nothing to search with.")
        ranks, open_set = dict.fromkeys(RANKS, refused), dict.fromkeys(FALSE_ALARM_RATES, refused)
        return Identification(searches.gallery, distractors, 0, {**ranks}, {**open_set})
    return Identification(
        searches.gallery,
        distractors,
        len(searches.probe_people),
        {rank: _rank(searches, rank, rng, draws) for rank in RANKS},
        {rate: _open(searches, rate, rng, draws) for rate in FALSE_ALARM_RATES},
    )


def search_gallery(vectors: Scores, people: Ints) -> Searches:
    """Returns what searching one picture per person with all further pictures gives, in blocks of probes.

    Args:
        vectors: (N, D) float32 unit rows.
        people: (N,) who each is; the first picture of each makes the gallery.
    """
    people = number_groups(people)
    gallery = np.unique(people, return_index=True)[1]
    probes = np.setdiff1d(np.arange(len(people)), gallery)
    parts = [
        keep_best(vectors[block] @ vectors[gallery].T, people[block])
        for block in (probes[start : start + _BLOCK] for start in range(0, len(probes), _BLOCK))
    ]
    kept = min(_KEPT, max(0, len(gallery) - 1))
    empty = (np.empty(0, np.float32), np.empty(0, np.int64), np.empty((0, kept), np.float32), np.empty((0, kept), int))
    own, rank, others, whom = (np.concatenate(column) for column in zip(empty, *parts, strict=True))
    return Searches(len(gallery), people[probes], own, rank, others, whom)


def keep_best(scores: Scores, own_people: Ints) -> tuple[Scores, Ints, Scores, Ints]:
    """Returns own score, rank, and the best scores of other people with who they are.

    Args:
        scores: (probes, gallery), the gallery by person's number.
        own_people: (probes,) number of each probe's person.
    """
    rows = np.arange(len(scores))
    own = scores[rows, own_people]
    others = scores.copy()
    others[rows, own_people] = -np.inf
    rank = 1 + (others >= own[:, None]).sum(axis=1)
    kept = min(_KEPT, scores.shape[1] - 1)
    best = np.argpartition(-others, kept - 1, axis=1)[:, :kept] if kept else np.empty((len(scores), 0), np.int64)
    order = np.argsort(-np.take_along_axis(others, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    return own, rank.astype(np.int64), np.take_along_axis(others, best, axis=1), best.astype(np.int64)


def _rank(searches: Searches, rank: int, rng: np.random.Generator, draws: int) -> Estimate:
    people = number_groups(searches.probe_people)
    hits = (searches.rank <= rank).astype(np.float64)
    count = int(people.max()) + 1
    rows = [float(np.average(hits, weights=draw_groups(count, rng)[people])) for _ in range(draws)]
    return estimate(float(hits.mean()), np.array(rows), count)


def _open(searches: Searches, rate: float, rng: np.random.Generator, draws: int) -> OpenSet | NotComparable:
    mated = np.unique(searches.probe_people)
    expected = rate * len(searches.probe_people) / 2
    if len(mated) < 2 or expected < 1:
        detail = (
            f"A false-alarm rate of {rate:g} needs {2 / rate:,.0f} probes; there are {len(searches.probe_people):,}"
        )
        return NotComparable(Reason.TOO_FEW_PAIRS, f"{detail}, half of them for people left out of the gallery.")
    even = np.ones(len(searches.probe_people))
    splits = [_split(searches, mated, rng) for _ in range(_SPLITS)]
    plain = np.array([_measure_split(*split, rate, even) for split in splits])
    people = number_groups(searches.probe_people)
    drawn = [
        _measure_split(*splits[draw % _SPLITS], rate, draw_groups(len(mated), rng)[people])[0] for draw in range(draws)
    ]
    found = estimate(float(np.nanmean(plain[:, 0])), np.array(drawn), len(mated) // 2)
    return OpenSet(found, Estimate(1 - found.value, 1 - found.high, 1 - found.low), float(np.nanmean(plain[:, 1])))


def _split(searches: Searches, mated: Ints, rng: np.random.Generator) -> tuple[Searches, Ints, Scores]:
    """Returns who was left out of the gallery, (P,) as 0 or 1, and each probe's best other score in what is left."""
    out = np.zeros(searches.gallery, bool)
    out[rng.permutation(mated)[: len(mated) // 2]] = True
    left = np.where(out[searches.others_people], np.float32(-2), searches.others)
    best = left.max(axis=1, initial=-2)
    floor = searches.others[:, -1] if searches.others.shape[1] else np.full(len(best), -2, np.float32)
    return searches, out[searches.probe_people].astype(np.int64), np.maximum(best, floor)


def _measure_split(
    searches: Searches, is_out: Ints, best_other: Scores, rate: float, weights: Floats
) -> tuple[float, float]:
    """Returns the share found first and above the threshold, and that threshold, of weighted probes."""
    out = is_out == 1
    falling = np.argsort(-best_other[out], kind="stable")
    scores, shown = best_other[out][falling], np.cumsum(weights[out][falling])
    if not len(scores) or not shown[-1] or not weights[~out].any():
        return float("nan"), float("nan")
    place = int(np.searchsorted(shown, rate * shown[-1], side="right"))
    threshold = float(np.nextafter(scores[min(place, len(scores) - 1)], np.float32(np.inf)))
    hits = (searches.own >= threshold) & (searches.own > best_other)
    return float(np.average(hits[~out], weights=weights[~out])), threshold
