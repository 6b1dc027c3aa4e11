from __future__ import annotations

import math

import pytest

from varde.core.age import AgeBand
from varde.core.face_search import ScoreBand
from varde.core.outcome import NotComparable, Reason
from varde.faces.calibration import COSINE, NORMALISED, BandTable, Calibration
from varde.models.manifests import list_manifests
from varde.models.pack import Manifest
from varde.pipeline.face_scale import FaceScale, make_scale

RATES = ((1e-2, 0.5), (1e-3, 0.6), (1e-4, 0.7))
UNMEASURED = NotComparable(Reason.NOT_CALIBRATED, "Nobody measured it.")
SCALE = FaceScale(UNMEASURED, None, RATES)


def make_calibration(scale: str) -> Calibration:
    table = BandTable(AgeBand.ADULT, 20, 50, 100, 1_000, (0.0, 1.0), (-4.0, 4.0), ((0.01, 0.4), (0.001, 0.45)))
    return Calibration("made up", scale, (table,))


@pytest.fixture
def manifest() -> Manifest:
    return next(one for one in list_manifests() if one.name == "reference")


def test_threshold_rises_with_the_gallery_and_with_the_probes() -> None:
    scores = [SCALE.find_threshold(0.05, size).score for size in (1, 10, 100)]
    assert scores == sorted(scores) and scores[0] == 0.5 and scores[-1] > 0.6
    assert SCALE.find_threshold(0.05, 10, probes=5).score > scores[1]


def test_rarer_than_measured_takes_the_strictest_and_says_so() -> None:
    found = SCALE.find_threshold(0.05, 1_000_000)
    assert found.score == 0.7 and "expect more false candidates" in found.note


@pytest.mark.parametrize("probes", [1, 3])
def test_every_false_alarm_allowed_is_no_threshold(probes: int) -> None:
    found = SCALE.find_threshold(1, 100, probes)
    assert found.score == -math.inf and found.note == ""


def test_band_without_a_threshold_asked_for_is_that_of_the_loosest() -> None:
    assert SCALE.find_band(0.2, 1, 10) is ScoreBand.FAR_BELOW
    assert SCALE.find_band(0.55, 1, 10) is ScoreBand.ABOVE


def test_pack_without_threshold_lists_the_nearest_and_says_so() -> None:
    found = FaceScale(UNMEASURED, None, ()).find_threshold(0.05, 10)
    assert found.score == -math.inf and "no threshold" in found.note


def test_calibration_of_plain_scores_is_used(manifest: Manifest) -> None:
    scale = make_scale(manifest, (7, make_calibration(COSINE)))
    assert (scale.calibration_id, scale.weigh(1.0, 80, [AgeBand.ADULT])) == (7, 4.0)


def test_calibration_of_normalised_scores_is_refused_by_name(manifest: Manifest) -> None:
    scale = make_scale(manifest, (7, make_calibration(NORMALISED)))
    why = scale.weigh(1.0, 80, [AgeBand.ADULT])
    assert isinstance(why, NotComparable) and why.reason is Reason.NOT_CALIBRATED
    assert "as-norm" in why.detail and "varde models calibrate" in scale.words
    assert scale.calibration_id is None
    assert scale.find_threshold(0.05, 10).score == make_scale(manifest, None).find_threshold(0.05, 10).score


def test_nothing_measured_says_what_measures_it(manifest: Manifest) -> None:
    assert "varde models calibrate" in make_scale(manifest, None).words
