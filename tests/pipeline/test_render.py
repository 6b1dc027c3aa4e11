import io
import os
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from varde.core.media import Thumbnail
from varde.media.thumbnails import make_veil
from varde.pipeline.render import Veiler


@pytest.fixture(scope="module")
def veiler() -> Iterator[Veiler]:
    with Veiler() as veiler:
        yield veiler


def make_thumbnail(width_px: int, height_px: int, veiled: bytes = b"") -> Thumbnail:
    out = io.BytesIO()
    noise = os.urandom(3 * width_px * height_px)
    Image.frombytes("RGB", (width_px, height_px), noise).save(out, "JPEG", quality=80)
    return Thumbnail(out.getvalue(), width_px, height_px, veiled)


def read_pixels(thumbnail: Thumbnail) -> np.ndarray:
    with Image.open(io.BytesIO(thumbnail.data), formats=["JPEG"]) as picture:
        assert picture.mode == "L"
        assert picture.size == (thumbnail.width_px, thumbnail.height_px)
        return np.asarray(picture)


@pytest.mark.parametrize(("width_px", "height_px"), [(320, 200), (1, 1), (1024, 1024)])
def test_thumbnails_of_any_size_come_back_grey_and_blurred(veiler: Veiler, width_px: int, height_px: int) -> None:
    before = veiler.unreadable
    original = make_thumbnail(width_px, height_px)
    assert read_pixels(veiler.veil(original)).std() < 25
    assert veiler.unreadable == before


def test_no_more_is_left_of_a_picture_than_its_veil_holds(veiler: Veiler) -> None:
    lines = np.zeros((240, 240, 3), np.uint8)
    lines[:, ::24] = lines[:, 1::24] = lines[:, 2::24] = 255  # ten fine lines
    picture = Image.fromarray(lines)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    veil = make_veil(picture)
    assert np.ptp(np.asarray(picture.convert("L"))) == 255
    for veiled in (b"", veil):
        shown = read_pixels(veiler.veil(Thumbnail(out.getvalue(), 240, 240, veiled)))
        assert np.ptp(shown[60:180, 60:180]) < 40


def test_a_stored_veil_is_shown_without_decoding_the_thumbnail() -> None:
    veil = bytes((2, 1, 0, 255))
    with Veiler() as veiler:
        shown = read_pixels(veiler.veil(Thumbnail(b"not a jpeg", 64, 48, veil)))
        assert veiler.unreadable == 0 and veiler._pool is None
    assert shown[0, 0] < 10 and shown[0, -1] > 245


@pytest.mark.parametrize("veiled", [b"", b"\x10\x10", b"\xff\xd8\xff" * 50, b"\x00\x00", b"\x02\x01\x00\x00\x00"])
def test_bytes_that_are_no_veil_count_as_none(veiler: Veiler, veiled: bytes) -> None:
    before = veiler.unreadable
    assert read_pixels(veiler.veil(make_thumbnail(64, 48, veiled))).std() < 25
    assert veiler.unreadable == before


@pytest.mark.parametrize("damage", [b"not a jpeg", b"", make_thumbnail(64, 48).data[:200], b"\xff\xd8\xff" * 1000])
def test_an_unreadable_thumbnail_is_counted_and_replaced_by_plain_grey(veiler: Veiler, damage: bytes) -> None:
    before = veiler.unreadable
    pixels = read_pixels(veiler.veil(Thumbnail(damage, 64, 48)))
    assert veiler.unreadable == before + 1
    assert pixels.shape == (48, 64)
    assert np.ptp(pixels) == 0
    veiler.veil(make_thumbnail(32, 32))
    assert veiler.unreadable == before + 1


@pytest.mark.parametrize(("width_px", "height_px"), [(0, 0), (-5, 7), (10**9, 1)])
def test_impossible_stored_sizes_give_a_small_picture(veiler: Veiler, width_px: int, height_px: int) -> None:
    pixels = read_pixels(veiler.veil(Thumbnail(b"not a jpeg", width_px, height_px)))
    assert 1 <= min(pixels.shape) <= max(pixels.shape) <= 4096


def test_a_decoder_that_refuses_costs_one_thumbnail(veiler: Veiler) -> None:
    before = veiler.unreadable
    bomb = io.BytesIO()
    Image.new("L", (20_000, 20_000)).save(bomb, "JPEG")
    read_pixels(veiler.veil(Thumbnail(bomb.getvalue(), 30, 20)))
    assert veiler.unreadable == before + 1
    veiler.veil(make_thumbnail(32, 32))
    assert veiler.unreadable == before + 1
