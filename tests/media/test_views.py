from __future__ import annotations

import io

import make_media
import numpy as np
import pytest
from PIL import Image

from varde.core.errors import Unreadable
from varde.core.review import Reveal
from varde.media.views import Bitmap, open_thumbnail, reveal, write_jpeg

SCENE = Image.fromarray(make_media.make_scene(192, 256))


@pytest.mark.parametrize("level", [Reveal.SOFT, Reveal.GREY])
def test_levels_below_colour_have_one_channel(level: Reveal) -> None:
    seen = reveal(SCENE, level)
    assert (seen.mode, seen.size) == ("L", SCENE.size)


def test_a_soft_view_has_nothing_finer_than_a_twentieth_of_the_side() -> None:
    across = np.arange(256) / 256
    for cycles in (24, 40, 80):
        waves = np.tile(127.5 + 127.5 * np.cos(2 * np.pi * cycles * across), (64, 1)).astype(np.uint8)
        assert np.asarray(reveal(Image.fromarray(waves), Reveal.SOFT))[:, 30:-30].std() < 3


def test_colour_is_shown_as_it_is() -> None:
    assert reveal(SCENE, Reveal.COLOUR).tobytes() == SCENE.tobytes()


def test_a_veil_is_no_view() -> None:
    with pytest.raises(ValueError, match="veil"):
        reveal(SCENE, Reveal.VEILED)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_bitmap_is_written_as_a_jpeg_without_metadata(mode: str) -> None:
    data = write_jpeg(Bitmap.of(SCENE.convert(mode)))
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        assert (image.mode, image.size) == (mode, SCENE.size)
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    "bitmap",
    [
        Bitmap(2, 2, 1, bytes(3)),
        Bitmap(2, 2, 2, bytes(8)),
        Bitmap(0, 5, 1, b""),
        Bitmap(-1, -4, 1, bytes(4)),
        Bitmap(300, 1, 1, bytes(300)),
        Bitmap(1, 1, 3, bytes(4)),
    ],
)
def test_numbers_that_do_not_fit_are_noticed(bitmap: Bitmap) -> None:
    assert not bitmap.is_sound(256)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"GIF89a", make_media.encode(SCENE, "JPEG")[:500]])
def test_a_damaged_thumbnail_is_said_to_be_damaged(data: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged"):
        open_thumbnail(data)


def test_other_formats_are_never_opened_as_a_thumbnail() -> None:
    with pytest.raises(Unreadable):
        open_thumbnail(make_media.encode(SCENE, "PNG"))


def test_a_thumbnail_that_claims_to_be_huge_is_not_decoded() -> None:
    with pytest.raises(Unreadable, match="2000 x 10"):
        open_thumbnail(make_media.encode(Image.new("L", (2000, 10)), "JPEG"))
