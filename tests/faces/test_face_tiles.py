from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.faces.tiles import Tile, draw_tiles, lay_out

MEAN = np.array([100, 110, 120], np.float32)


@settings(max_examples=60)
@given(st.integers(5, 900), st.integers(5, 900))
def test_tiles_never_overlap_and_lie_inside(height: int, width: int) -> None:
    layout = lay_out(height, width)
    covered = np.zeros((layout.height, layout.width), np.uint8)
    for tile in layout.tiles:
        assert tile.left >= 0
        assert tile.top >= 0
        covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
    assert covered.max() == 1
    assert covered.sum() == sum(tile.width * tile.height for tile in layout.tiles)
    assert layout.tiles[0] == Tile(11, 11, width, height)


def test_middle_of_each_tile_belongs_to_it_and_comes_back_to_the_middle() -> None:
    layout = lay_out(400, 600)
    middles = np.array([(t.left + t.width / 2, t.top + t.height / 2) for t in layout.tiles])
    assert layout.find_tile(middles).tolist() == list(range(len(layout.tiles)))
    for number, middle in enumerate(middles[:8]):
        assert layout.to_picture(middle[None], number)[0] == pytest.approx((300, 200), abs=6)


def test_picture_is_drawn_as_it_is_and_smaller_tiles_keep_its_corners() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)
    layout = lay_out(60, 80)
    sheet = draw_tiles(picture, layout, MEAN)[0]
    expected = ((picture.astype(np.float32) - MEAN) / 256).transpose(2, 0, 1)
    assert np.array_equal(sheet[:, 11:71, 11:91], expected)
    tile = layout.tiles[1]
    assert (tile.height, tile.width) == (50, 66)
    assert sheet[:, tile.top, tile.left] == pytest.approx(expected[:, 0, 0])
    last = sheet[:, tile.top + tile.height - 1, tile.left + tile.width - 1]
    assert last == pytest.approx(expected[:, -1, -1], abs=1e-5)


def test_plain_picture_stays_plain_and_what_lies_between_is_nothing() -> None:
    layout = lay_out(100, 100)
    sheet = draw_tiles(np.full((100, 100, 3), 228, np.uint8), layout, np.array([100, 100, 100], np.float32))[0]
    inside = np.zeros(sheet.shape[1:], bool)
    for tile in layout.tiles:
        inside[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = True
    assert np.allclose(sheet[:, inside], 0.5)
    assert not sheet[:, ~inside].any()
