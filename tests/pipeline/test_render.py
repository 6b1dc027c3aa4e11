import io
import os
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from varde.core.media import Thumbnail
from varde.pipeline.render import Blurrer


@pytest.fixture(scope="module")
def blurrer() -> Iterator[Blurrer]:
    with Blurrer() as blurrer:
        yield blurrer


def make_thumbnail(width_px: int, height_px: int) -> Thumbnail:
    out = io.BytesIO()
    noise = os.urandom(3 * width_px * height_px)
    Image.frombytes("RGB", (width_px, height_px), noise).save(out, "JPEG", quality=80)
    return Thumbnail(out.getvalue(), width_px, height_px)


def read_pixels(thumbnail: Thumbnail) -> np.ndarray:
    with Image.open(io.BytesIO(thumbnail.data), formats=["JPEG"]) as picture:
        assert picture.mode == "L"
        assert picture.size == (thumbnail.width_px, thumbnail.height_px)
        return np.asarray(picture)


@pytest.mark.parametrize(("width_px", "height_px"), [(320, 200), (1, 1), (1024, 1024)])
def test_thumbnails_of_any_size_come_back_grey_and_blurred(blurrer: Blurrer, width_px: int, height_px: int) -> None:
    before = blurrer.unreadable
    original = make_thumbnail(width_px, height_px)
    assert read_pixels(blurrer.blur(original)).std() < 25
    assert blurrer.unreadable == before


@pytest.mark.parametrize("damage", [b"not a jpeg", b"", make_thumbnail(64, 48).data[:200], b"\xff\xd8\xff" * 1000])
def test_an_unreadable_thumbnail_is_counted_and_replaced_by_plain_grey(blurrer: Blurrer, damage: bytes) -> None:
    before = blurrer.unreadable
    pixels = read_pixels(blurrer.blur(Thumbnail(damage, 64, 48)))
    assert blurrer.unreadable == before + 1
    assert pixels.shape == (48, 64)
    assert np.ptp(pixels) == 0
    blurrer.blur(make_thumbnail(32, 32))
    assert blurrer.unreadable == before + 1


@pytest.mark.parametrize(("width_px", "height_px"), [(0, 0), (-5, 7), (10**9, 1)])
def test_impossible_stored_sizes_give_a_small_picture(blurrer: Blurrer, width_px: int, height_px: int) -> None:
    pixels = read_pixels(blurrer.blur(Thumbnail(b"not a jpeg", width_px, height_px)))
    assert 1 <= min(pixels.shape) <= max(pixels.shape) <= 4096


def test_a_decoder_that_dies_or_lies_costs_one_thumbnail(blurrer: Blurrer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = blurrer.unreadable
    bomb = io.BytesIO()
    Image.new("L", (20_000, 20_000)).save(bomb, "JPEG")  # refused by an exception that no handler expects
    read_pixels(blurrer.blur(Thumbnail(bomb.getvalue(), 30, 20)))
    assert blurrer.unreadable == before + 1
    assert blurrer._read(b"\xc1") is None
    blurrer.blur(make_thumbnail(32, 32))
    assert blurrer.unreadable == before + 1
