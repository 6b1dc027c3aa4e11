from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from varde.camera.photographic import measure_exposure, refuse_unphotographic
from varde.core.outcome import Reason
from varde.testing.cameras import SyntheticSensor

_LOSSLESS = {"mode": "RGB", "is_lossless": True}


def _screen() -> np.ndarray[Any, np.dtype[np.uint8]]:
    luma = np.full((400, 600), 210, np.uint8)
    luma[::40, 20:300] = 30
    return luma


def test_a_screenshot_is_no_photograph() -> None:
    refused = refuse_unphotographic(measure_exposure(_screen()), _LOSSLESS)
    assert refused and refused.reason is Reason.NOT_A_PHOTOGRAPH


def test_an_empty_picture_is_blank() -> None:
    refused = refuse_unphotographic(measure_exposure(np.full((300, 300), 128, np.uint8)), _LOSSLESS)
    assert refused and refused.reason is Reason.BLANK


def test_a_palette_is_no_photograph() -> None:
    noise = np.random.default_rng(1).integers(30, 200, (300, 300), dtype=np.uint8)
    refused = refuse_unphotographic(measure_exposure(noise), {"mode": "P"})
    assert refused and refused.reason is Reason.NOT_A_PHOTOGRAPH


@pytest.mark.parametrize(("quality", "reason"), [(60, Reason.QUALITY_TOO_LOW), (95, Reason.NOT_A_PHOTOGRAPH)])
def test_constant_blocks_of_a_jpeg_depend_on_its_quality(quality: int, reason: Reason) -> None:
    facts = {"mode": "RGB", "is_lossless": False, "quality": quality}
    refused = refuse_unphotographic(measure_exposure(_screen()), facts)
    assert refused and refused.reason is reason


def test_an_even_surface_with_noise_is_a_photograph() -> None:
    flat = SyntheticSensor(1, 256, 256).flat(np.random.default_rng(1))[..., 1]
    exposure = measure_exposure(np.ascontiguousarray(flat))
    assert refuse_unphotographic(exposure, _LOSSLESS) is None
    assert exposure.mean == pytest.approx(float(flat.mean()), abs=3)


def test_burnt_out_sky_is_not_called_constant() -> None:
    luma = np.full((256, 256), 255, np.uint8)
    luma[:64] = np.random.default_rng(1).integers(60, 200, (64, 256))
    exposure = measure_exposure(luma)
    assert exposure.constant == 0 and exposure.saturated == pytest.approx(0.75)


def test_sixteen_bits_and_one_pixel_are_measured_too() -> None:
    wide = measure_exposure(np.full((256, 256), 128 * 257, np.uint16))
    assert wide.mean == 128 and wide.constant == 1
    assert measure_exposure(np.full((1, 1), 9, np.uint8)).constant is None


def test_a_darkened_photograph_is_still_one() -> None:
    dark = np.full((400, 600), 30, np.uint8)
    dark[::16] += np.random.default_rng(1).integers(0, 3, (25, 600), dtype=np.uint8)
    dark[:, :32] = np.random.default_rng(2).integers(20, 60, (400, 32))
    exposure = measure_exposure(dark)
    assert exposure.faint > 0.3
    exposure = replace(exposure, constant=0.57)
    assert refuse_unphotographic(exposure, {"mode": "RGB", "is_lossless": False, "quality": 95}) is None
