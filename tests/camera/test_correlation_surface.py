"""The surface around a peak."""

from __future__ import annotations

import numpy as np
import pytest
from noise_pictures import lay, make_fingerprint, make_pattern, make_residual

from varde.camera.compare import compare, compute_surface
from varde.core.camera import Geometry, SearchExtent, SourceScore
from varde.core.errors import WrongUse

PATTERN = make_pattern(1)


def test_peak_is_in_the_middle_and_its_square_is_near_to_the_pce() -> None:
    residual = make_residual(lay(PATTERN[20:320, 30:430], 90, mirrored=True), noise=10)
    score = compare(residual, make_fingerprint(PATTERN), SearchExtent.SHIFTED)
    assert isinstance(score, SourceScore)
    surface = compute_surface(residual, make_fingerprint(PATTERN), score.search.geometry, 12)
    assert surface.shape == (25, 25)
    assert surface.dtype == np.float32
    assert np.unravel_index(int(surface.argmax()), surface.shape) == (12, 12)
    assert surface[12, 12] ** 2 == pytest.approx(score.pce, rel=0.15)


def test_another_sensor_gives_even_noise() -> None:
    surface = compute_surface(make_residual(make_pattern(2)), make_fingerprint(PATTERN), Geometry(), 20)
    assert np.abs(surface).max() < 5
    assert surface.std() == pytest.approx(1, rel=0.2)


@pytest.mark.parametrize("radius", [0, 181])
def test_radius_that_does_not_fit_is_refused(radius: int) -> None:
    with pytest.raises(WrongUse, match="does not fit"):
        compute_surface(make_residual(PATTERN), make_fingerprint(PATTERN), Geometry(), radius)
