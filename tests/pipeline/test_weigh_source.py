"""What a residual is worth against a camera, and what other cameras of the size do to it."""

from __future__ import annotations

import pytest

from camera_cases import calibrate_cameras
from enrolled_cameras import enrol, make_pattern, make_residual
from varde.core.camera import FingerprintKind, LikelihoodRatio, SearchExtent, SourceScore
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.weigh_source import SourceScale, choose_fingerprint, correlate_fingerprints
from varde.store import cameras
from varde.store.cameras import StoredFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import find_calibration

OWN = make_pattern(1)


def scale_of(site: Site, number: int) -> SourceScale:
    with site.database.read() as connection:
        stored = cameras.get_fingerprint(connection, number)
    return SourceScale(site, stored, find_calibration(site).calibration)


@pytest.fixture
def equipped(sqlite_site: Site) -> Site:
    """A site with a calibration of its own."""
    calibrate_cameras(sqlite_site, Actor("kim"))
    return sqlite_site


def test_own_picture_speaks_for_the_camera_and_keeps_its_surface(equipped: Site) -> None:
    found = scale_of(equipped, enrol(equipped, "own", OWN)).weigh(make_residual(OWN, 3), SearchExtent.ROTATED)
    assert isinstance(found.outcome, SourceScore) and isinstance(found.likelihood, LikelihoodRatio)
    assert found.outcome.search.extent is SearchExtent.ALIGNED and found.likelihood.log10_lr > 0
    assert len(found.surface) == len(found.surface[0]) == 25
    assert found.surface[12][12] == max(max(row) for row in found.surface)


def test_picture_of_another_camera_speaks_against_it_and_has_no_surface(equipped: Site) -> None:
    found = scale_of(equipped, enrol(equipped, "own", OWN)).weigh(
        make_residual(make_pattern(2), 3), SearchExtent.TURNED
    )
    assert isinstance(found.likelihood, LikelihoodRatio)
    assert found.likelihood.log10_lr < 0 and found.surface == ()


def test_camera_that_scores_as_high_takes_the_ratio_away(equipped: Site) -> None:
    own = enrol(equipped, "own", OWN)
    mixed = (OWN * 0.09 + make_pattern(3)).astype(OWN.dtype)
    alone = scale_of(equipped, own).weigh(make_residual(mixed, 3), SearchExtent.ALIGNED).likelihood
    enrol(equipped, "true one", mixed)
    beside = scale_of(equipped, own).weigh(make_residual(mixed, 3), SearchExtent.ALIGNED).likelihood
    assert isinstance(alone, LikelihoodRatio) and isinstance(beside, LikelihoodRatio)
    assert alone.log10_lr > 0.5 > beside.log10_lr
    assert "1 of them as high" in beside.calibration


def test_device_enrolled_twice_is_no_other_camera_and_is_told(equipped: Site) -> None:
    own = enrol(equipped, "own", OWN)
    enrol(equipped, "the same again", (OWN + make_pattern(9) * 0.5).astype(OWN.dtype))
    found = scale_of(equipped, own).weigh(make_residual(OWN, 3), SearchExtent.ALIGNED)
    assert isinstance(found.likelihood, LikelihoodRatio) and found.likelihood.log10_lr > 1
    assert "enrolled more than once" in " ".join(found.notes)


def test_low_score_of_a_video_that_may_have_moved_says_nothing(equipped: Site) -> None:
    scale = scale_of(equipped, enrol(equipped, "own", OWN, kind=FingerprintKind.VIDEO))
    moved = {"steadiness": "unclear", "steady_z": 0.4, "frames": 90}
    found = scale.weigh(make_residual(make_pattern(2), 3), SearchExtent.ALIGNED, video=moved)
    assert isinstance(found.outcome, NotComparable) and found.outcome.reason is Reason.STABILISED
    assert isinstance(scale.weigh(make_residual(OWN, 3), SearchExtent.ALIGNED, video=moved).outcome, SourceScore)


def test_videos_fall_back_on_photos_and_photos_on_nothing(equipped: Site) -> None:
    numbers = [enrol(equipped, "own", OWN), enrol(equipped, "film", OWN, kind=FingerprintKind.VIDEO)]
    with equipped.database.read() as connection:
        photo, video = (cameras.get_fingerprint(connection, number) for number in numbers)
    both: list[StoredFingerprint] = [photo, video]
    assert choose_fingerprint(both, FingerprintKind.VIDEO) is video
    assert choose_fingerprint([photo], FingerprintKind.VIDEO) is photo
    assert choose_fingerprint([video], FingerprintKind.PHOTO) is None


def test_fingerprints_of_two_devices_do_not_correlate(equipped: Site) -> None:
    one, other = (scale_of(equipped, enrol(equipped, str(n), make_pattern(n))).fingerprint for n in (1, 2))
    assert correlate_fingerprints(one, one) == pytest.approx(1.0)
    assert abs(correlate_fingerprints(one, other)) < 0.02
