from __future__ import annotations

import numpy as np
import pytest
import slow_residual as slow

from varde.camera.residual import (
    METHOD,
    Residual,
    Workspace,
    clean_noise,
    extract_noise,
    extract_published,
    extract_residual,
    warm_up,
)
from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.testing.cameras import SyntheticSensor, make_scene


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    rng = np.random.default_rng(5)
    return SyntheticSensor(3, 320, 420, strength=0.02).take(make_scene(rng, 320, 420), rng)


def worst(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(found - wanted).max() / wanted.std())


@pytest.mark.parametrize("size", [(320, 420), (257, 301), (300, 259), (64, 65), (8, 8), (9, 31)])
def test_published_residual_equals_the_slow_reference(photo: np.ndarray, size: tuple[int, int]) -> None:
    cut = photo[: size[0], : size[1]]
    found = extract_published(cut)
    assert found.shape == size
    assert found.dtype == np.float32
    assert worst(found, slow.extract_published(cut)) < 1e-3
    assert worst(extract_published(cut[:, :, 1]), slow.extract_published(cut[:, :, 1])) < 1e-3


def test_published_residual_of_a_flat_picture_is_zero() -> None:
    assert np.abs(extract_published(np.full((64, 64, 3), 90, np.uint8))).max() < 1e-4


def test_residual_is_the_levelled_noise_of_the_luma(photo: np.ndarray) -> None:
    luma = np.clip(photo[:, :, 1], 30, 240)
    found = extract_residual(luma)
    assert isinstance(found, Residual)
    levelled = slow.level(slow.compute_noise(luma))
    assert found.values.dtype == found.weights.dtype == np.float32
    assert np.corrcoef(found.values.ravel(), levelled.ravel())[0, 1] > 0.99
    assert found.usable == 1
    assert found.method == METHOD
    assert np.array_equal(found.luma, luma)


def test_residuals_of_two_photos_of_one_sensor_agree_and_of_two_sensors_do_not() -> None:
    def signal(seed: int, scene: int) -> np.ndarray:
        rng = np.random.default_rng(scene)
        picture = SyntheticSensor(seed, 384, 384, strength=0.03).take(make_scene(rng, 384, 384), rng)
        found = extract_residual(np.ascontiguousarray(picture[:, :, 1]))
        assert isinstance(found, Residual)
        return np.asarray(found.values * found.weights * found.luma)

    def agree(one: np.ndarray, other: np.ndarray) -> float:
        return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())) * one.size**0.5

    first, second, other = signal(1, 1), signal(1, 2), signal(2, 3)
    assert agree(first, second) > 10
    assert abs(agree(first, other)) < 5


def test_sixteen_bits_give_what_eight_bits_give(photo: np.ndarray) -> None:
    luma = np.ascontiguousarray(photo[:, :, 1])
    eight, sixteen = extract_residual(luma), extract_residual(luma.astype(np.uint16) * 257)
    assert isinstance(eight, Residual)
    assert isinstance(sixteen, Residual)
    assert np.allclose(eight.values, sixteen.values, atol=1e-3)
    assert np.array_equal(eight.luma, sixteen.luma)
    assert sixteen.luma.dtype == np.uint8


def test_read_only_and_strided_pictures_are_taken_as_they_are(photo: np.ndarray) -> None:
    view = photo[::-1, :, 1]
    view.flags.writeable = False
    before = view.copy()
    found, wanted = extract_residual(view), extract_residual(np.ascontiguousarray(view))
    assert isinstance(found, Residual)
    assert isinstance(wanted, Residual)
    assert np.array_equal(found.values, wanted.values)
    assert np.array_equal(view, before)


def test_saturated_and_dark_pixels_are_hidden_in_values_and_weights(photo: np.ndarray) -> None:
    luma = np.clip(photo[:, :, 1], 30, 240)
    luma[100:140, 100:140] = 255
    luma[200:210, 50:60] = 3
    found = extract_residual(luma)
    assert isinstance(found, Residual)
    for hidden in (np.s_[98:142, 98:142], np.s_[200:210, 50:60]):
        assert not found.values[hidden].any()
        assert not found.weights[hidden].any()
    assert found.weights[97, 97] > 0
    assert found.usable == pytest.approx(1 - 1700 / luma.size)


