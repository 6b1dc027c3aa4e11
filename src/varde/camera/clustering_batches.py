"""Clusters of very many sketches: batch by batch, each cluster drawing in what is still alone.

All pairs of 100,000 sketches are 5 billion. But a cluster of a few files is a fingerprint already, and comparing every
file with every cluster takes as many comparisons as there are files times clusters. So the files of a batch are
compared with one another; each cluster that is found draws in all others of its sensor; then comes the next batch of
what is left. Only files that no cluster drew in are compared with one another across batches, up to a stated number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.cluster_reference import compute_reference_fits, make_reference, score_references
from varde.camera.clustering import DEFAULT_RULE, ClusterRule, Grouping, compute_spread, find_least, group_rows
from varde.camera.middle import Middle
from varde.camera.sketch import turn_signs
from varde.camera.sketch_rows import SketchRows
from varde.camera.source_pairs import score_signs, score_sketches

Words = NDArray[np.uint64]
Places = NDArray[np.int64]
Progress = Callable[[float], None]

BATCH: Final = 2_048
"""Sketches that are compared all with all at once: 600 MB of them, and 70 MB of scores."""

MOST_PAIRS: Final = 500_000_000
"""Pairs of files left alone that are compared across batches: about half an hour of one core."""

_ROUNDS: Final = 3
_DRAWN_AT_ONCE: Final = 256
_EACH: Final = 16
_BLOCK: Final = 256


@dataclass(slots=True, eq=False)
class _State:
    rows: SketchRows
    middle: Middle
    rule: ClusterRule
    comparisons: int
    heads: Places
    variants: Places
    done: int = 0
    spreads: list[float] = field(default_factory=list)

    def list_clusters(self) -> list[Places]:
        order = np.argsort(self.heads, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(self.heads[order]) != 0])
        return [rows for rows in np.split(order, starts[1:]) if len(rows) > 1]

    def list_alone(self, among: Places) -> Places:
        sizes = np.bincount(self.heads, minlength=len(self.heads))
        alone: Places = among[sizes[self.heads[among]] == 1]
        return alone

    def join(self, row: int, head: int, variant: int) -> None:
        """Puts a row that is alone into a cluster; the cluster's name stays."""
        self.heads[row], self.variants[row] = head, variant

    def make_reference(self, members: Places) -> Words:
        return make_reference(self.rows, members.tolist(), self.variants[members].tolist(), self.middle)


@dataclass(frozen=True, slots=True, eq=False)
class SketchGrouping:
    """Clusters of sketches.

    Attributes:
        grouping: which rows one sensor took.
        compared: pairs of sketches, and of sketches and clusters, that were compared.
        not_compared: pairs of files alone that were left out, since there were too many.
    """

    grouping: Grouping
    compared: int
    not_compared: int


def group_sketches(
    rows: SketchRows,
    middle: Middle,
    *,
    rule: ClusterRule = DEFAULT_RULE,
    batch: int = BATCH,
    most_pairs: int = MOST_PAIRS,
    progress: Progress = lambda share: None,
) -> SketchGrouping:
    """Returns which sketches of one family are of one sensor; the same rows in the same order give the same.

    Args:
        rows: sketches in an order that has nothing to do with their sources, such as that of their digests.
        middle: that they cover.
        rule: when groups are joined.
        batch: how many are compared all with all at once.
        most_pairs: of files that stay alone, compared across batches.
        progress: called with the share that is done.
    """
    count = len(rows)
    pairs = count * (count - 1) // 2
    if count <= batch:
        grouping = group_rows(score_sketches(rows.take(np.arange(count)), middle), middle.pixels, rule=rule)
        return SketchGrouping(grouping, pairs, 0)
    state = _State(rows, middle, rule, 2 * pairs, np.arange(count), np.zeros(count, np.int64))
    waiting = np.arange(count)
    while len(waiting):
        here, waiting = waiting[:batch], waiting[batch:]
        grown = _group_batch(state, here)
        _draw_in(state, grown, count)
        waiting = state.list_alone(waiting)
        progress(1 - len(waiting) / count)
    left_out = _compare_alone(state, batch, most_pairs)
    _merge(state, batch)
    _draw_in(state, state.list_clusters(), count)
    return SketchGrouping(_finish(state), state.done, left_out)


def _group_batch(state: _State, here: Places) -> list[Places]:
    """Clusters some rows that are alone, and returns the clusters."""
    scores = score_sketches(state.rows.take(here), state.middle)
    found = group_rows(scores, state.middle.pixels, rule=state.rule, comparisons=state.comparisons)
    state.spreads.append(found.spread)
    state.done += len(here) * (len(here) - 1) // 2
    state.heads[here] = here[found.heads]
    state.variants[here] = found.variants
    return [here[np.array(rows)] for rows in found.list_clusters()]


def _draw_in(state: _State, clusters: list[Places], count: int) -> None:
    """Lets clusters draw in every row that is alone and agrees with them; the stronger they get, the more."""
    for _ in range(_ROUNDS):
        alone = state.list_alone(np.arange(count))
        if not len(alone) or not clusters:
            return
        references = [state.make_reference(members) for members in clusters]
        drawn = 0
        for start in range(0, len(alone), _DRAWN_AT_ONCE):
            some = alone[start : start + _DRAWN_AT_ONCE]
            drawn += _draw_some(state, clusters, references, some)
        if not drawn:
            return
        clusters = _renew(state, clusters)


