"""Identification: ranks against a slow reference, distractors, people left out of the gallery."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_people import make_people

from varde.core.outcome import NotComparable
from varde.faces.identification import OpenSet, identify, search_gallery
from varde.measures.estimate import Estimate


def test_ranks_are_those_of_a_full_sort() -> None:
    vectors, people = make_people([3] * 30 + [1] * 50, spread=1.1)
    found = search_gallery(vectors, people)
    gallery = np.unique(people, return_index=True)[1]
    probes = np.setdiff1d(np.arange(len(people)), gallery)
    scores = vectors[probes] @ vectors[gallery].T
    order = np.argsort(-scores, axis=1)
    slow = 1 + np.argmax(order == people[probes][:, None], axis=1)
    assert found.rank.tolist() == slow.tolist()
    assert (found.gallery, len(found.own)) == (80, 60)
    assert (np.diff(found.others, axis=1) <= 0).all()


def test_more_distractors_never_raise_rank_one() -> None:
    few = make_people([2] * 40, spread=1.4)
    many = make_people([2] * 40 + [1] * 400, spread=1.4)
    vectors = np.concatenate([few[0], many[0][80:]])
    people = np.concatenate([few[1], many[1][80:]])
    rates = []
    for probes in ((few[0], few[1]), (vectors, people)):
        rank = identify(search_gallery(*probes), np.random.default_rng(1), draws=20).ranks[1]
        assert isinstance(rank, Estimate)
        rates.append(rank.value)
    assert rates[1] < rates[0]


def test_open_set_keeps_its_false_alarm_rate_and_finds_clear_people() -> None:
    vectors, people = make_people([3] * 60 + [1] * 20, spread=0.3)
    found = identify(search_gallery(vectors, people), np.random.default_rng(1), draws=20).open_set[0.1]
    assert isinstance(found, OpenSet)
    assert found.found.value == 1
    assert found.found.low < 1
    assert found.missed.value == 0


def test_open_set_misses_people_who_do_not_look_alike() -> None:
    vectors, people = make_people([3] * 80, spread=30)
    found = identify(search_gallery(vectors, people), np.random.default_rng(1), draws=20).open_set[0.1]
    assert isinstance(found, OpenSet)
    assert found.found.value < 0.2
    assert found.missed.value == pytest.approx(1 - found.found.value)


def test_too_few_probes_for_a_rate_have_a_reason() -> None:
    vectors, people = make_people([2] * 20)
    found = identify(search_gallery(vectors, people), np.random.default_rng(1), draws=10)
    refused = found.open_set[0.01]
    assert isinstance(refused, NotComparable)
    assert "needs 200 probes; there are 20" in refused.detail


def test_without_probes_there_is_a_reason() -> None:
    vectors, people = make_people([1] * 9)
    found = identify(search_gallery(vectors, people), np.random.default_rng(1), draws=10)
    assert found.probes == 0
    assert isinstance(found.ranks[1], NotComparable)
