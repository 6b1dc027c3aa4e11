from __future__ import annotations

import io

import numpy as np
import pytest
from pictures_in_pictures import EDITS, get_points, make_picture
from PIL import Image

from varde.known.alignment import align
from varde.known.alignment_picture import SIDE_PX, draw_alignment


def draw(name: str) -> Image.Image:
    query, known = get_points(EDITS[name](make_picture(4))), get_points(make_picture(4))
    alignment = align(query, known)
    assert alignment is not None
    data = draw_alignment(query, known, alignment)
    assert data.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("name", ["same", "put into another", "rotate", "mirror", "negative"])
def test_both_pictures_stand_side_by_side(name: str) -> None:
    picture = draw(name)
    assert picture.mode == "RGB"
    assert 2 * SIDE_PX * 0.7 < picture.width <= 2 * SIDE_PX + 20
    assert picture.height <= SIDE_PX


def test_the_outline_is_where_the_known_picture_lies() -> None:
    pixels = np.asarray(draw("put into another")).astype(int)[:, :SIDE_PX]
    orange = np.argwhere(np.abs(pixels - (255, 96, 0)).sum(axis=2) < 30)
    # Half as large as the query of 1000 x 750, from (450, 330) to (950, 705).
    assert np.allclose(orange.min(axis=0), np.array([330, 450]) * SIDE_PX / 1000, atol=8)
    assert np.allclose(orange.max(axis=0), np.array([705, 950]) * SIDE_PX / 1000, atol=8)


def test_the_same_alignment_gives_the_same_bytes() -> None:
    assert draw("crop").tobytes() == draw("crop").tobytes()
