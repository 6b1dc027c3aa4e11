"""What is looked at again after a first pass, and how a geometry is changed by a number of pixels."""

from __future__ import annotations

import pytest
from noise_pictures import make_fingerprint, make_pattern, make_residual, resize

from varde.camera.compare import prepare
from varde.camera.search_probe import Probe
from varde.camera.search_refine import KEEP, Candidate, adjust_angle, adjust_scale, pick_apart, refine
from varde.core.camera import Geometry


def _candidate(height: float, geometry: Geometry) -> Candidate:
    return Candidate(height, geometry, 1.0, 10)


def test_neighbours_of_a_better_place_are_left_out_and_the_best_come_first() -> None:
    far = [_candidate(20 + each, Geometry(scale=0.3 + 0.1 * each)) for each in range(5)]
    near = [_candidate(23.5, Geometry(scale=0.7001)), _candidate(5, Geometry(turn=90, scale=0.7))]
    picked = pick_apart(far + near, (1000, 1000))
    assert [each.height for each in picked] == [24, 23, 22]
    assert len(picked) == KEEP


def test_another_scale_keeps_the_middle_and_moves_the_ends() -> None:
    size = 300, 400
    old = Geometry(scale=0.5, shift=(10, 20))
    new = adjust_scale(old, 1.0, size)
    for axis in (0, 1):
        middle = old.shift[axis] + size[axis] / 2 / old.scale
        assert new.shift[axis] + size[axis] / 2 / new.scale == pytest.approx(middle)
    moved = (old.shift[1] - new.shift[1]) * new.scale
    assert abs(moved) == pytest.approx(1.0, rel=0.01)


def test_another_angle_moves_the_ends_by_as_many_pixels() -> None:
    assert adjust_angle(Geometry(), 2.0, (300, 400)).angle_deg == pytest.approx(0.573, rel=1e-3)


def test_nothing_found_is_nothing_refined() -> None:
    pattern = make_pattern(1)
    assert refine(Probe.of(make_residual(pattern)), prepare(make_fingerprint(pattern)), [], adjust_scale) == []


def test_scale_that_is_a_little_off_is_corrected() -> None:
    pattern = make_pattern(1)
    probe = Probe.of(make_residual(resize(pattern, 320, 240), noise=0.5))
    wrong = adjust_scale(Geometry(scale=320 / 480), 0.45, (240, 320))
    (found,) = refine(probe, prepare(make_fingerprint(pattern)), [_candidate(50, wrong)], adjust_scale)
    assert found.geometry.scale == pytest.approx(320 / 480, rel=5e-4)
    assert found.pce > 10_000
    assert found.places == 10