@pytest.mark.parametrize(
    ("level", "reason"), [(3, Reason.TOO_DARK), (255, Reason.OVEREXPOSED), (128, Reason.BLANK)], ids=str
)
def test_pictures_that_tell_nothing_are_refused_with_the_reason(level: int, reason: Reason) -> None:
    found = extract_residual(np.full((300, 300), level, np.uint8))
    assert isinstance(found, NotComparable)
    assert found.reason is reason
    assert found.detail.endswith(".")


def test_small_pictures_are_refused() -> None:
    found = extract_residual(np.full((255, 4000), 90, np.uint8))
    assert isinstance(found, NotComparable)
    assert found.reason is Reason.TOO_SMALL


@pytest.mark.parametrize(
    "bad",
    [np.zeros((300, 300)), np.zeros((300, 300, 3), np.uint8), np.zeros(300, np.uint8)],
    ids=lambda a: str(a.dtype),
)
def test_what_is_no_plane_of_bytes_is_wrong_use(bad: np.ndarray) -> None:
    with pytest.raises(WrongUse):
        extract_residual(bad)


@pytest.mark.parametrize("shape", [(300, 300, 4), (300, 300, 1), (7, 300), (0, 0)], ids=str)
def test_no_published_residual_of_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(WrongUse):
        extract_published(np.zeros(shape, np.uint8))


def test_a_workspace_lends_its_buffers_and_refuses_other_sizes(photo: np.ndarray) -> None:
    luma = np.ascontiguousarray(photo[:, :, 1])
    space = Workspace(*luma.shape)
    first = extract_residual(luma, workspace=space)
    assert isinstance(first, Residual)
    kept = first.values.copy()
    extract_residual(luma[::-1].copy(), workspace=space)
    again = extract_residual(luma, workspace=space)
    assert isinstance(again, Residual)
    assert again.values is first.values is space.noise
    assert np.array_equal(again.values, kept)
    with pytest.raises(WrongUse, match="workspace"):
        extract_residual(luma[1:], workspace=space)


def test_without_a_workspace_residuals_are_apart(photo: np.ndarray) -> None:
    luma = np.ascontiguousarray(photo[:, :, 1])
    one, other = extract_residual(luma), extract_residual(luma)
    assert isinstance(one, Residual)
    assert isinstance(other, Residual)
    assert not np.shares_memory(one.values, other.values)


def test_bare_noise_is_the_slow_references(photo: np.ndarray) -> None:
    luma = photo[:, :, 1]
    found = extract_noise(luma, Workspace(*luma.shape))
    assert worst(found, slow.compute_noise(luma)) < 1e-4


def test_everything_is_compiled_and_loaded_by_warming_up() -> None:
    from varde.camera import cleaning_kernels, masks, wavelet, wavelet_kernels, weighting, wiener_kernels

    def count() -> int:
        modules = (cleaning_kernels, masks, wavelet, wavelet_kernels, weighting, wiener_kernels)
        return sum(len(f.signatures) for m in modules for f in vars(m).values() if hasattr(f, "signatures"))

    warm_up()
    before = count()
    picture = np.random.default_rng(2).integers(0, 256, (300, 261, 3), dtype=np.uint8)
    picture.flags.writeable = False
    space = Workspace(300, 261)
    extract_published(picture)
    extract_residual(picture[:, :, 0])
    extract_residual(picture[:, :, 0].astype(">u2").astype(np.uint16))
    clean_noise(extract_noise(picture[:, :, 1], space).copy(), np.ones((300, 261), bool), space)
    assert count() == before


def test_published_residual_has_the_values_that_the_reference_implementation_gives() -> None:
    # prnu-python 8621eb6 (extract_single, NumPy 1.23.5, PyWavelets 1.4.1) on this picture.
    row, column, channel = np.mgrid[:96, :83, :3]
    pattern = ((row * 7 + column * 13 + channel * 29) ^ (row * column // 16)) % 61
    picture = (60 + row + pattern).astype(np.uint8)
    places = ((0, 0), (95, 82), (13, 40), (50, 7), (64, 65))
    colour, grey = extract_published(picture), extract_published(picture[:, :, 1])
    assert colour.std() == pytest.approx(1.15576, rel=1e-5)
    assert grey.std() == pytest.approx(1.8862011, rel=1e-5)
    wanted = [-0.398418218, 1.211242080, -1.761285782, -1.824580550, 0.646146238]
    assert [colour[place] for place in places] == pytest.approx(wanted, abs=1e-3)
    wanted = [0.574087799, 0.738522589, -2.917039633, -2.425578117, -0.610424936]
    assert [grey[place] for place in places] == pytest.approx(wanted, abs=1e-3)
