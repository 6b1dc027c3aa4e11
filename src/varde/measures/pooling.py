"""Pooling adjacent violators: the best likelihood ratios that never fall with the score."""

from __future__ import annotations

from typing import Final

import numpy as np

from varde.measures.estimate import Floats

_BINS: Final = 3000


def fit_ratios(mated: Floats, non_mated: Floats) -> tuple[Floats, Floats]:
    """Returns rising scores and the log10 likelihood ratios at them, never falling; infinite at the ends."""
    blocks = pool_scores(mated, non_mated)
    with np.errstate(divide="ignore"):
        return blocks[:, 2] / blocks[:, 3], np.log10(blocks[:, 0]) - np.log10(blocks[:, 1])


def pool_scores(mated: Floats, non_mated: Floats) -> Floats:
    """Returns blocks of scores in which the ratio of mated to non-mated never falls from one to the next.

    Convention: (B, 4) float64: share of the mated scores, share of the non-mated ones, sum of scores, their number.
    """
    edges = np.quantile(np.concatenate([mated, non_mated]), np.linspace(0, 1, _BINS))
    # Searches happen in the upper tail of the non-mated scores: bins there by the mated scores as well.
    edges = np.unique(np.concatenate([edges, np.quantile(mated, np.linspace(0, 1, _BINS // 4))]))
    bins = [np.clip(np.searchsorted(edges, part, side="right") - 1, 0, len(edges) - 1) for part in (mated, non_mated)]
    hits, misses = (np.bincount(part, minlength=len(edges)).astype(np.float64) for part in bins)
    sums = np.zeros(len(edges), np.float64)
    sums += np.bincount(bins[0], mated, len(edges)) + np.bincount(bins[1], non_mated, len(edges))
    counts = (hits + misses).astype(np.float64)
    used = counts > 0
    return _pool(hits[used] / len(mated), misses[used] / len(non_mated), sums[used], counts[used])


def _pool(mated: Floats, others: Floats, sums: Floats, counts: Floats) -> Floats:
    """Returns blocks (mated share, non-mated share, sum of scores, count) whose ratio never falls."""
    stack: list[list[float]] = []
    for row in zip(mated, others, sums, counts, strict=True):
        block = [float(value) for value in row]
        while stack and stack[-1][0] * block[1] >= block[0] * stack[-1][1]:
            block = [mine + before for mine, before in zip(block, stack.pop(), strict=True)]
        stack.append(block)
    return np.array(stack)
