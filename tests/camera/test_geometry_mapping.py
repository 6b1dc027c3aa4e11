"""Bringing a fingerprint to a picture's scale, angle and place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from noise_pictures import make_pattern

from varde.camera.correlation import prepare_values, transform
from varde.camera.geometry_mapping import map_fingerprint, rotate, shrink, shrink_spectrum
from varde.core.camera import Geometry

PATTERN = make_pattern(1, 200, 300)


def _smooth() -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(PATTERN, (0, 0), 4), np.float32)


def _agreement(one: np.ndarray, other: np.ndarray) -> float:
    inner = (slice(8, -8), slice(8, -8))
    return float(np.corrcoef(one[inner].ravel(), other[inner].ravel())[0, 1])


def test_own_scale_and_place_gives_the_fingerprint_itself() -> None:
    assert np.array_equal(map_fingerprint(prepare_values(PATTERN), Geometry(), (200, 300)), PATTERN)


def test_crop_is_cut_and_zero_beyond_the_sensor() -> None:
    mapped = map_fingerprint(prepare_values(PATTERN), Geometry(shift=(-5, 290)), (40, 30))
    assert not mapped[:5].any()
    assert not mapped[:, 10:].any()
    assert np.array_equal(mapped[5:, :10], PATTERN[:35, 290:])


@pytest.mark.parametrize("scale", [0.5, 0.71, 1.4])
def test_smooth_fingerprint_is_resized_as_a_picture_is(scale: float) -> None:
    size = round(200 * scale), round(300 * scale)
    mapped = map_fingerprint(prepare_values(_smooth()), Geometry(scale=scale), size)
    expected = cv2.resize(_smooth(), (size[1], size[0]), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    assert _agreement(mapped, expected) > 0.995


def test_fine_pattern_is_not_folded_over() -> None:
    columns = np.arange(300)
    fine = np.tile(np.cos(np.pi * 0.9 * columns).astype(np.float32), (200, 1))
    assert np.abs(shrink(fine, (100, 150))[:, 10:-10]).max() < 0.02


@pytest.mark.parametrize("angle", [2.0, -4.0])
def test_turned_fingerprint_shows_what_a_turned_picture_does(angle: float) -> None:
    mapped = map_fingerprint(prepare_values(_smooth()), Geometry(angle_deg=angle), (200, 300))
    assert _agreement(rotate(mapped, angle, (200, 300))[30:-30, 30:-30], _smooth()[30:-30, 30:-30]) > 0.99
    assert _agreement(mapped, _smooth()) < 0.9


def test_spectrum_of_the_same_size_is_the_same() -> None:
    spectrum = transform(PATTERN, (200, 300))
    np.testing.assert_allclose(shrink_spectrum(spectrum, (200, 300), (200, 300)), spectrum, atol=1e-5)
