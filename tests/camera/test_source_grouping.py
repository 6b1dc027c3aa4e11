"""Clusters from scores of all pairs, and from sketches batch by batch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from varde.camera.clustering import ClusterRule, Grouping, estimate_spread, find_least, group_rows
from varde.camera.clustering_batches import group_sketches
from varde.camera.middle import Middle, find_middle
from varde.camera.sketch_rows import SketchRows
from varde.core.errors import WrongUse

PIXELS = 1_000_000


def make_scores(strengths: list[tuple[int, float]], *, shared: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    """Returns the scores that rows (source, strength) give; `shared` is the agreement of different sources."""
    rng = np.random.default_rng(seed)
    source = np.array([one for one, _ in strengths])
    strength = np.array([one for _, one in strengths])
    agree = np.where(source[:, None] == source[None], 1.0, shared)
    noise = np.triu(rng.standard_normal((len(source), len(source))), 1)
    scores = PIXELS**0.5 * agree * strength[:, None] * strength[None] + noise + noise.T
    return scores[None].astype(np.float32)


def list_heads(grouping: Grouping) -> list[list[int]]:
    return sorted(grouping.list_clusters())


def test_rows_of_each_source_become_a_cluster_and_others_stay_alone() -> None:
    grouping = group_rows(make_scores([(0, 0.15)] * 5 + [(1, 0.15)] * 4 + [(2, 0.15), (3, 0.15)]), PIXELS)
    assert list_heads(grouping) == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]
    assert np.isnan(grouping.fits[9:]).all()
    assert (grouping.fits[:9] > 15).all()


def test_a_file_too_weak_for_any_pair_joins_a_cluster_whose_mean_is_strong() -> None:
    scores = make_scores([(0, 0.15)] * 20 + [(0, 0.02), (1, 0.02)], seed=2)
    assert scores[0, :20, 20].max() < 6
    grouping = group_rows(scores, PIXELS)
    assert list_heads(grouping) == [list(range(21))]


def test_strong_clusters_that_share_a_little_are_kept_apart() -> None:
    scores = make_scores([(0, 0.3)] * 6 + [(1, 0.3)] * 6, shared=0.08)
    assert scores[0, :6, 6:].mean() > 5
    assert list_heads(group_rows(scores, PIXELS)) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


def test_rows_that_lie_turned_are_found_and_said() -> None:
    plain = make_scores([(0, 0.2)] * 4)[0]
    turned = np.array([0, 1, 0, 1])
    same = turned[:, None] == turned[None]
    noise = make_scores([(0, 0.0)] * 4, seed=9)[0]
    scores = np.stack([np.where(same, plain, noise), np.where(same, noise, plain)])
    grouping = group_rows(scores, PIXELS)
    assert list_heads(grouping) == [[0, 1, 2, 3]]
    assert grouping.variants.tolist() == [0, 1, 0, 1]


def test_the_same_scores_give_the_same_groups_and_are_left_alone() -> None:
    scores = make_scores([(each % 3, 0.1) for each in range(30)])
    before = scores.copy()
    one, other = group_rows(scores, PIXELS), group_rows(scores, PIXELS)
    assert np.array_equal(one.heads, other.heads)
    assert np.array_equal(scores, before)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_rows_are_no_cluster(count: int) -> None:
    assert group_rows(np.zeros((1, count, count), np.float32), PIXELS).list_clusters() == []


def test_noise_alone_gives_no_cluster() -> None:
    assert group_rows(make_scores([(each, 0.0) for each in range(200)]), PIXELS).list_clusters() == []


def test_scores_that_are_not_of_all_pairs_are_refused() -> None:
    with pytest.raises(WrongUse):
        group_rows(np.zeros((1, 2, 3), np.float32), PIXELS)


def test_more_comparisons_ask_for_more_agreement() -> None:
    assert find_least(10, 1.0) < find_least(10_000, 1.0) < find_least(10_000, 1.5)
    assert find_least(1, 1.0, ClusterRule(chance=0.00135)) == pytest.approx(3.0, abs=0.01)


def test_spread_is_seen_in_what_lies_below_zero() -> None:
    wide = make_scores([(each // 5, 0.2) for each in range(100)]) * 1.5
    assert estimate_spread(wide[0]) == pytest.approx(1.5, abs=0.1)


def make_sketches(middle: Middle, sources: list[int], *, turned: list[bool], seed: int = 1) -> NDArray[np.uint64]:
    """Returns sketches; source -1 is one of its own."""
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((max(sources) + 1, middle.pixels), np.float32)
    rows = np.zeros((len(sources), middle.words), np.uint64)
    for row, source, is_turned in zip(rows, sources, turned, strict=True):
        values = rng.standard_normal(middle.pixels, np.float32)
        if source >= 0:
            values += np.float32(rng.uniform(0.12, 0.4)) * patterns[source]
        bits = (values > 0)[:: -1 if is_turned else 1]
        packed = np.packbits(bits, bitorder="little")
        row.view(np.uint8)[: len(packed)] = packed
    return rows


@pytest.mark.parametrize("batch", [24, 4_096])
def test_sketches_are_clustered_in_batches_as_they_are_at_once(batch: int) -> None:
    middle = find_middle(256, 320)
    sources = [each % 5 if each % 9 else -1 for each in range(120)]
    turned = [each % 4 == 0 for each in range(120)]
    rows = SketchRows.of(make_sketches(middle, sources, turned=turned), middle)
    found = group_sketches(rows, middle, batch=batch)
    expected = sorted([row for row, one in enumerate(sources) if one == source] for source in range(5))
    assert list_heads(found.grouping) == expected
    for rows_of_one in expected:
        lies = {turned[row] ^ bool(found.grouping.variants[row]) for row in rows_of_one}
        assert len(lies) == 1
    assert found.not_compared == 0


def test_pairs_of_files_alone_beyond_the_limit_are_counted_as_not_compared() -> None:
    middle = find_middle(256, 256)
    rows = SketchRows.of(make_sketches(middle, [-1] * 40, turned=[False] * 40), middle)
    found = group_sketches(rows, middle, batch=10, most_pairs=0)
    assert found.grouping.list_clusters() == []
    assert found.not_compared == 40 * 39 // 2
