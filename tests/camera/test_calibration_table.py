"""Tables from measured scores: bounded by independent numbers, checked on pictures left out, refused when too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from varde.camera.calibration import ScoreTable
from varde.camera.calibration_table import Comparisons, LeftOutRatios, add_figures, fit_table, leave_pictures_out
from varde.core.camera import SearchExtent
from varde.core.outcome import NotComparable, Reason


def compare_pictures(pictures: int = 40, parts: int = 6, devices: int = 4, seed: int = 1) -> Comparisons:
    """Parts of pictures, each compared with every device; a picture's own strength differs from picture to picture."""
    rng = np.random.default_rng(seed)
    rows = [
        (rng.normal(gain if device == picture % devices else 0.0, 1.0), device == picture % devices, picture, device)
        for picture in range(pictures)
        for gain in [rng.gamma(4, 2)]
        for device in range(devices)
        for _ in range(parts)
    ]
    strengths, is_match, numbers, whom = zip(*rows, strict=True)
    return Comparisons(np.array(strengths), *(np.array(part, np.int64) for part in (is_match, numbers, whom)))


def _fit(compared: Comparisons) -> ScoreTable:
    table = fit_table(compared, "method/1", SearchExtent.ALIGNED, 262_144)
    assert isinstance(table, ScoreTable)
    return table


def test_table_says_what_it_was_made_of() -> None:
    table = _fit(compare_pictures())
    assert (table.devices, table.pictures, table.matches, table.non_matches) == (4, 40, 240, 720)
    assert 40 <= table.match_support < 160
    assert table.non_match_support > 500


def test_bounds_are_what_the_independent_numbers_bear() -> None:
    table = _fit(compare_pictures())
    assert table.high == pytest.approx(np.log10(table.non_match_support / 3), abs=1e-3)
    assert table.low == pytest.approx(np.log10(3 / table.match_support), abs=1e-3)
    assert table.read(500.0) == (table.high, True)
    assert table.read(-500.0) == (table.low, True)


def test_highest_of_the_non_matches_speaks_against_the_camera_where_scores_separate() -> None:
    rng = np.random.default_rng(2)
    compared = compare_pictures()
    moved = np.where(compared.is_match == 1, rng.uniform(10, 60, len(compared.strengths)), compared.strengths)
    table = _fit(replace(compared, strengths=moved))
    assert table.read(table.null_highest)[0] < 0


def test_ratios_of_pictures_left_out_cost_little_more_than_the_least() -> None:
    compared = compare_pictures(80)
    found = leave_pictures_out(compared, compared.pictures)
    assert isinstance(found, LeftOutRatios)
    assert found.check.least_cost <= found.check.cost < found.check.least_cost + 0.06
    assert len(found.matches) == 480
    table = add_figures(_fit(compared), found)
    assert table.figures["cllr"] == pytest.approx(found.check.cost, abs=1e-5)
    assert table.figures["misleading_low"] < table.figures["misleading"] < table.figures["misleading_high"] < 0.2
    assert (len(table.match_lrs), len(table.non_match_lrs)) == (101, 101)


def test_too_few_are_refused_with_how_many_are_needed() -> None:
    refused = fit_table(compare_pictures(5, 8), "method/1", SearchExtent.ALIGNED, 262_144)
    assert isinstance(refused, NotComparable)
    assert refused.reason is Reason.TOO_FEW_PAIRS
    assert "40 comparisons of 5 pictures" in refused.detail
    assert "at least 30 of 6 pictures, 100 and 2 cameras are needed" in refused.detail


def test_pictures_left_out_of_too_few_are_refused() -> None:
    compared = compare_pictures(6)
    assert isinstance(leave_pictures_out(compared, compared.pictures), NotComparable)
