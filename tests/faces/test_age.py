"""Brackets around an estimated age."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.faces.age import make_bracket


@given(st.floats(-20, 200))
def test_the_estimate_is_within_its_bracket(years: float) -> None:
    found = make_bracket(years)
    assert 0 <= found.low <= found.estimate <= found.high <= 110


@pytest.mark.parametrize("years", [12.0, 16.0, 20.0, 23.0])
def test_around_the_limit_of_age_the_bracket_holds_both_sides_or_says_child(years: float) -> None:
    assert make_bracket(years).low < 18


def test_nonsense_of_a_network_gives_a_wide_bracket() -> None:
    found = make_bracket(math.nan)
    assert found.high - found.low > 20
