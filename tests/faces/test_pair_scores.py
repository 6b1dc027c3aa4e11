"""All pairs: every pair once, mated ones apart from the others, the tail equal to a full sort."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_people import make_people

from varde.core.errors import WrongUse
from varde.faces import pair_scores
from varde.faces.pair_scores import bin_scores, compare_all


def test_every_pair_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_scores, "_PAIRS_AT_ONCE", 500)
    vectors, people = make_people([3] * 10 + [1] * 15)
    pairs = compare_all(vectors, people, np.random.default_rng(1))
    assert len(pairs.mated) == 10 * 3
    assert pairs.non_mated_pairs == 45 * 44 // 2 - 30


def test_tail_is_that_of_a_full_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_scores, "_PAIRS_AT_ONCE", 700)
    monkeypatch.setattr(pair_scores, "HIGHEST_RATE", 0.05)
    vectors, people = make_people([2] * 40, spread=0.5)
    pairs = compare_all(vectors, people, np.random.default_rng(1))
    rows, columns = np.triu_indices(len(people), 1)
    others = people[rows] != people[columns]
    slow = np.sort((vectors @ vectors.T)[rows, columns][others])[::-1]
    assert np.allclose(pairs.tail, slow[: len(pairs.tail)], atol=1e-6)
    assert len(pairs.tail) == int(np.ceil(0.05 * len(slow)))


def test_histogram_has_the_mean_of_the_scores() -> None:
    vectors, people = make_people([1] * 60)
    pairs = compare_all(vectors, people, np.random.default_rng(1))
    rows, columns = np.triu_indices(60, 1)
    mean = (bin_scores() * pairs.histogram).sum() / pairs.non_mated_pairs
    assert mean == pytest.approx(float((vectors @ vectors.T)[rows, columns].mean()), abs=1e-4)


def test_labels_may_be_any_numbers() -> None:
    vectors, people = make_people([2, 2, 1])
    scores = compare_all(vectors, people * 1000 - 7, np.random.default_rng(1))
    assert scores.images.tolist() == [2, 2, 1]


@pytest.mark.parametrize("sizes", [[5], []])
def test_fewer_than_two_people_are_refused(sizes: list[int]) -> None:
    vectors, people = make_people(sizes)
    with pytest.raises(WrongUse, match="two people"):
        compare_all(vectors, people, np.random.default_rng(1))


def test_vectors_without_labels_are_refused() -> None:
    vectors, people = make_people([2, 2])
    with pytest.raises(WrongUse, match="pair up"):
        compare_all(vectors, people[:3], np.random.default_rng(1))
