from __future__ import annotations

import numpy as np
import pytest
import slow_residual as slow

from varde.camera.cleaning import clean_as_published, clean_noise, compute_means
from varde.camera.cleaning_kernels import subtract_means
from varde.camera.workspace import Workspace
from varde.core.errors import WrongUse


def draw(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(7).normal(0, 1, (height, width)).astype(np.float32)


def level(values: np.ndarray, *, blocks: bool) -> np.ndarray:
    space, changed = Workspace(*values.shape), values.copy()
    means = compute_means(changed, space, blocks=blocks)
    subtract_means(changed, means.rows, means.columns, space.lanes)
    return changed


@pytest.mark.parametrize("size", [(128, 160), (131, 173), (8, 9)])
def test_levelling_equals_the_slow_reference(size: tuple[int, int]) -> None:
    values = draw(*size) + 3
    assert np.allclose(level(values, blocks=False), slow.level(values.astype(np.float64)), atol=1e-5)


@pytest.mark.parametrize("period", [8, 16])
def test_patterns_of_coding_blocks_are_taken_out(period: int) -> None:
    pattern = np.random.default_rng(3).normal(0, 0.3, (period, period))
    values = draw(250, 325) + np.tile(pattern, (40, 45))[:250, :325].astype(np.float32)
    left = level(values, blocks=True)
    for top, beside in ((0, 0), (3, 5), (7, 6)):
        assert abs(float(left[top::period, beside::period].mean())) < 0.02


def test_a_pattern_of_eight_does_not_bring_that_of_sixteen_out() -> None:
    values = draw(256, 256)
    left = level(values, blocks=True)
    assert abs(float(left[0::8, 0::8].mean())) < 1e-3
    assert abs(float(left[0::16, 0::16].mean())) > 1e-3


def test_published_cleaning_equals_the_slow_reference() -> None:
    values = draw(96, 131)
    values += 0.5 * np.sin(np.arange(131) * 1.3).astype(np.float32)
    wanted = slow.filter_spectrum(slow.level(values.astype(np.float64)))
    assert np.allclose(clean_as_published(values.copy(), Workspace(96, 131)), wanted, atol=1e-4)


def test_a_repeating_pattern_is_brought_down_and_noise_is_kept() -> None:
    values = draw(256, 300)
    wave = np.outer(np.sin(np.arange(256) * 0.9), np.cos(np.arange(300) * 1.7)).astype(np.float32)
    found = clean_noise(values + 0.3 * wave, None, Workspace(256, 300))
    assert abs(float((found * wave).mean() / (wave * wave).mean())) < 0.1
    assert np.corrcoef(found.ravel(), values.ravel())[0, 1] > 0.95


def test_cleaning_leaves_its_input_and_hides_what_is_unknown() -> None:
    values, usable = draw(256, 256), np.ones((256, 256), bool)
    usable[40:60, 80:90] = False
    before = values.copy()
    found = clean_noise(values, usable, Workspace(256, 256))
    assert np.array_equal(values, before)
    assert not found[~usable].any()
    assert found[usable].std() > 0.9


def test_a_blank_plane_stays_blank() -> None:
    assert not clean_noise(np.zeros((130, 130), np.float32), None, Workspace(130, 130)).any()


def test_other_sizes_are_wrong_use() -> None:
    with pytest.raises(WrongUse):
        clean_noise(draw(64, 64), None, Workspace(64, 65))
    with pytest.raises(WrongUse):
        clean_noise(draw(64, 64), np.ones((65, 64), bool), Workspace(64, 64))
