"""Age bands: edges, estimates that touch several, ages that are not known."""

from __future__ import annotations

import pytest

from varde.core.age import AgeBand, find_band, touch_bands
from varde.core.errors import WrongUse
from varde.core.face import AgeBracket


@pytest.mark.parametrize(
    ("years", "band"),
    [(0, "0-3"), (3.9, "0-3"), (4, "4-8"), (13.99, "9-13"), (17.99, "14-17"), (18, "18+"), (99, "18+")],
)
def test_bands_begin_on_birthdays(years: float, band: str) -> None:
    assert find_band(years) == band


@pytest.mark.parametrize("years", [-1, 130, float("nan")])
def test_impossible_ages_are_refused(years: float) -> None:
    with pytest.raises(WrongUse):
        find_band(years)


def test_an_estimate_touches_every_band_of_its_interval() -> None:
    assert touch_bands([AgeBracket(11, 16, 21)]) == {AgeBand.LATE_CHILD, AgeBand.TEENAGER, AgeBand.ADULT}
    assert touch_bands([AgeBracket(30, 40, 50), AgeBand.ADULT]) == {AgeBand.ADULT}
    assert touch_bands([AgeBracket(-2, 1, 4)]) == {AgeBand.INFANT, AgeBand.CHILD}


def test_one_unknown_age_leaves_all_open() -> None:
    assert touch_bands([AgeBracket(30, 40, 50), None]) == frozenset()
