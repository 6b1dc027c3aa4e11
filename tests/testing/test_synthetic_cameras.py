import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from varde.testing.cameras import SyntheticSensor, make_flat_scene, make_scene, save_jpeg

_SIDE_PX = 128


def _make_sensor(seed: int = 1, model_seed: int | None = 7, strength: float = 0.02) -> SyntheticSensor:
    return SyntheticSensor(seed, _SIDE_PX, _SIDE_PX, strength, model_seed)


def _correlate(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _average_flats(sensor: SyntheticSensor, level: float) -> npt.NDArray[np.float32]:
    """Returns what stays of many flats of one scene when the scene is taken off."""
    scene = make_flat_scene(np.random.default_rng(3), _SIDE_PX, _SIDE_PX, level)
    noise = [sensor.take(scene, np.random.default_rng((4, number))) - scene for number in range(60)]
    return np.asarray(np.mean(noise, axis=0).mean(axis=2), np.float32)


def test_same_seed_is_the_same_device_and_another_seed_another() -> None:
    one, again, other = (_make_sensor(seed) for seed in (1, 1, 2))
    assert np.array_equal(one.pattern, again.pattern)
    assert abs(_correlate(one.pattern, other.pattern)) < 0.05
    assert np.array_equal(one.shared, other.shared)


def test_pattern_shows_in_averaged_flats_of_its_own_device_only() -> None:
    sensor = _make_sensor(model_seed=None)
    left = _average_flats(sensor, 150)
    assert _correlate(left, sensor.luma_pattern) > 0.8
    assert abs(_correlate(left, _make_sensor(2).luma_pattern)) < 0.05


def test_pattern_grows_with_the_light() -> None:
    sensor = _make_sensor(model_seed=None, strength=0.05)
    assert np.std(_average_flats(sensor, 200)) > 2 * np.std(_average_flats(sensor, 60))


def test_devices_of_one_model_share_a_trace_and_those_of_another_do_not() -> None:
    plain = _make_sensor(1, model_seed=7, strength=0.0)
    assert _correlate(_average_flats(plain, 150), _make_sensor(2, model_seed=7).shared) > 0.3
    assert abs(_correlate(plain.shared, _make_sensor(1, model_seed=8).shared)) < 0.2
    assert not _make_sensor(1, model_seed=None).shared.any()


@pytest.mark.parametrize("colours", [True, False])
def test_picture_has_the_shape_of_the_scene_and_looks_like_it(*, colours: bool) -> None:
    scene = make_scene(np.random.default_rng(5), _SIDE_PX, _SIDE_PX)
    scene = scene if colours else np.ascontiguousarray(scene[:, :, 1])
    picture = _make_sensor().take(scene, np.random.default_rng(6))
    assert picture.dtype == np.uint8
    assert picture.shape == scene.shape
    assert _correlate(picture.astype(np.float32), scene) > 0.9


def test_same_generator_gives_the_same_picture() -> None:
    pictures = [_make_sensor().flat(np.random.default_rng(9)) for _ in range(2)]
    assert np.array_equal(*pictures)


def test_scene_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="128 x 128"):
        _make_sensor().take(np.zeros((64, 128), np.float32), np.random.default_rng(1))


def test_scenes_have_smooth_and_fine_places_and_keep_to_the_range() -> None:
    scene = make_scene(np.random.default_rng(8), 256, 256)
    steps = np.abs(np.diff(scene[:, :, 1], axis=1)).reshape(8, 32, 255).mean(axis=(1, 2))
    assert scene.dtype == np.float32
    assert 0 <= scene.min() <= scene.max() <= 255
    assert steps.max() > 1.5 * steps.min()


def test_jpeg_states_camera_and_orientation_and_keeps_the_pixels_as_they_lie() -> None:
    pixels = _make_sensor().flat(np.random.default_rng(2))[:96]
    data = save_jpeg(pixels, 95, orientation=6, make="Lumen", model="L-20")
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (_SIDE_PX, 96)
        assert [image.getexif()[tag] for tag in (271, 272, 274)] == ["Lumen", "L-20", 6]


def test_jpeg_of_lower_quality_is_smaller_and_states_nothing_by_itself() -> None:
    pixels = _make_sensor().flat(np.random.default_rng(2))
    good, poor = save_jpeg(pixels, 95), save_jpeg(pixels[:, :, 0], 30)
    assert len(poor) < len(good) / 2
    with Image.open(io.BytesIO(good)) as image:
        assert not dict(image.getexif())
