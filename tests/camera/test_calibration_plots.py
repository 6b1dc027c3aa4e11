"""Plots of calibrations: whole SVG without script or style, lines where the figures are, few and many values."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from test_source_calibration import CALIBRATION

from varde.camera.calibration_plots import plot_cross_entropy, plot_curve, plot_tippett
from varde.camera.svg_chart import Chart, Line, draw

_SVG = "{http://www.w3.org/2000/svg}"
_TABLE = CALIBRATION.tables[1]
_RNG = np.random.default_rng(1)
_MATCHES, _OTHERS = _RNG.normal(1.5, 1, 60), _RNG.normal(-1.2, 0.7, 200)


def _lines(svg: str) -> list[list[tuple[float, float]]]:
    found = []
    for line in ET.fromstring(svg).iter(f"{_SVG}polyline"):
        pairs = [pair.split(",") for pair in line.attrib["points"].split()]
        found.append([(float(x), float(y)) for x, y in pairs])
    return found


@pytest.mark.parametrize(
    "svg", [plot_tippett(_MATCHES, _OTHERS), plot_cross_entropy(_MATCHES, _OTHERS), plot_curve(_TABLE, 7.5)]
)
def test_plots_are_whole_and_bring_nothing_along(svg: str) -> None:
    assert {part.tag.removeprefix(_SVG) for part in ET.fromstring(svg).iter()} <= {
        "svg", "title", "line", "polyline", "text"
    }  # fmt: skip
    assert "currentColor" in svg
    assert not re.search(r"style=|script|href|url\(|<style", svg)
    assert all(0 <= x <= 560 and 0 <= y <= 340 for line in _lines(svg) for x, y in line)


def test_tippett_lines_fall_from_all_to_none() -> None:
    for line in _lines(plot_tippett(_MATCHES, _OTHERS)):
        heights = [y for _, y in line]
        assert heights == sorted(heights)
        assert (line[0][1], line[-1][1]) == (46.0, 296.0)


def test_cross_entropy_of_no_evidence_is_one_bit_at_even_odds() -> None:
    given, best, nothing = _lines(plot_cross_entropy(_MATCHES, _OTHERS))
    assert nothing[30][1] == pytest.approx(46, abs=0.2)
    assert all(low[1] >= high[1] - 0.11 for low, high in zip(best, given, strict=True))


def test_scores_that_separate_wholly_have_a_best_cross_entropy_of_none() -> None:
    _, best, _ = _lines(plot_cross_entropy(np.array([2.0, 3.0]), np.array([-2.0])))
    assert {y for _, y in best} == {296.0}


def test_curve_rises_to_its_bound_and_marks_the_comparison() -> None:
    svg = plot_curve(_TABLE, 7.5)
    heights = [y for _, y in _lines(svg)[0]]
    assert heights == sorted(heights, reverse=True)
    assert ">this comparison<" in svg
    assert "this comparison" not in plot_curve(_TABLE)


def test_a_score_far_beyond_the_curve_leaves_the_curve_readable_and_is_told_with_its_value() -> None:
    near, far = plot_curve(_TABLE, 7.5), plot_curve(_TABLE, 355.2)
    assert _lines(near) == _lines(far)
    assert "this comparison, beyond at 355" in far
    assert "this comparison, beyond at -40" in plot_curve(_TABLE, -40.0)


@pytest.mark.parametrize("strength", [-40.0, 3.0, 500.0])
def test_curve_of_any_table_can_be_drawn(strength: float) -> None:
    for table in (_TABLE, replace(_TABLE, curve=(0.0, 0.0, 0.0)), replace(_TABLE, low=0.0, high=6.2)):
        ET.fromstring(plot_curve(table, strength))


def test_texts_are_escaped() -> None:
    ticks = ((0.0, "0"), (1.0, "<1"))
    svg = draw(Chart("a & b", "<x>", '"y"', ticks, ticks, (Line("<b>", [(0, 0), (1, 1)], "#000000"),)))
    assert [text.text for text in ET.fromstring(svg).iter(f"{_SVG}title")] == ["a & b"]
    assert "<b>" not in svg
