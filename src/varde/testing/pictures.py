"""Makes benign pictures from a generator: no two alike, the same ones from the same seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3) RGB uint8, 0-255, row 0 on top."""

Maker = Callable[[np.random.Generator, int, int], Pixels]

SMALL_SIDE_PX = 96

_TEXTURE_CELLS = (5, 9, 17, 33)
_TEXTURE_WEIGHTS = (42.0, 34.0, 24.0, 16.0)
_GRAIN = 6


def make_photo(rng: np.random.Generator, width_px: int = 640, height_px: int = 480) -> Pixels:
    """Returns a photograph-like picture: soft colour fields, a few shapes, texture at several scales, grain.

    Its PDQ quality is 80 at least, and two of them are far from each other (the tests measure it).

    Args:
        rng: decides everything.
        width_px, height_px: 48 at least each.
    """
    field = np.asarray(_make_colours(rng, width_px, height_px), np.float32)
    field = np.asarray(_draw_shapes(rng, field), np.float32)
    field += _make_texture(rng, width_px, height_px)[:, :, None]
    grain = rng.integers(-_GRAIN, _GRAIN + 1, (height_px, width_px, 1), np.int8)
    return np.asarray(np.clip(field + grain, 0, 255), np.uint8)


def make_texture(rng: np.random.Generator, width_px: int = 640, height_px: int = 480) -> Pixels:
    """Returns grey noise at several scales, like stone or bark."""
    field = 128 + 1.3 * _make_texture(rng, width_px, height_px)
    field += rng.normal(0, 4, (height_px, width_px)).astype(np.float32)
    return np.repeat(np.clip(field, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def make_chart(rng: np.random.Generator, width_px: int = 640, height_px: int = 480) -> Pixels:
    """Returns a chart: axes, bars and a line on white."""
    image = Image.new("RGB", (width_px, height_px), "white")
    draw = ImageDraw.Draw(image)
    bars = int(rng.integers(5, 14))
    left, bottom = width_px // 10, height_px * 9 // 10
    step = (width_px - 2 * left) / bars
    heights = rng.uniform(0.08, 1.0, bars) * height_px * 0.75
    for number, height in enumerate(heights):
        x = left + number * step
        draw.rectangle((x + 0.15 * step, bottom - height, x + 0.85 * step, bottom), fill=_pick_colour(rng))
    curve = [(left + (number + 0.5) * step, bottom - rng.uniform(0.1, 0.9) * height_px) for number in range(bars)]
    draw.line(curve, fill=_pick_colour(rng), width=max(2, width_px // 160))
    draw.line([(left, height_px // 20), (left, bottom), (width_px - left, bottom)], fill="black", width=2)
    return np.asarray(image)


def make_gradient(rng: np.random.Generator, width_px: int = 640, height_px: int = 480) -> Pixels:
    """Returns a slope between two colours at any angle: a picture PDQ finds too plain to compare."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0 : 1 : height_px * 1j, 0 : 1 : width_px * 1j]
    slope = np.cos(angle) * columns + np.sin(angle) * rows
    slope = (slope - slope.min()) / np.ptp(slope)
    start, end = rng.uniform(0, 255, (2, 3))
    return np.asarray(start + slope[:, :, None] * (end - start), np.uint8)


def make_small(rng: np.random.Generator, side_px: int = SMALL_SIDE_PX) -> Pixels:
    """Returns a small square picture of coloured texture, made fast (well over 1,000 a second)."""
    coarse = rng.integers(0, 256, (12, 12, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC))


def _make_colours(rng: np.random.Generator, width_px: int, height_px: int) -> Image.Image:
    corners = rng.integers(40, 216, (3, 4, 3), np.uint8)
    return Image.fromarray(corners).resize((width_px, height_px), Image.Resampling.BICUBIC)


def _make_texture(rng: np.random.Generator, width_px: int, height_px: int) -> npt.NDArray[np.float32]:
    """Returns (H, W) float32 around 0: noise at scales from a fifth to a thirtieth of the picture."""
    field = np.zeros((height_px, width_px), np.float32)
    for cells, weight in zip(_TEXTURE_CELLS, _TEXTURE_WEIGHTS, strict=True):
        grid = rng.normal(0, weight, (cells, cells)).astype(np.float32)
        field += np.asarray(Image.fromarray(grid).resize((width_px, height_px), Image.Resampling.BICUBIC))
    return field


def _draw_shapes(rng: np.random.Generator, field: npt.NDArray[np.float32]) -> Image.Image:
    height_px, width_px = field.shape[:2]
    image = Image.fromarray(field.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 8))):
        x, y = rng.uniform(0, width_px), rng.uniform(0, height_px)
        half_x, half_y = rng.uniform(0.04, 0.22, 2) * min(width_px, height_px)
        box = (x - half_x, y - half_y, x + half_x, y + half_y)
        if rng.random() < 0.5:
            draw.ellipse(box, fill=_pick_colour(rng))
        else:
            draw.rectangle(box, fill=_pick_colour(rng))
    return image


def _pick_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(20, 236, 3)
    return int(red), int(green), int(blue)


MAKERS: dict[str, Maker] = {
    "photo": make_photo,
    "texture": make_texture,
    "chart": make_chart,
    "gradient": make_gradient,
}
"""Every kind of picture by name."""
