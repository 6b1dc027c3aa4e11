from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.known.alignment_kernels import count_support, find_best, find_pairs, vote


@given(st.integers(0, 500), st.integers(0, 20), st.integers(0, 20), st.integers(0, 128))
@settings(max_examples=60, deadline=None)
def test_pairs_are_each_others_nearest(seed: int, queries: int, knowns: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    query = rng.integers(0, 1 << 63, (queries, 2), np.uint64)
    known = rng.integers(0, 1 << 63, (knowns, 2), np.uint64)
    pairs = np.empty((queries, 2), np.int32)
    found = pairs[: find_pairs(query, known, most, pairs)]
    apart = np.bitwise_count(query[:, None] ^ known[None]).sum(axis=2)
    slow = [
        (i, j)
        for i in range(queries)
        for j in range(knowns)
        if apart[i, j] <= most and apart[i].argmin() == j and apart[:, j].argmin() == i
    ]
    assert [tuple(pair) for pair in found.tolist()] == slow


def test_support_is_that_of_the_true_similarity() -> None:
    rng = np.random.default_rng(0)
    known = rng.uniform(0, 500, (40, 2))
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    query = 0.5 * known @ turn.T + (30, 60)
    query[30:] = rng.uniform(0, 500, (10, 2))
    pairs = np.column_stack([known, query, np.full(40, -1.0), np.full(40, 0.4)])
    counts = np.empty(40, np.int32)
    count_support(pairs, 4.0, counts)
    assert counts[:30].min() >= 30
    assert counts[30:].max() < 10


def test_each_point_of_the_query_votes_once_for_a_picture() -> None:
    starts = np.zeros((1 << 16) + 1, np.int64)
    starts[6:] = 3  # three postings under pair 5
    pictures = np.array([0, 0, 1], np.uint32)
    signatures = np.array([[7, 7], [7, 7], [7, 6]], np.uint64)
    scores, stamps = np.zeros(2, np.float32), np.full(2, -1, np.int32)
    cells, query = np.array([[5, 5], [5, 9]], np.int32), np.array([[7, 7], [7, 7]], np.uint64)
    vote(starts, pictures, signatures, cells, query, 100, np.ones(1, np.float32), scores, stamps)
    assert scores[1] == 0
    once = scores[0]
    assert once > 0 or np.isclose(once, 2 * np.log2(3 / 4))
    scores[:], stamps[:] = 0, -1
    vote(starts, pictures, signatures, cells, query, 2, np.ones(1, np.float32), scores, stamps)
    assert not scores.any()


@given(st.lists(st.integers(-3, 9), max_size=40), st.integers(0, 12))
@settings(max_examples=100, deadline=None)
def test_the_best_are_the_largest_positive_scores(values: list[int], limit: int) -> None:
    scores, best = np.array(values, np.float32), np.empty(limit, np.int64)
    count = find_best(scores, best) if limit else 0
    slow = sorted((at for at, value in enumerate(values) if value > 0), key=lambda at: (-values[at], at))[:limit]
    assert best[:count].tolist() == slow