def _draw_some(state: _State, clusters: list[Places], references: list[Words], some: Places) -> int:
    scores = score_references(state.rows.take(some), references, state.middle)
    state.done += scores.shape[1] * len(some)
    spreads = np.array([compute_spread(each) for each in scores[0]])
    least = np.array([find_least(state.comparisons, float(spread), state.rule) for spread in spreads])
    margins = (scores - least[None, :, None]).reshape(-1, len(some))
    best = np.argmax(margins, axis=0)
    drawn = np.flatnonzero(margins[best, np.arange(len(some))] >= 0)
    for place in drawn.tolist():
        variant, cluster = divmod(int(best[place]), len(clusters))
        first = int(clusters[cluster][0])
        state.join(int(some[place]), int(state.heads[first]), variant)
    return len(drawn)


def _renew(state: _State, clusters: list[Places]) -> list[Places]:
    wanted = {int(state.heads[members[0]]) for members in clusters}
    return [members for members in state.list_clusters() if int(state.heads[members[0]]) in wanted]


def _compare_alone(state: _State, batch: int, most_pairs: int) -> int:
    """Compares files that are still alone across batches, clusters what agrees, and returns how many pairs were not."""
    alone = state.list_alone(np.arange(len(state.heads)))
    total = len(alone) * (len(alone) - 1) // 2
    least = find_least(state.comparisons, max(state.spreads, default=1.0), state.rule)
    seen: set[int] = set()
    done = 0
    for start in range(0, len(alone), _BLOCK):
        here = alone[start : start + _BLOCK]
        if done + len(here) * (len(alone) - start) > most_pairs:
            break
        rows = state.rows.take(here)
        turned = np.stack([turn_signs(row, state.middle, 2) for row in rows])
        for other in range(start, len(alone), _BLOCK):
            there = alone[other : other + _BLOCK]
            others = state.rows.take(there)
            for each in (rows, turned):
                first, second = np.nonzero(score_signs(each, others, state.middle.pixels) >= least)
                seen.update(
                    int(row)
                    for one, two in zip(here[first].tolist(), there[second].tolist(), strict=True)
                    if one != two
                    for row in (one, two)
                )
            done += len(here) * len(there)
    state.done += min(done, total)
    paired = np.array(sorted(seen), np.int64)
    while len(paired):
        grown = _group_batch(state, paired[:batch])
        _draw_in(state, grown, len(state.heads))
        paired = state.list_alone(paired[batch:])
    return max(0, total - done)


def _merge(state: _State, batch: int) -> None:
    """Joins clusters that one sensor took, found in different batches, by some of the files of each."""
    clusters = sorted(state.list_clusters(), key=lambda rows: (-len(rows), int(rows[0])))[: batch // 2]
    if len(clusters) < 2:
        return
    each = max(2, min(_EACH, batch // len(clusters)))
    chosen = [members[:: max(1, len(members) // each)][:each] for members in clusters]
    here = np.concatenate(chosen)
    heads = np.concatenate([np.full(len(some), place) for place, some in zip(_starts(chosen), chosen, strict=True)])
    # each group's frame is that of its first chosen row
    frames = np.concatenate([state.variants[some] ^ state.variants[some[0]] for some in chosen])
    given = Grouping(heads, frames, np.empty(0, np.float32), 0.0, 0.0)
    scores = score_sketches(state.rows.take(here), state.middle)
    keep_all = ClusterRule(state.rule.chance, state.rule.least_share, -np.inf)
    found = group_rows(scores, state.middle.pixels, rule=keep_all, comparisons=state.comparisons, given=given)
    for place, members, some in zip(_starts(chosen), clusters, chosen, strict=True):
        target = int(here[found.heads[place]])
        if target != int(some[0]):
            turn = int(found.variants[place]) ^ int(state.variants[some[0]]) ^ int(state.variants[target])
            state.variants[members] ^= turn
        state.heads[members] = state.heads[target]
    _rename(state)


def _starts(chosen: list[Places]) -> list[int]:
    return [int(place) for place in np.cumsum([0, *(len(some) for some in chosen[:-1])])]


def _rename(state: _State) -> None:
    """Names every cluster after its lowest row, which lies as it is."""
    for members in state.list_clusters():
        state.variants[members] ^= state.variants[members[0]]
        state.heads[members] = members[0]


def _finish(state: _State) -> Grouping:
    _rename(state)
    fits = np.full(len(state.heads), np.nan, np.float32)
    for members in state.list_clusters():
        kinds = state.variants[members].tolist()
        fits[members] = compute_reference_fits(state.rows, members.tolist(), kinds, state.middle)
        weak = members[fits[members] < state.rule.least_fit]
        if len(members) - len(weak) > 1:
            fits[weak] = np.nan
            state.heads[weak], state.variants[weak] = weak, 0
    _rename(state)
    spread = max(state.spreads, default=1.0)
    least = find_least(state.comparisons, spread, state.rule)
    return Grouping(state.heads, state.variants, fits, least, spread)
