from __future__ import annotations

import io

import make_media
import numpy as np
import pytest
from PIL import Image

from varde.media.grey import compute_grey, decode_luma, scale_samples

SCENE = Image.fromarray(make_media.make_scene())
LUMA = np.asarray(SCENE.convert("L")).astype(int)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "RGBX", "RGBa", "L", "LA", "YCbCr", "HSV", "CMYK", "I", "F", "I;16"])
def test_every_mode_gives_the_luma_of_the_same_scene(mode: str) -> None:
    image = SCENE.convert("L").convert(mode) if mode in ("I", "F", "I;16") else SCENE
    if mode == "I;16":
        image = Image.fromarray((LUMA * 257).astype(np.uint16))
    elif mode == "RGBa":
        image = SCENE.convert("RGBA").convert("RGBa")
    elif mode not in ("I", "F"):
        image = SCENE.convert(mode)
    grey = compute_grey(image)
    assert grey.dtype == np.uint8
    assert grey.shape == (120, 160)
    assert np.abs(grey - LUMA).mean() < 2


def test_palettes_are_looked_up() -> None:
    grey = compute_grey(SCENE.quantize(64))
    assert np.abs(grey - LUMA).mean() < 8


def test_black_and_white_are_0_and_255() -> None:
    assert set(np.unique(compute_grey(SCENE.convert("1")))) == {0, 255}


def test_alpha_is_ignored() -> None:
    clear = SCENE.convert("RGBA")
    clear.putalpha(0)
    np.testing.assert_array_equal(compute_grey(clear), LUMA)


def test_lab_gives_its_lightness() -> None:
    lightness = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.merge("LAB", [Image.fromarray(lightness)] * 3)
    np.testing.assert_array_equal(compute_grey(image), lightness)


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (800, 601)])
def test_luma_decoded_in_place_equals_a_copy(size: tuple[int, int]) -> None:
    data = make_media.encode(make_media.make_scene(size[1], size[0]), "JPEG")
    opened, copied = (Image.open(io.BytesIO(data)) for _ in range(2))
    for image in (opened, copied):
        image.draft("L", image.size)
    luma = decode_luma(opened, clear=False)
    np.testing.assert_array_equal(luma, np.asarray(copied))
    assert luma.flags.writeable
    assert opened.im is not copied.im
    np.testing.assert_array_equal(np.asarray(opened), luma)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([[0, 256, 65535]], np.uint16), [[0, 1, 255]]),
        (np.array([[0, 255, 7]], np.int32), [[0, 255, 7]]),
        (np.array([[0, 65535, 256]], np.int32), [[0, 255, 1]]),
        (np.array([[-100, 0, 100]], np.int32), [[0, 128, 255]]),
        (np.array([[0, 0.5, 1]], np.float32), [[0, 128, 255]]),
        (np.array([[0, 200, 255]], np.float32), [[0, 200, 255]]),
        (np.array([[np.nan, np.inf, 9]], np.float32), [[0, 0, 9]]),
        (np.array([[-1e38, 0, 1e38]], np.float32), [[0, 128, 255]]),
        (np.array([[-3, -3]], np.int32), [[0, 0]]),
    ],
)
def test_wide_samples_are_brought_to_8_bits(samples: np.ndarray, expected: list[list[int]]) -> None:  # type: ignore[type-arg]
    np.testing.assert_array_equal(scale_samples(samples), expected)
