"""Verbal scales: ENFSI's bands at their edges, both sides, a laboratory's own, and what is no scale."""

from __future__ import annotations

import math

import pytest

from varde.camera.verbal_scale import ENFSI_2015, NEITHER, make_scale
from varde.core.errors import WrongUse


@pytest.mark.parametrize(
    ("likelihood_ratio", "words"),
    [
        (2, "weak support"),
        (9.9, "weak support"),
        (10, "moderate support"),
        (100, "moderately strong support"),
        (1_000, "strong support"),
        (10_000, "very strong support"),
        (999_999, "very strong support"),
        (1_000_000, "extremely strong support"),
    ],
)
def test_bands_are_those_of_the_guideline(likelihood_ratio: float, words: str) -> None:
    value = math.log10(likelihood_ratio)
    assert ENFSI_2015.words(value) == f"{words} that this camera took it"
    assert ENFSI_2015.words(-value) == f"{words} that another camera of the same model took it"


@pytest.mark.parametrize("log10_lr", [0.0, 0.25, -0.25, math.log10(1.9)])
def test_little_is_called_neither(log10_lr: float) -> None:
    assert ENFSI_2015.words(log10_lr) == NEITHER


def test_a_laboratory_sets_its_own_words() -> None:
    own = make_scale([(5, " slight "), (500, "clear")])
    assert own.words(3) == "clear that this camera took it"
    assert own.words(0.5) == NEITHER
    assert make_scale([]) is ENFSI_2015


@pytest.mark.parametrize(
    "bands", [[(1.0, "any")], [(10.0, "a"), (5.0, "b")], [(2.0, " ")], [(math.inf, "a")], [(math.nan, "a")]]
)
def test_what_is_no_scale_is_refused(bands: list[tuple[float, str]]) -> None:
    with pytest.raises(WrongUse, match="verbal scale"):
        make_scale(bands)
