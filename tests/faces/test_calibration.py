"""What a score is worth: bands of quality and age, priors, thresholds, and refusals outside of what was measured."""

from __future__ import annotations

import pytest

from varde.core.age import AgeBand
from varde.core.errors import FormatError, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.faces.calibration import (
    COSINE,
    BandTable,
    Calibration,
    compute_pair_rate,
    probability,
    spread_prior,
)
from varde.faces.calibration_format import read_calibration, write_calibration

ADULT = frozenset({AgeBand.ADULT})
LOW = BandTable(AgeBand.ADULT, 30, 100, 300, 90_000, (0.2, 0.8), (-1.0, 2.0), ((1e-2, 0.4), (1e-3, 0.6)))
HIGH = BandTable(AgeBand.ADULT, 60, 100, 300, 90_000, (0.2, 0.6), (-1.5, 3.0), ((1e-2, 0.3), (1e-4, 0.5)))
MADE = Calibration("synthetic, 2026-11-22", COSINE, (LOW, HIGH))


def test_ratio_comes_from_the_band_of_the_quality() -> None:
    assert MADE.log10_lr(0.4, 75, ADULT) == pytest.approx(0.75)
    assert MADE.log10_lr(0.4, 45, ADULT) == pytest.approx(0.0)


def test_ratio_stays_within_what_was_measured() -> None:
    assert MADE.log10_lr(0.99, 75, ADULT) == 3.0
    assert MADE.log10_lr(-0.9, 75, ADULT) == -1.5


@pytest.mark.parametrize("band", [band for band in AgeBand if band is not AgeBand.ADULT])
def test_children_are_never_covered_by_adults(band: AgeBand) -> None:
    for ages in ({band}, {band, AgeBand.ADULT}):
        refused = MADE.log10_lr(0.7, 90, ages)
        assert isinstance(refused, NotComparable)
        assert refused.reason is Reason.AGE_NOT_COVERED
        assert "varde models calibrate" in refused.detail


def test_an_unknown_age_is_not_covered() -> None:
    refused = MADE.log10_lr(0.7, 90, ())
    assert isinstance(refused, NotComparable)
    assert "Say the age band" in refused.detail


def test_the_more_cautious_of_two_bands_counts() -> None:
    teens = BandTable(AgeBand.TEENAGER, 30, 90, 200, 9000, (0.2, 0.8), (-1.0, 1.0), ())
    both = Calibration("synthetic", COSINE, (HIGH, teens))
    assert both.log10_lr(0.8, 90, {AgeBand.ADULT, AgeBand.TEENAGER}) == 1.0


def test_quality_below_what_was_measured_has_a_reason() -> None:
    refused = MADE.log10_lr(0.7, 29, ADULT)
    assert isinstance(refused, NotComparable)
    assert refused.reason is Reason.NOT_CALIBRATED


def test_threshold_rises_with_the_gallery_and_is_refused_beyond_the_pairs() -> None:
    found = [MADE.threshold(0.1, size) for size in (10, 100, 1000)]
    assert found[0] == pytest.approx(0.3, abs=0.01)
    assert found == sorted(found)  # type: ignore[type-var]
    refused = MADE.threshold(0.1, 1_000_000)
    assert isinstance(refused, NotComparable)
    assert "bear one in 10,000" in refused.detail
    assert MADE.strictest == 0.5


def test_threshold_between_two_rates_lies_between_their_scores() -> None:
    found = MADE.threshold(3e-3, 1)
    assert isinstance(found, float)
    assert 0.3 < found < 0.5


def test_threshold_of_poor_faces_is_that_of_their_band() -> None:
    assert MADE.threshold(1e-3, 1, quality=40) == pytest.approx(0.6)
    assert isinstance(MADE.threshold(1e-4, 1, quality=40), NotComparable)
    assert isinstance(MADE.threshold(0.5, 1, quality=10), NotComparable)


def test_calibration_without_rates_says_so() -> None:
    bare = Calibration("synthetic", COSINE, (BandTable(AgeBand.ADULT, 0, 9, 9, 9, (0.0,), (0.0,), ()),))
    assert isinstance(bare.threshold(0.1, 10), NotComparable)
    assert isinstance(bare.strictest, NotComparable)


def test_probability_follows_the_prior() -> None:
    assert probability(0, 0.5) == pytest.approx(0.5)
    assert probability(3, 1 / 1001) == pytest.approx(0.5)
    assert probability(-400, 0.5) == pytest.approx(0, abs=1e-12)
    assert probability(400, 1e-9) == pytest.approx(1)
    assert probability(4.0, spread_prior(0.5, 1_000_000)) < 0.01


def test_whole_search_rate_is_spread_over_the_gallery() -> None:
    assert 1 - (1 - compute_pair_rate(0.1, 1000)) ** 1000 == pytest.approx(0.1)


@pytest.mark.parametrize("wrong", [0.0, 1.0, -1.0, 2.0])
def test_impossible_rates_and_priors_are_refused(wrong: float) -> None:
    with pytest.raises(WrongUse):
        MADE.threshold(wrong, 10)
    with pytest.raises(WrongUse):
        probability(1.0, wrong)
    with pytest.raises(WrongUse):
        spread_prior(wrong, 10)


def test_written_and_read_it_is_the_same() -> None:
    assert read_calibration(write_calibration(MADE)) == MADE


@pytest.mark.parametrize(
    "change",
    [
        {"scale": "feet"},
        {"tables": []},
        {"tables": [{"age": "40+"}]},
        {"tables": 3},
        {"tables": [write_calibration(MADE)["tables"][0] | {"log10_lrs": [2.0, -1.0]}]},
        {"tables": [write_calibration(MADE)["tables"][0] | {"scores": [0.1]}]},
        {"tables": [write_calibration(MADE)["tables"][0] | {"scores": [0.1, float("nan")]}]},
        {"tables": [write_calibration(MADE)["tables"][0] | {"thresholds": [[1e-4, 0.5], [1e-2, 0.3]]}]},
    ],
)
def test_nonsense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        read_calibration(write_calibration(MADE) | change)
