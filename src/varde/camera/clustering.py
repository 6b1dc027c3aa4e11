"""Clusters of files that one sensor took, found without any camera: from the scores of all pairs.

The two groups whose mean residuals agree most are joined, as long as that agreement is beyond chance: a group's mean is
a fingerprint in the making, which gets stronger with every file, so that files too weak to agree with any single other
one are still found. Two groups that each agree well inside, and hardly with one another, are kept apart however certain
that little agreement is: devices of one model share traces.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.clustering_kernels import agglomerate
from varde.core.errors import WrongUse
from varde.core.signal import Method

METHOD: Final = Method("camera.clusters", "1")

Scores = NDArray[np.float32]
Places = NDArray[np.int64]

_FEW_NEGATIVE: Final = 30
USUAL_SPREAD: Final = 1.3
"""Standard deviation of scores of different sensors, where too few scores are there to see it."""

_MOST_SPREAD: Final = 2.5


@dataclass(frozen=True, slots=True)
class ClusterRule:
    """When groups are joined.

    Attributes:
        chance: of one wrong join among all pairs of a family, were scores of different sensors normal.
        least_share: of the agreement inside two groups of several files, that between them must reach.
        least_fit: z that a member must have with the mean of the others of its cluster, or it is let go.
    """

    chance: float = 1e-3
    least_share: float = 0.2
    least_fit: float = 4.0


DEFAULT_RULE: Final = ClusterRule()


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which rows one sensor took.

    Attributes:
        heads: (N,) int64, the lowest row of the cluster each row is in; its own where it is alone.
        variants: (N,) int64, the variant of each row in which it lies as the first row of its cluster does.
        fits: (N,) float32, z of each row with the mean of the others of its cluster; NaN where it is alone.
        least_z: that joining took.
        spread: standard deviation of scores of different sensors, as far as these scores show it.
    """

    heads: Places
    variants: Places
    fits: NDArray[np.float32]
    least_z: float
    spread: float

    def list_clusters(self) -> list[list[int]]:
        """Returns the rows of each cluster of several, the largest first, of equal ones the lowest first."""
        groups: dict[int, list[int]] = {}
        for row, head in enumerate(self.heads.tolist()):
            groups.setdefault(head, []).append(row)
        return sorted((rows for rows in groups.values() if len(rows) > 1), key=lambda rows: (-len(rows), rows[0]))


def group_rows(
    scores: Scores,
    pixels: int,
    *,
    rule: ClusterRule = DEFAULT_RULE,
    comparisons: int = 0,
    given: Grouping | None = None,
) -> Grouping:
    """Returns which rows one sensor took, by the scores of all pairs.

    Convention: scores are (V, N, N) float32 z-scores, V variants of the second row (see `varde.camera.source_pairs`);
    what is on the diagonal does not matter. The same scores give the same groups.

    Args:
        scores: of all pairs; left as they are.
        pixels: how many pixels each comparison was of.
        rule: when groups are joined.
        comparisons: made in all, where these are part of more; 0 counts these.
        given: groups to begin with, which are not taken apart.

    Raises:
        WrongUse: if the scores are not of all pairs.
    """
    if scores.ndim != 3 or scores.shape[1] != scores.shape[2]:
        raise WrongUse(f"scores of all pairs are (variants, N, N), not {scores.shape}")
    count = scores.shape[1]
    spread = estimate_spread(scores[0])
    least = find_least(comparisons or scores.shape[0] * count * (count - 1) // 2, spread, rule)
    heads = given.heads.copy() if given else np.arange(count)
    variants = given.variants.copy() if given else np.zeros(count, np.int64)
    if count > 1:
        agglomerate(scores.copy(), heads, variants, pixels**0.5, least, rule.least_share)
    fits = compute_fits(scores, heads, variants, pixels)
    _let_go(scores, heads, variants, fits, pixels, rule)
    return Grouping(heads, variants, fits, least, spread)


def find_least(comparisons: int, spread: float, rule: ClusterRule = DEFAULT_RULE) -> float:
    """Returns the z that chance exceeds once in 1 / `rule.chance` times among so many comparisons (Bonferroni)."""
    tail = rule.chance / max(1, comparisons)
    return -NormalDist().inv_cdf(tail) * spread


def estimate_spread(scores: Scores) -> float:
    """Returns the standard deviation of scores of different sensors, 1 to 2.5.

    Pictures of one sensor do not disagree, so what is below 0 is of different ones (or of chance), and as far from 0
    as what is above. Shared traces widen it. Where hardly anything is below 0, it is what it usually is.

    Args:
        scores: (N, N) float32 z-scores.
    """
    return compute_spread(scores[np.triu_indices(len(scores), 1)])


def compute_spread(scores: NDArray[np.float32]) -> float:
    """Returns what `estimate_spread` does, of (N,) float32 scores."""
    negative = scores[scores < 0]
    if len(negative) < _FEW_NEGATIVE:
        return USUAL_SPREAD
    spread = float(np.sqrt(np.mean(np.square(negative, dtype=np.float64))))
    return min(max(spread, 1.0), _MOST_SPREAD)


def compute_fits(scores: Scores, heads: Places, variants: Places, pixels: int) -> NDArray[np.float32]:
    """Returns z of each row with the mean of the others of its cluster, (N,) float32; NaN where it is alone."""
    fits = np.full(len(heads), np.nan, np.float32)
    sizes = Counter(heads.tolist())
    for head in sorted(head for head, size in sizes.items() if size > 1):
        rows = np.flatnonzero(heads == head)
        fits[rows] = _fit_members(_select(scores, rows, variants), pixels)
    return fits


def _select(scores: Scores, rows: Places, variants: Places) -> NDArray[np.float64]:
    """Returns the scores of some rows with one another, each in the variant it lies in, 0 on the diagonal."""
    kinds = variants[rows]
    block: NDArray[np.float64] = scores[kinds[:, None] ^ kinds[None], rows[:, None], rows[None]].astype(np.float64)
    np.fill_diagonal(block, 0)
    return block


def _fit_members(block: NDArray[np.float64], pixels: int) -> NDArray[np.float32]:
    with_others = block.sum(axis=1)
    inside = block.sum() - 2 * with_others
    norms = np.sqrt(np.maximum(len(block) - 1 + inside / pixels**0.5, 1.0))
    fits: NDArray[np.float32] = (with_others / norms).astype(np.float32)
    return fits


def _let_go(
    scores: Scores, heads: Places, variants: Places, fits: NDArray[np.float32], pixels: int, rule: ClusterRule
) -> None:
    """Takes members out that the others of their cluster do not bear out, the worst first."""
    sizes = Counter(heads.tolist())
    for head in sorted(head for head, size in sizes.items() if size > 2):
        while True:
            rows = np.flatnonzero(heads == head)
            worst = int(rows[np.argmin(fits[rows])])
            if len(rows) < 3 or fits[worst] >= rule.least_fit:
                break
            head = _take_out(heads, variants, rows, worst)
            fits[worst] = np.nan
            rest = rows[rows != worst]
            fits[rest] = _fit_members(_select(scores, rest, variants), pixels)


def _take_out(heads: Places, variants: Places, rows: Places, worst: int) -> int:
    """Makes one row alone and returns the name of the cluster that is left."""
    rest = rows[rows != worst]
    heads[worst], variants[worst] = worst, 0
    heads[rest] = rest[0]
    variants[rest] ^= variants[rest[0]]
    return int(rest[0])
