"""Kappa against published examples, slow references and what it must be by its meaning."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.outcome import NotComparable, Reason
from varde.review.agreement import Kappa, Share, compute_cohen, compute_fleiss, compute_share

CODES = st.sampled_from("0123")

SAS_EXAMPLE = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
"""SAS/STAT's example of a simple kappa, 19 items: kappa 0.4842, standard error 0.1380, interval 0.2137 to 0.7547."""

PSYCHIATRISTS = [
    *["444444", "222555", "233335", "555555", "222444", "113333", "333355", "113334", "114444", "555555"],
    *["144444", "124444", "222333", "144444", "224445", "333335", "111455", "111112", "224444", "133555"],
    *["555555", "244444", "224555", "114444", "144445", "222224", "111155", "224444", "133333", "555555"],
]
"""Fleiss (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses: kappa 0.430."""

FOURTEEN = [
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
]
"""The worked example of many textbooks: 10 items, 14 people, 5 codes: kappa 0.210."""


def unfold(table: list[list[int]]) -> list[tuple[str, str]]:
    return [(str(i), str(j)) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]


def slow_cohen(pairs: list[tuple[str, str]]) -> float:
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    observed = sum(a == b for a, b in pairs) / len(pairs)
    expected = sum(first[code] * second[code] for code in first) / len(pairs) ** 2
    return (observed - expected) / (1 - expected)


def slow_fleiss(ratings: list[str]) -> float:
    agreeing = [sum(a == b for a, b in combinations(row, 2)) / math.comb(len(row), 2) for row in ratings]
    shares = Counter(code for row in ratings for code in row)
    expected = sum((count / shares.total()) ** 2 for count in shares.values())
    return (sum(agreeing) / len(agreeing) - expected) / (1 - expected)


def test_cohen_is_that_of_the_published_example() -> None:
    found = compute_cohen(unfold(SAS_EXAMPLE), least=10)
    assert isinstance(found, Kappa)
    assert found.value == pytest.approx(0.4842, abs=5e-5)
    assert (found.high - found.value) / 1.959964 == pytest.approx(0.1380, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.2137, 0.7547), abs=5e-5)
    assert found.items == 19


def test_fleiss_is_that_of_the_paper() -> None:
    found = compute_fleiss(PSYCHIATRISTS, np.random.default_rng(1))
    assert isinstance(found, Kappa)
    assert found.value == pytest.approx(0.4302445, abs=5e-8)
    assert found.low < found.value < found.high
    assert (found.expected, found.observed) == pytest.approx((0.220, 0.556), abs=5e-4)


def test_fleiss_is_that_of_the_textbook() -> None:
    rows = ["".join(str(code) * count for code, count in enumerate(row)) for row in FOURTEEN]
    found = compute_fleiss(rows, np.random.default_rng(1), least=10)
    assert isinstance(found, Kappa)
    assert found.value == pytest.approx(0.210, abs=5e-4)


@given(st.lists(st.tuples(CODES, CODES), min_size=20, max_size=60))
def test_cohen_is_that_of_a_slow_obvious_one(pairs: list[tuple[str, str]]) -> None:
    found = compute_cohen(pairs)
    if isinstance(found, NotComparable):
        assert len({code for pair in pairs for code in pair}) == 1
        assert found.reason is Reason.ONE_CATEGORY
        return
    assert found.value == pytest.approx(slow_cohen(pairs))
    assert -1 <= found.low <= found.value <= found.high <= 1


@given(st.lists(st.text("0123", min_size=3, max_size=3), min_size=20, max_size=60))
def test_fleiss_is_that_of_a_slow_obvious_one(ratings: list[str]) -> None:
    found = compute_fleiss(ratings, np.random.default_rng(1), resamples=50)
    if isinstance(found, NotComparable):
        assert len(set("".join(ratings))) == 1
        return
    assert found.value == pytest.approx(slow_fleiss(ratings))


@given(st.lists(st.tuples(CODES, CODES), min_size=20, max_size=40), st.permutations("0123"))
def test_cohen_does_not_change_with_names_of_codes_or_who_was_first(
    pairs: list[tuple[str, str]], names: list[str]
) -> None:
    renamed = [(names[int(second)], names[int(first)]) for first, second in pairs]
    found, other = compute_cohen(pairs), compute_cohen(renamed)
    if isinstance(found, NotComparable) or isinstance(other, NotComparable):
        assert found == other
        return
    assert (found.value, found.low) == pytest.approx((other.value, other.low))


def test_interval_of_cohen_covers_the_truth_about_as_often_as_it_says() -> None:
    """200 items of two people who agree by chance or copy each other half of the time: kappa is 0.5."""
    generator, covered = np.random.default_rng(3), 0
    for _ in range(300):
        first, other = generator.integers(0, 3, (2, 200))
        second = np.where(generator.random(200) < 0.5, first, other)
        found = compute_cohen([(str(a), str(b)) for a, b in zip(first, second, strict=True)])
        assert isinstance(found, Kappa)
        covered += found.low <= 0.5 <= found.high
    assert 0.91 <= covered / 300 <= 0.985


def test_interval_of_fleiss_covers_the_truth_about_as_often_as_it_says() -> None:
    generator, covered = np.random.default_rng(4), 0
    for _ in range(150):
        first, other = generator.integers(0, 3, (2, 200))
        second = np.where(generator.random(200) < 0.5, first, other)
        rows = [f"{a}{b}" for a, b in zip(first, second, strict=True)]
        found = compute_fleiss(rows, generator, resamples=400)
        assert isinstance(found, Kappa)
        covered += found.low <= 0.5 <= found.high
    assert 0.89 <= covered / 150 <= 0.99


def test_full_agreement_is_one_and_not_certain() -> None:
    found = compute_cohen([("1", "1")] * 15 + [("2", "2")] * 15)
    assert isinstance(found, Kappa)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(2 * 0.025 ** (1 / 30) - 1)


def test_people_who_never_agree_are_below_chance() -> None:
    found = compute_cohen([("1", "2"), ("2", "1")] * 15)
    assert isinstance(found, Kappa)
    assert found.value == pytest.approx(-1)


def test_few_ratings_and_one_category_are_results_with_reasons() -> None:
    generator = np.random.default_rng(1)
    few = [("1", "2")] * 19
    assert getattr(compute_cohen(few), "reason", None) is Reason.TOO_FEW_RATINGS
    assert getattr(compute_cohen([]), "reason", None) is Reason.TOO_FEW_RATINGS
    assert getattr(compute_fleiss(few, generator), "reason", None) is Reason.TOO_FEW_RATINGS
    assert getattr(compute_share(3, 19), "reason", None) is Reason.TOO_FEW_RATINGS
    assert getattr(compute_cohen([("1", "1")] * 50), "reason", None) is Reason.ONE_CATEGORY
    assert getattr(compute_fleiss([("1", "1")] * 50, generator), "reason", None) is Reason.ONE_CATEGORY


@pytest.mark.parametrize("rows", [["11"] * 30 + ["123"], ["1"] * 30])
def test_rows_of_unequal_or_too_short_length_are_refused(rows: list[str]) -> None:
    with pytest.raises(ValueError, match="same number"):
        compute_fleiss(rows, np.random.default_rng(1))


def test_share_has_the_published_interval() -> None:
    """Newcombe (1998), table I: 81 of 263 and 0 of 20 by Wilson's method."""
    found, none = compute_share(81, 263), compute_share(0, 20)
    assert isinstance(found, Share)
    assert isinstance(none, Share)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=5e-5)
