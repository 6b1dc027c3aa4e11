"""Behaviour of the charts: they say what the figures say, whatever the names are, and carry no style of their own."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from varde.web import charts

HOSTILE = '"><script>alert(1)</script>'


def parse(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)


@pytest.mark.parametrize(
    ("value", "largest", "width"), [(0, 10, "0.00%"), (5, 10, "50.00%"), (20, 10, "100.00%"), (1, 0, "0.00%")]
)
def test_a_bar_is_as_wide_as_its_share(value: int, largest: int, width: str) -> None:
    assert parse(charts.draw_bar(value, largest))[1].get("width") == width


def test_parts_of_a_bar_stand_side_by_side() -> None:
    drawn = parse(charts.draw_progress("3 of 4", [("0", 1), (HOSTILE, 2)], 4))
    assert [(one.get("x"), one.get("width")) for one in drawn[1:]] == [("0.00%", "25.00%"), ("25.00%", "50.00%")]
    assert drawn.get("aria-label") == "3 of 4" and drawn[2][0].text == f"{HOSTILE}: 2"


def test_hostile_words_stay_words() -> None:
    for markup in (
        charts.draw_progress(HOSTILE, [(HOSTILE, 1)], 1),
        charts.draw_months(HOSTILE, charts.fill_months({"2020-01": 1})),
    ):
        assert "<script" not in markup and "style" not in markup
        parse(markup)


def test_months_without_items_are_shown_empty() -> None:
    filled = charts.fill_months({"2020-11": 2, "2021-02": 3})
    assert [(one.name, one.items) for one in filled.periods] == [
        ("2020-11", 2),
        ("2020-12", 0),
        ("2021-01", 0),
        ("2021-02", 3),
    ]
    assert len(parse(charts.draw_months("t", filled)).findall("rect")) == 2


def test_many_months_are_shown_by_year() -> None:
    filled = charts.fill_months({"1990-01": 1, "1990-12": 1, "2020-06": 5})
    assert (filled.periods[0], filled.periods[-1]) == (charts.Period("1990", 2), charts.Period("2020", 5))
    assert len(filled.periods) == 31


def test_a_clock_that_was_never_set_does_not_squeeze_the_rest() -> None:
    filled = charts.fill_months({"0001-01": 1, "2020-06": 50, "2021-06": 50, "9999-12": 2})
    assert filled.outside == 3 and filled.periods[0].name == "2020-06"


@pytest.mark.parametrize("counts", [{}, {"": 3}, {"2020-13": 1}, {"not a month": 1}, {"٢٠٢٠-01": 1}])
def test_what_is_no_month_is_not_drawn(counts: dict[str, int]) -> None:
    filled = charts.fill_months(counts)
    assert filled.periods == () and filled.outside == sum(counts.values())
    assert charts.draw_months("t", filled) == ""
