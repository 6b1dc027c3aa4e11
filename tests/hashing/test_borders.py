from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from varde.hashing.borders import find_border
from varde.testing.pictures import make_photo


def make_grey(seed: int = 0, width: int = 320, height: int = 240) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(make_photo(np.random.default_rng(seed), width, height)).convert("L"))


def recompress(grey: npt.NDArray[np.uint8], quality: int = 40) -> npt.NDArray[np.uint8]:
    with io.BytesIO() as file:
        Image.fromarray(grey).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file).convert("L"))


def test_a_picture_without_border_is_whole() -> None:
    assert find_border(make_grey()) == (0, 0, 240, 320)


@pytest.mark.parametrize("colour", [0, 90, 255])
@pytest.mark.parametrize("sides", [(30, 30, 0, 0), (0, 0, 40, 40), (17, 0, 0, 0), (5, 11, 23, 2), (0, 0, 0, 64)])
def test_each_side_is_found_on_its_own_after_recompression(colour: int, sides: tuple[int, int, int, int]) -> None:
    above, below, before, after = sides
    bordered = np.pad(make_grey(), ((above, below), (before, after)), constant_values=colour)
    box = find_border(recompress(bordered))
    wanted = (above, before, above + 240, before + 320)
    assert max(abs(found - place) for found, place in zip(box, wanted, strict=True)) <= 2


def test_sides_of_different_colours_are_found() -> None:
    bordered = np.pad(make_grey(), ((20, 30), (0, 0)), constant_values=((0, 255), (0, 0)))
    assert find_border(bordered) == (20, 0, 260, 320)


def test_a_clear_sky_inside_a_border_of_one_colour_stays() -> None:
    grey = make_grey().copy()
    grey[:60] = 210
    bordered = np.pad(grey, ((20, 20), (0, 0)))
    assert find_border(bordered, one_colour=True) == (20, 0, 260, 320)
    assert find_border(bordered) == (80, 0, 260, 320)
    assert find_border(make_grey(), one_colour=True) == (0, 0, 240, 320)


def test_bars_inside_a_frame_are_found() -> None:
    bordered = np.pad(np.pad(make_grey(), ((25, 25), (0, 0))), 12, constant_values=255)
    assert find_border(bordered) == (37, 12, 277, 332)


def test_bars_with_words_are_no_border() -> None:
    bordered = np.pad(make_grey(), ((40, 0), (0, 0)), constant_values=255)
    bordered[0:40:2, 50:150:3] = 0
    assert find_border(bordered) == (0, 0, 280, 320)


@pytest.mark.parametrize("grey", [np.full((200, 200), 7, np.uint8), np.zeros((1, 1), np.uint8)])
def test_a_flat_picture_has_no_border(grey: npt.NDArray[np.uint8]) -> None:
    assert find_border(grey) == (0, 0, *grey.shape)


def test_a_speck_on_a_flat_picture_is_not_what_a_border_surrounds() -> None:
    grey = np.full((300, 300), 200, np.uint8)
    grey[100:120, 150:170] = make_grey()[:20, :20]
    assert find_border(grey) == (0, 0, 300, 300)


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([0, 128, 255]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_picture_has_a_box_inside_itself(height: int, width: int, colour: int, noisy: bool) -> None:
    grey = np.full((height, width), colour, np.uint8)
    if noisy:
        grey[height // 2 :, width // 3 :] = np.random.default_rng(0).integers(0, 255, grey.shape)[
            height // 2 :, width // 3 :
        ]
    top, left, bottom, right = find_border(grey)
    assert 0 <= top < bottom <= height
    assert 0 <= left < right <= width
