from __future__ import annotations

import io

import make_media
import numpy as np
import pytest
from PIL import Image

from varde.core.limits import DecodeLimits
from varde.media.thumbnails import make_jpeg_thumbnail, make_thumbnail, write_thumbnail

LIMITS = DecodeLimits(thumbnail_px=64)
SCENE = Image.fromarray(make_media.make_scene(300, 400))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P", "CMYK", "HSV", "YCbCr", "I", "F"])
def test_every_mode_gives_a_thumbnail(mode: str) -> None:
    image = SCENE.convert("L").convert(mode) if mode in ("I", "F") else SCENE.convert(mode)
    thumbnail = make_thumbnail(image, np.asarray(SCENE.convert("L")), 1, LIMITS)
    assert (thumbnail.width_px, thumbnail.height_px) == (64, 48)


def test_a_small_picture_is_not_enlarged_and_not_changed() -> None:
    small = SCENE.resize((20, 10))
    before = small.tobytes()
    thumbnail = make_thumbnail(small, np.zeros((10, 20), np.uint8), 6, LIMITS)
    assert (thumbnail.width_px, thumbnail.height_px) == (10, 20)
    assert small.tobytes() == before


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_jpeg_thumbnail_shows_the_picture(options: dict[str, bool]) -> None:
    thumbnail = make_jpeg_thumbnail(make_media.encode(SCENE, "JPEG", **options), 1, LIMITS)
    with Image.open(io.BytesIO(thumbnail.data)) as image:
        seen = np.asarray(image.convert("RGB")).astype(int)
    assert seen.shape == (48, 64, 3)
    assert np.abs(seen - np.asarray(SCENE.resize((64, 48), Image.Resampling.BOX))).mean() < 16


def test_an_embedded_thumbnail_is_not_believed() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Example"
    lie = make_media.encode(Image.new("RGB", (64, 48), (255, 0, 0)), "JPEG")
    data = make_media.encode(Image.new("RGB", (640, 480), (0, 0, 255)), "JPEG", exif=exif.tobytes() + lie)
    with Image.open(io.BytesIO(make_jpeg_thumbnail(data, 1, LIMITS).data)) as image:
        assert np.asarray(image)[..., 2].mean() > 200


def test_writing_keeps_the_size() -> None:
    assert write_thumbnail(Image.new("L", (7, 3))).width_px == 7
