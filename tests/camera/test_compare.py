"""Finding pictures on their sensor however they lie, and saying so where they cannot be compared."""

from __future__ import annotations

import dataclasses
import itertools

import cv2
import numpy as np
import pytest
from noise_pictures import HEIGHT, WIDTH, lay, make_fingerprint, make_pattern, make_residual, resize

from varde.camera.compare import compare, compare_residuals, compare_widening, prepare
from varde.core.camera import Geometry, SearchExtent, SourceScore
from varde.core.outcome import NotComparable, Reason

PATTERN = make_pattern(1)
FINGERPRINT = make_fingerprint(PATTERN)
PREPARED = prepare(FINGERPRINT)
SMALL = make_pattern(2, 240, 320)
CHANCE = 60.0


def _score(pattern: np.ndarray, extent: SearchExtent, *, noise: float = 1.5) -> SourceScore:
    outcome = compare(make_residual(pattern, noise=noise), FINGERPRINT, extent, prepared=PREPARED)
    assert isinstance(outcome, SourceScore)
    return outcome


def _score_small(pattern: np.ndarray, extent: SearchExtent, *, noise: float = 1.5) -> SourceScore:
    """Returns the score against a small sensor, on which wide searches take a fraction of a second."""
    outcome = compare(make_residual(pattern, noise=noise), make_fingerprint(SMALL), extent)
    assert isinstance(outcome, SourceScore)
    return outcome


def test_own_picture_stands_out_at_its_own_place() -> None:
    score = _score(PATTERN, SearchExtent.ALIGNED)
    assert score.pce > 10_000
    assert 0.3 < score.correlation < 1
    assert score.search.places == 1
    assert score.search.geometry == Geometry()
    assert score.pixels == HEIGHT * WIDTH - 160
    assert str(score.method) == "camera.residual+camera.pce/2+2"


def test_other_pictures_scatter_around_zero_with_both_signs() -> None:
    scores = [_score(make_pattern(seed), SearchExtent.ALIGNED).pce for seed in range(10, 22)]
    assert max(abs(each) for each in scores) < 15
    assert min(scores) < 0 < max(scores)


def test_inverted_pattern_scores_below_zero() -> None:
    assert _score(-PATTERN, SearchExtent.ALIGNED).pce < -10_000


def test_pce_is_near_to_the_pixels_times_the_squared_correlation() -> None:
    score = _score(PATTERN, SearchExtent.ALIGNED, noise=20)
    assert score.pce == pytest.approx(score.pixels * score.correlation**2, rel=0.1)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned_and_mirrored_pictures_are_found_whole_and_cropped(turn: int, mirrored: bool) -> None:
    whole = _score(lay(PATTERN, turn, mirrored=mirrored), SearchExtent.TURNED)
    assert whole.search.geometry == Geometry(turn, mirrored)
    assert whole.search.places == 4
    crop = _score(lay(PATTERN[31:331, 57:457], turn, mirrored=mirrored), SearchExtent.SHIFTED)
    assert crop.search.geometry == Geometry(turn, mirrored, shift=(31, 57))
    assert crop.pce > 5_000


def test_picture_that_sticks_out_by_a_few_pixels_is_found_and_one_that_does_further_is_not() -> None:
    picture = make_pattern(5)
    picture[3:, 2:] = PATTERN[:-3, :-2]
    score = _score(picture, SearchExtent.SHIFTED)
    assert score.search.geometry == Geometry(shift=(-3, -2))
    assert score.pixels < HEIGHT * WIDTH - 3 * WIDTH
    picture[40:, 25:] = PATTERN[:-40, :-25]
    picture[:40], picture[:, :25] = 0, 0
    assert _score(picture, SearchExtent.SHIFTED).pce < CHANCE


def test_resized_whole_picture_is_found_at_its_scale() -> None:
    score = _score_small(resize(SMALL, 240, 180), SearchExtent.SCALED, noise=0.5)
    assert score.search.geometry.scale == pytest.approx(3 / 4, rel=1e-3)
    assert np.abs(score.search.geometry.shift).max() < 1
    assert score.pce > 500
    assert score.search.places > 100_000


def test_crop_of_an_unknown_scale_is_found_in_its_place() -> None:
    picture = resize(SMALL[11:231, 20:300], 238, 187)
    score = _score_small(lay(picture, 90, mirrored=False), SearchExtent.SCALED, noise=0.3)
    geometry = score.search.geometry
    assert geometry.turn == 90
    assert geometry.scale == pytest.approx(238 / 280, rel=3e-3)
    np.testing.assert_allclose(geometry.shift, (11, 20), atol=1)
    assert score.pce > 500


def test_enlarged_picture_is_found() -> None:
    large = np.asarray(cv2.resize(SMALL, (427, 320), interpolation=cv2.INTER_CUBIC), np.float32)
    score = _score_small(large, SearchExtent.SCALED)
    assert score.search.geometry.scale == pytest.approx(4 / 3, rel=2e-3)
    assert score.pce > 500


