"""Drawn faces for testing models: the same pixels on every machine, of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Drawing:
    """How one face is drawn; lengths in thousandths of the picture's sides, colours red, green, blue."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    ground: tuple[int, int, int]
    eyes_apart: int
    mouth: int
    width: int


DRAWINGS: Final = (
    Drawing((214, 170, 140), (70, 45, 30), (60, 90, 120), 190, 150, 330),
    Drawing((120, 82, 60), (20, 18, 18), (180, 180, 170), 170, 190, 300),
    Drawing((236, 200, 180), (190, 150, 80), (40, 60, 40), 210, 120, 360),
)


def draw_face(drawing: Drawing, width: int, height: int) -> Pixels:
    """Returns (height, width, 3) uint8 RGB: a drawn face that fills most of the picture. Whole numbers throughout."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    x, y = x * 1000 // width, y * 1000 // height
    picture = np.empty((height, width, 3), np.int64)
    picture[:] = drawing.ground
    _fill(picture, _oval(x, y, 500, 420, drawing.width + 60, 420), drawing.hair)
    _fill(picture, _oval(x, y, 500, 500, drawing.width, 400), drawing.skin)
    for side in (-1, 1):
        centre = 500 + side * drawing.eyes_apart
        _fill(picture, _oval(x, y, centre, 380, 95, 18), drawing.hair)
        _fill(picture, _oval(x, y, centre, 450, 75, 36), (235, 235, 235))
        _fill(picture, _oval(x, y, centre, 450, 32, 32), (40, 30, 25))
    _fill(picture, _oval(x, y, 500, 600, 45, 70), tuple(part * 4 // 5 for part in drawing.skin))
    _fill(picture, _oval(x, y, 500, 740, drawing.mouth, 36), (150, 60, 60))
    light = 800 + (x - 500) * 3 // 10  # from the right
    return np.asarray(np.clip(picture * light[:, :, None] // 1000, 0, 255), np.uint8)


def _oval(x: NDArray[np.int64], y: NDArray[np.int64], left: int, top: int, across: int, down: int) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = ((x - left) * down) ** 2 + ((y - top) * across) ** 2 <= (across * down) ** 2
    return inside


def _fill(picture: NDArray[np.int64], where: NDArray[np.bool_], colour: tuple[int, ...]) -> None:
    picture[where] = colour
