from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation

from varde.camera.masks import BLEED_PX, DARK, SATURATED, mark_usable


def test_mask_equals_the_slow_reference() -> None:
    luma = np.random.default_rng(1).integers(0, 251, (120, 90)).astype(np.uint8)
    luma[np.random.default_rng(2).random(luma.shape) < 0.01] = 255
    luma[0, 0] = luma[119, 89] = 251
    plane = luma.copy()
    saturated, dark = mark_usable(plane)
    size = 2 * BLEED_PX + 1
    wanted = (luma >= DARK) & ~binary_dilation(luma > 250, np.ones((size, size)))
    assert np.array_equal(plane, wanted.astype(np.uint8))
    assert saturated == (luma > 250).mean()
    assert dark == (luma < DARK).mean()


def test_bounds_themselves_are_usable() -> None:
    plane = np.array([[DARK, SATURATED], [DARK, SATURATED]], np.uint8)
    assert mark_usable(plane) == (0, 0)
    assert plane.all()


def test_a_wholly_saturated_picture_has_no_usable_pixel() -> None:
    plane = np.full((10, 12), 255, np.uint8)
    assert mark_usable(plane) == (1, 0)
    assert not plane.any()
