"""The learned refinement: what the network is given, strip by strip, and what is made of its answer."""

from __future__ import annotations

import numpy as np

from varde.camera.learned import METHOD, REACH_PX, STRIP_PX, refine_residual, stack_planes
from varde.camera.residual import Residual


class Blur:
    """A network that looks as far as the real one: the mean of the residual over 11 rows."""

    def __init__(self) -> None:
        self.most_rows = 0

    def run(self, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
        planes = arrays["planes"]
        self.most_rows = max(self.most_rows, planes.shape[2])
        padded = np.pad(planes[0, 1], ((REACH_PX, REACH_PX), (0, 0)))
        rows = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH_PX + 1, axis=0)
        return [rows.mean(-1)[None, None].astype(np.float32)]


def make_residual(height: int) -> Residual:
    rng = np.random.default_rng(1)
    values = rng.standard_normal((height, 64), np.float32)
    weights = np.ones_like(values)
    weights[:7] = 0
    values[:7] = 0
    return Residual(values, weights, rng.integers(0, 256, values.shape, np.uint8), 0.9)


def test_strips_give_what_the_whole_picture_gives() -> None:
    residual, network = make_residual(2 * STRIP_PX + 77), Blur()
    refined = refine_residual(residual, network)
    whole = network.run({"planes": stack_planes(residual, 0, len(residual.values))})[0][0, 0]
    np.testing.assert_allclose(refined.values[7:], whole[7:], atol=1e-6)


def test_memory_is_bounded_by_the_strip() -> None:
    network = Blur()
    refine_residual(make_residual(5 * STRIP_PX), network)
    assert network.most_rows == STRIP_PX + 2 * REACH_PX


def test_masked_pixels_stay_masked_and_the_method_is_named() -> None:
    refined = refine_residual(make_residual(300), Blur())
    assert refined.method == METHOD and refined.usable == 0.9
    assert not refined.values[:7].any() and not refined.weights[:7].any() and refined.weights[7:].min() == 1


def test_planes_are_luma_around_zero_and_the_clipped_residual() -> None:
    values = np.array([[30.0, -3.0]], np.float32)
    planes = stack_planes(Residual(values, np.ones_like(values), np.array([[0, 255]], np.uint8), 1.0), 0, 1)
    np.testing.assert_allclose(planes[0, :, 0], [[-2, 255 / 64 - 2], [4, -1]])
