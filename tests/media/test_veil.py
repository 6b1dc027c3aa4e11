from __future__ import annotations

import io

import make_media
import numpy as np
import pytest
from PIL import Image

from varde.core.limits import DecodeLimits
from varde.media.picture import read_picture
from varde.media.thumbnails import make_veil, write_thumbnail
from varde.media.veil import VEIL_PX, is_veil, write_veil_png

SCENE = Image.fromarray(make_media.make_scene(300, 400))


def read_veil(veil: bytes) -> np.ndarray:
    return np.frombuffer(veil[2:], np.uint8).reshape(veil[1], veil[0]).astype(float)


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (256, 256), (16, 16), (5, 3), (1, 1), (256, 1), (3000, 2)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_pictures_of_every_shape_have_a_veil(size: tuple[int, int], mode: str) -> None:
    veil = make_veil(SCENE.convert(mode).resize(size))
    assert is_veil(veil)
    assert max(veil[:2]) == min(VEIL_PX, max(size))


def test_the_veil_of_a_flat_picture_is_flat_and_as_bright() -> None:
    assert set(make_veil(Image.new("RGB", (256, 192), (90, 90, 90)))[2:]) == {90}


@pytest.mark.parametrize("cycles", [6, 7, 8, 10, 16, 40, 100])
def test_nothing_finer_than_five_cycles_a_side_is_left(cycles: int) -> None:
    across = np.arange(256) / 256
    waves = np.tile(127.5 + 127.5 * np.cos(2 * np.pi * cycles * across), (256, 1))
    left = read_veil(make_veil(Image.fromarray(waves.astype(np.uint8))))
    assert left[:, 2:-2].std() < 0.06 * waves.std()  # where the blur reaches no edge


def test_a_thumbnail_comes_with_its_veil() -> None:
    data = make_media.encode(SCENE, "JPEG")
    veiled = read_picture(data, DecodeLimits()).thumbnail.veiled
    assert is_veil(veiled)
    assert len(veiled) < 300
    assert write_thumbnail(SCENE).veiled == make_veil(SCENE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x01\x01",
        b"\x00\x00",
        b"\x00\x05",
        b"\x11\x01" + bytes(17),
        b"\x04\x04" + bytes(15),
        b"\x04\x04" + bytes(17),
        b"\xff\xd8\xff\xe0" + bytes(400),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_other_bytes_are_no_veil(data: bytes) -> None:
    assert not is_veil(data)
    with pytest.raises(ValueError, match="no veil"):
        write_veil_png(data)


@pytest.mark.parametrize("size", [(400, 300), (30, 300), (1, 1)])
def test_the_png_has_the_pixels_of_the_veil_and_nothing_else(size: tuple[int, int]) -> None:
    veil = make_veil(SCENE.resize(size))
    data = write_veil_png(veil)
    assert len(data) < 400
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.load()
        assert (image.mode, image.size, image.tobytes()) == ("L", tuple(veil[:2]), veil[2:])
        assert image.info == {}
