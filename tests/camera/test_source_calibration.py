"""What scores are worth: monotone, within what the numbers bear, refused where nothing was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.camera.calibration import ScoreTable, SourceCalibration, with_null
from varde.camera.calibration_format import default_calibration
from varde.camera.verbal_scale import make_scale
from varde.core.camera import Geometry, LikelihoodRatio, SearchExtent, SourceScore, SourceSearch
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

_METHOD = Method("camera.residual+camera.pce", "2+2")
_SMALL = ScoreTable(
    method=str(_METHOD),
    extent=SearchExtent.ALIGNED,
    pixels=65_536,
    devices=8,
    pictures=40,
    matches=400,
    non_matches=1200,
    match_support=90,
    non_match_support=900,
    curve=(-0.8, 0.2, 0.03),
    low=-1.48,
    high=2.48,
    null_mean=0.0,
    null_deviation=1.1,
    null_highest=3.9,
    figures={"cllr": 0.2},
    match_lrs=(-1.0, 2.0),
    non_match_lrs=(-1.4, 0.3),
)
_LARGE = replace(_SMALL, pixels=1_048_576, curve=(-2.0, 0.3, 0.05))
CALIBRATION = SourceCalibration("made up for tests", (_LARGE, _SMALL))


def score(
    pce: float, pixels: int = 65_536, extent: SearchExtent = SearchExtent.ALIGNED, places: int = 1
) -> SourceScore:
    return SourceScore(pce, 0.01, SourceSearch(extent, places, Geometry()), pixels, 1.0, _METHOD)


def ratio(pce: float, pixels: int = 65_536, calibration: SourceCalibration = CALIBRATION) -> LikelihoodRatio:
    found = calibration.log10_lr(score(pce, pixels))
    assert isinstance(found, LikelihoodRatio)
    return found


def test_ratio_is_that_of_the_curve_at_the_signed_root() -> None:
    assert ratio(25).log10_lr == pytest.approx(-0.8 + 0.2 * 5 + 0.03 * 25)
    assert ratio(-1).log10_lr == pytest.approx(-0.8 - 0.2)
    assert not ratio(25).is_bounded


def test_ratio_beyond_what_the_numbers_bear_stops_there_and_says_so() -> None:
    above, below = ratio(30_000), ratio(-100)
    assert (above.log10_lr, above.is_bounded) == (2.48, True)
    assert (below.log10_lr, below.is_bounded) == (-1.48, True)


@given(st.floats(-400, 60_000), st.floats(0, 500), st.integers(60_000, 30_000_000))
def test_ratio_never_falls_as_the_pce_rises(pce: float, more: float, pixels: int) -> None:
    assert ratio(pce + more, pixels).log10_lr >= ratio(pce, pixels).log10_lr


def test_ratio_between_two_tables_lies_between_theirs() -> None:
    middle = ratio(20, 262_144).log10_lr
    assert middle == pytest.approx((ratio(20).log10_lr + ratio(20, 1_048_576).log10_lr) / 2)
    assert ratio(20, 40_000_000).log10_lr == ratio(20, 1_048_576).log10_lr


def test_fewer_pixels_than_were_measured_are_refused() -> None:
    refused = CALIBRATION.log10_lr(score(500, 30_000))
    assert isinstance(refused, NotComparable)
    assert refused.reason is Reason.NOT_CALIBRATED
    assert "30,000 pixels" in refused.detail
    assert "65,536" in refused.detail


def test_a_wider_search_than_was_measured_is_refused() -> None:
    refused = CALIBRATION.log10_lr(score(500, extent=SearchExtent.SCALED, places=9_000_000))
    assert isinstance(refused, NotComparable)
    assert "'scaled'" in refused.detail


def test_scores_of_another_method_are_refused() -> None:
    other = replace(score(500), method=Method("camera.residual+camera.pce", "2+1"))
    assert isinstance(CALIBRATION.log10_lr(other), NotComparable)


def test_videos_are_weighed_by_photographs_and_never_speak_against_a_camera() -> None:
    video = Method("camera.video_residual+camera.pce", "1+2")
    high, low = (CALIBRATION.log10_lr(replace(score(pce), method=video)) for pce in (40, -1))
    assert isinstance(high, LikelihoodRatio)
    assert isinstance(low, LikelihoodRatio)
    assert high.log10_lr == ratio(40).log10_lr
    assert (low.log10_lr, low.is_bounded) == (0.0, True)
    assert "of photographs, used for a video" in high.calibration
    own = SourceCalibration("own", (*CALIBRATION.tables, replace(_SMALL, method=str(video), curve=(-1.0, 0.1, 0.0))))
    measured = own.log10_lr(replace(score(-1), method=video))
    assert isinstance(measured, LikelihoodRatio)
    assert measured.log10_lr == pytest.approx(-1.1)


def test_the_best_of_many_places_counts_less_than_one_place() -> None:
    shifted = SourceCalibration("made up", (replace(_SMALL, extent=SearchExtent.SHIFTED),))
    few, many = (shifted.log10_lr(score(40, extent=SearchExtent.SHIFTED, places=n)) for n in (8, 6_000_000))
    assert isinstance(few, LikelihoodRatio)
    assert isinstance(many, LikelihoodRatio)
    assert few.log10_lr > many.log10_lr + 1


def test_result_names_its_calibration_and_its_size() -> None:
    text = ratio(25).calibration
    assert "made up for tests" in text
    assert "400 comparisons with the same camera and 1,200 with others" in text
    assert "worth 90 and 900 independent ones" in text


def test_words_are_those_of_the_scale_in_force() -> None:
    assert ratio(25).words == "weak support that this camera took it"
    own = CALIBRATION.with_scale(make_scale([(3, "some support")]))
    assert ratio(25, calibration=own).words == "some support that this camera took it"


def test_ordinary_scores_of_other_cameras_of_the_case_change_nothing() -> None:
    null = with_null(CALIBRATION, [score(pce) for pce in (-1.0, 0.4, 1.2, -0.3)])
    assert ratio(30, calibration=null).log10_lr == pytest.approx(ratio(30).log10_lr, abs=0.02)
    assert (
        "4 comparisons with other cameras or their files in this case, 0 of them as high"
        in ratio(30, calibration=null).calibration
    )


def test_high_scores_of_other_cameras_of_the_case_make_a_ratio_less() -> None:
    null = with_null(CALIBRATION, [score(pce) for pce in (9.0, 16.0, 12.0)])
    assert ratio(40, calibration=null).log10_lr < ratio(40).log10_lr - 0.5


def test_a_score_that_other_cameras_of_the_case_reach_says_little() -> None:
    null = with_null(CALIBRATION, [score(pce) for pce in (900.0, 0.5, -0.5, 0.0)])
    assert ratio(800, calibration=null).log10_lr < 0.4
    assert "1 of them as high" in ratio(800, calibration=null).calibration


@given(st.lists(st.floats(-60, 400), max_size=12), st.floats(-100, 2000))
def test_a_case_null_never_makes_a_ratio_larger(others: list[float], pce: float) -> None:
    null = with_null(CALIBRATION, [score(one) for one in others])
    assert ratio(pce, calibration=null).log10_lr <= ratio(pce).log10_lr + 1e-9


def test_case_null_of_another_search_does_not_count() -> None:
    null = with_null(CALIBRATION, [score(900, extent=SearchExtent.SHIFTED, places=6_000_000)])
    assert ratio(40, calibration=null) == ratio(40)


def test_shipped_calibration_covers_every_extent() -> None:
    shipped = default_calibration()
    for extent in SearchExtent:
        found = shipped.log10_lr(score(2000, 6_000_000, extent, 1 if extent is SearchExtent.ALIGNED else 20_000_000))
        assert isinstance(found, LikelihoodRatio)
        assert found.log10_lr > 1
        low = shipped.log10_lr(score(3, 6_000_000, extent, 1 if extent is SearchExtent.ALIGNED else 20_000_000))
        assert isinstance(low, LikelihoodRatio)
        assert low.log10_lr < 0
