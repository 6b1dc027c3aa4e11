"""Grouping faces: the fast way against a slow obvious one, and the rules that are never broken."""

from __future__ import annotations

import numpy as np
import pytest

from varde.core.outcome import NotComparable, Reason
from varde.faces.clustering import (
    ClusterPoint,
    Rules,
    cluster,
    cluster_all,
    compute_centres,
    compute_fits,
    find_broken,
    judge_face,
    pair_overlaps,
)
from varde.faces.neighbours import list_edges, make_empty, update_neighbours

POINT = ClusterPoint(strict=0.6, loose=0.4, least_quality=20)


def make_faces(count: int, people: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    person = rng.integers(0, people, count)
    vectors = rng.standard_normal((people, 32))[person] + 0.8 * rng.standard_normal((count, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), person


def group_slowly(vectors: np.ndarray, groups: np.ndarray) -> list[set[int]]:
    """Joins the pair of clusters with the largest mean similarity until none is alike enough."""
    clusters = [{at} for at in range(len(vectors))]
    while True:
        best = None
        for i, one in enumerate(clusters):
            for j in range(i):
                other = clusters[j]
                seen = [groups[at] for at in one | other if groups[at] >= 0]
                mean = float((vectors[list(one)] @ vectors[list(other)].T).mean())
                needed = 0.4 + 0.2 / np.sqrt(len(one) * len(other))
                if mean >= needed and len(seen) == len(set(seen)) and (best is None or mean > best[0]):
                    best = (mean, i, j)
        if best is None:
            return sorted(clusters, key=min)
        clusters[best[2]] |= clusters.pop(best[1])


def to_sets(labels: np.ndarray) -> list[set[int]]:
    return [set(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fast_way_gives_what_the_slow_way_gives(seed: int) -> None:
    vectors, _ = make_faces(40, 7, seed)
    groups = np.where(np.arange(40) % 3 == 0, np.arange(40) // 6, -1)
    assert to_sets(cluster_all(vectors, Rules(groups), POINT)) == group_slowly(vectors, groups)


def test_lists_grown_bit_by_bit_are_those_made_at_once() -> None:
    vectors, _ = make_faces(300, 5)
    whole = update_neighbours(make_empty(0.3, 8), np.arange(300), vectors)
    grown = make_empty(0.3, 8)
    for some in (np.arange(0, 300, 3), np.delete(np.arange(300), 7), np.arange(40, 300), np.arange(300)):
        grown = update_neighbours(grown, some, vectors[some])
    assert (grown.near == whole.near).all()
    similar = vectors @ vectors.T - 3 * np.eye(300)
    for row in range(0, 300, 29):
        nearest = [at for at in np.argsort(-similar[row], kind="stable")[:8] if similar[row, at] >= 0.3]
        assert whole.near[row][whole.near[row] >= 0].tolist() == nearest
    assert (list_edges(whole)[:, 0] < list_edges(whole)[:, 1]).all()


def test_rules_hold_whatever_is_alike() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32)[:1], 6, 0)
    rules = Rules(np.array([0, 0, -1, -1, -1, -1]), apart=np.array([[2, 3]]), together=np.array([[4, 5]]))
    labels = cluster_all(vectors, rules, POINT)
    assert labels[0] != labels[1]
    assert labels[2] != labels[3]
    assert labels[4] == labels[5]
    assert not find_broken(labels, rules)
    assert find_broken(np.zeros(6, np.int64), rules) == [(2, 3), (0, 1)]


def test_two_kept_clusters_are_never_joined_and_take_up_others() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32)[:1], 3, 0)
    labels = cluster_all(vectors, Rules(np.full(3, -1), kept=np.array([0, 1])), POINT)
    assert labels[0] != labels[1]
    assert labels[2] in (labels[0], labels[1])


def test_no_faces_give_no_clusters() -> None:
    nothing = np.empty((0, 4), np.float32)
    lists = update_neighbours(make_empty(0.4), np.empty(0, np.int64), nothing)
    assert len(cluster(nothing, lists, Rules(np.empty(0, np.int64)), POINT)) == 0


def test_fits_are_means_over_the_others() -> None:
    vectors, _ = make_faces(12, 2)
    labels = np.array([0] * 11 + [11])
    fits = compute_fits(vectors, labels)
    assert fits[3] == pytest.approx(np.delete(vectors[:11] @ vectors[3], 3).mean(), abs=1e-5)
    assert fits[11] == 1.0
    assert compute_centres(vectors, labels)[1][0] == pytest.approx(vectors[:11].mean(0), abs=1e-6)


def test_tracks_seen_at_one_time_are_found() -> None:
    spans = [(0, 1, 0.0, 5.0), (1, 1, 4.0, 9.0), (2, 1, 5.5, 6.0), (3, 2, 0.0, 9.0)]
    assert pair_overlaps(spans).tolist() == [[0, 1], [1, 2]]
    assert pair_overlaps([]).shape == (0, 2)


def test_small_and_bad_faces_are_unknown_with_the_reason() -> None:
    small, bad = judge_face(90, 12.0, POINT), judge_face(5, 90.0, POINT)
    assert isinstance(small, NotComparable)
    assert small.reason is Reason.TOO_SMALL
    assert isinstance(bad, NotComparable)
    assert bad.reason is Reason.QUALITY_TOO_LOW
    assert judge_face(20, 20.0, POINT) is None