@pytest.mark.parametrize("angle", [1.5, -3.2])
def test_small_angle_is_recovered(angle: float) -> None:
    turning = cv2.getRotationMatrix2D(((320 - 1) / 2, (240 - 1) / 2), -angle, 1.0)
    picture = np.asarray(cv2.warpAffine(SMALL, turning, (320, 240), flags=cv2.INTER_CUBIC), np.float32)
    score = _score_small(picture, SearchExtent.ROTATED, noise=0.7)
    assert score.search.geometry.angle_deg == pytest.approx(angle, abs=0.1)
    assert score.pce > 500
    assert score.search.extent is SearchExtent.ROTATED


def test_wider_extents_have_more_places_and_chance_gives_them_more_but_never_much() -> None:
    scores = [_score_small(make_pattern(32, 240, 320), extent) for extent in SearchExtent]
    for narrow, wide in itertools.pairwise(scores):
        assert wide.pce >= narrow.pce
        assert wide.search.places > narrow.search.places
        assert wide.search.extent is not narrow.search.extent
    assert scores[-1].pce < CHANCE


def test_widening_stops_where_it_suffices() -> None:
    residual = make_residual(PATTERN)
    outcome = compare_widening(
        residual, FINGERPRINT, widest=SearchExtent.ROTATED, enough=lambda score: score.pce > 50, prepared=PREPARED
    )
    assert isinstance(outcome, SourceScore)
    assert outcome.search.extent is SearchExtent.ALIGNED


def test_widening_goes_on_past_a_size_that_does_not_fit() -> None:
    outcome = compare_widening(
        make_residual(PATTERN[10:300, 20:400]),
        FINGERPRINT,
        widest=SearchExtent.ROTATED,
        enough=lambda score: score.pce > 50,
        prepared=PREPARED,
    )
    assert isinstance(outcome, SourceScore)
    assert outcome.search.extent is SearchExtent.SHIFTED
    assert outcome.search.geometry.shift == (10, 20)


def test_another_size_cannot_be_compared_as_it_lies() -> None:
    outcome = compare(make_residual(PATTERN[:300]), FINGERPRINT, SearchExtent.ALIGNED)
    assert outcome == NotComparable(Reason.OTHER_SENSOR_SIZE, "The picture has 480 x 300 pixels, the sensor 480 x 360.")


def test_much_larger_picture_fits_at_no_extent() -> None:
    outcome = compare(make_residual(make_pattern(2, 800, 1100)), FINGERPRINT, SearchExtent.ROTATED, prepared=PREPARED)
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.OTHER_SENSOR_SIZE


def test_picture_without_usable_pixels_is_blank() -> None:
    residual = make_residual(PATTERN)
    empty = dataclasses.replace(residual, weights=np.zeros_like(residual.weights), values=np.zeros_like(PATTERN))
    outcome = compare(empty, FINGERPRINT, SearchExtent.ALIGNED)
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.BLANK


def test_too_few_usable_pixels_are_not_compared() -> None:
    residual = make_residual(PATTERN)
    weights = np.zeros_like(residual.weights)
    weights[100:200, 100:200] = 0.25
    few = dataclasses.replace(residual, weights=weights, values=np.where(weights > 0, residual.values, 0))
    outcome = compare(few, FINGERPRINT, SearchExtent.ALIGNED)
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.TOO_SMALL
    assert "10000 usable pixels" in outcome.detail


def test_nothing_that_is_compared_is_changed() -> None:
    residual, values = make_residual(PATTERN), PATTERN.copy()
    copies = residual.values.copy(), residual.weights.copy(), residual.luma.copy()
    compare(residual, FINGERPRINT, SearchExtent.SHIFTED)
    assert np.array_equal(values, FINGERPRINT.values)
    for old, new in zip(copies, (residual.values, residual.weights, residual.luma), strict=True):
        assert np.array_equal(old, new)


def test_two_pictures_of_one_sensor_agree_without_a_fingerprint() -> None:
    one, other = (make_residual(PATTERN, seed=seed) for seed in (1, 2))
    stranger = make_residual(make_pattern(3), seed=3)
    same = compare_residuals(one, other, SearchExtent.ALIGNED)
    different = compare_residuals(one, stranger, SearchExtent.ALIGNED)
    assert isinstance(same, SourceScore)
    assert isinstance(different, SourceScore)
    assert same.pce > 1000 > 20 > abs(different.pce)


def test_two_pictures_of_one_sensor_agree_in_either_order() -> None:
    one, other = (make_residual(PATTERN, seed=seed) for seed in (1, 2))
    there = compare_residuals(one, other, SearchExtent.ALIGNED)
    back = compare_residuals(other, one, SearchExtent.ALIGNED)
    assert isinstance(there, SourceScore)
    assert isinstance(back, SourceScore)
    assert there.pce == pytest.approx(back.pce, rel=1e-3)


def test_noise_beyond_all_numbers_is_no_score() -> None:
    residual = make_residual(PATTERN)
    with np.errstate(all="ignore"):
        outcome = compare(
            dataclasses.replace(residual, values=residual.values * np.float32(1e36)), FINGERPRINT, SearchExtent.ALIGNED
        )
    assert isinstance(outcome, NotComparable)
