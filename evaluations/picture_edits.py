"""Edits of pictures as people make them, each with its strength: what `picture_robustness.py` measures against.

Every edit takes an RGB picture, a generator and other benign pictures (for collages and screens) and returns RGB.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Picture = Image.Image
Edit = Callable[[Picture, np.random.Generator, Sequence[Picture]], Picture]

_WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "seven",
    "wizards",
    "box",
    "and",
    "pack",
    "my",
    "bag",
    "with",
    "five",
    "dozen",
    "jugs",
]


def _jpeg(quality: int) -> Edit:
    return lambda picture, rng, others: save_jpeg(picture, quality)


def save_jpeg(picture: Picture, quality: int) -> Picture:
    """Returns the picture after JPEG."""
    with io.BytesIO() as file:
        picture.convert("RGB").save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")


def _scale(share: float) -> Edit:
    return lambda picture, rng, others: picture.resize(
        (max(8, round(picture.width * share)), max(8, round(picture.height * share))), Image.Resampling.LANCZOS
    )


def _thumbnail(side: int) -> Edit:
    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        small = picture.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        return small

    return edit


def _rotate(degrees: float) -> Edit:
    """Turned and cut to the largest upright rectangle of the same shape, as phones do it."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        angle = degrees if rng.random() < 0.5 else -degrees
        turned = picture.rotate(angle, Image.Resampling.BICUBIC)
        radians = math.radians(degrees)
        width, height = picture.size
        long, short = max(width, height), min(width, height)
        share = short / (long * math.sin(radians) + short * math.cos(radians))
        return _cut_middle(turned, share, share)

    return edit


def _cut_middle(picture: Picture, across: float, down: float) -> Picture:
    width, height = round(picture.width * across), round(picture.height * down)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _crop(share: float) -> Edit:
    """Takes so much of the area away, anywhere, keeping the shape roughly."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        keep = math.sqrt(1 - share)
        shape = rng.uniform(0.9, 1.1)
        across, down = min(1.0, keep * shape), min(1.0, keep / shape)
        width, height = round(picture.width * across), round(picture.height * down)
        left = int(rng.integers(0, picture.width - width + 1))
        top = int(rng.integers(0, picture.height - height + 1))
        return picture.crop((left, top, left + width, top + height))

    return edit


def _letterbox(share: float) -> Edit:
    return lambda picture, rng, others: ImageOps.expand(picture, (0, round(picture.height * share)), "black")


def _border(share: float) -> Edit:
    return lambda picture, rng, others: ImageOps.expand(picture, round(min(picture.size) * share), "white")


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))


def _caption(share: float) -> Edit:
    """A bar with words over the lower or upper part."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        out = picture.copy()
        draw = ImageDraw.Draw(out)
        bar = round(out.height * share)
        top = 0 if rng.random() < 0.3 else out.height - bar
        dark = rng.random() < 0.5
        draw.rectangle((0, top, out.width, top + bar), fill="black" if dark else "white")
        text = " ".join(rng.choice(_WORDS, 6))
        draw.text((bar * 0.3, top + bar * 0.2), text, fill="white" if dark else "black", font=_font(bar * 0.5))
        return out

    return edit


def _big_text(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
    out = picture.copy()
    draw = ImageDraw.Draw(out)
    for place in (0.05, 0.78):
        text = " ".join(rng.choice(_WORDS, 3)).upper()
        draw.text(
            (out.width * 0.04, out.height * place), text, fill="white", font=_font(out.height * 0.14),
            stroke_width=3, stroke_fill="black",
        )  # fmt: skip
    return out


def _logo(share: float) -> Edit:
    """A patterned emblem in a corner over so much of the area; the same for every picture."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        out = picture.copy()
        side = round(math.sqrt(share * out.width * out.height))
        emblem = _make_emblem().resize((side, side), Image.Resampling.LANCZOS)
        place = rng.integers(0, 4)
        margin = round(side * 0.05)
        x = margin if place % 2 else out.width - side - margin
        y = margin if place // 2 else out.height - side - margin
        out.paste(emblem, (x, max(0, y)))
        return out

    return edit


def _make_emblem() -> Picture:
    emblem = Image.new("RGB", (300, 300), (200, 30, 40))
    draw = ImageDraw.Draw(emblem)
    draw.ellipse((20, 20, 280, 280), fill="white")
    draw.polygon([(150, 40), (250, 220), (50, 220)], fill=(20, 40, 160))
    draw.text((70, 120), "VARDE 24", fill="white", font=_font(40))
    draw.text((90, 230), "channel", fill="black", font=_font(30))
    return emblem


def _perspective(share: float) -> Edit:
    """One side shrunk by so much, as when a print is photographed from the side; cut to the picture."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        width, height = picture.size
        dx, dy = share * width, share * height
        corners = np.array([(0, 0), (0, height), (width, height), (width, 0)], float)
        corners += rng.uniform(0, 1, (4, 2)) * (dx, dy) * [(1, 1), (1, -1), (-1, -1), (-1, 1)]
        return picture.transform(picture.size, Image.Transform.QUAD, corners.ravel().tolist(), Image.Resampling.BICUBIC)

    return edit


def _collage(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
    size = picture.size
    out = Image.new("RGB", (2 * size[0], 2 * size[1]))
    place = int(rng.integers(0, 4))
    for at in range(4):
        tile = picture if at == place else ImageOps.fit(others[at], size)
        out.paste(tile, (at % 2 * size[0], at // 2 * size[1]))
    return out


def _inset(share: float) -> Edit:
    """Picture in picture: the known one small in a corner of another."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        out = ImageOps.fit(others[0], (1280, 854))
        width = round(1280 * share)
        small = picture.resize((width, round(width * picture.height / picture.width)), Image.Resampling.LANCZOS)
        x = 30 if rng.random() < 0.5 else 1250 - small.width
        y = 30 if rng.random() < 0.5 else 824 - small.height
        out.paste(small, (x, max(0, y)))
        return out

    return edit


def _screenshot(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
    """A window with a title, buttons and a list beside the picture, on a desktop."""
    out = Image.new("RGB", (1366, 768), (58, 110, 165))
    draw = ImageDraw.Draw(out)
    draw.rectangle((60, 40, 1306, 728), fill=(240, 240, 240))
    draw.rectangle((60, 40, 1306, 72), fill=(70, 80, 95))
    draw.text((72, 46), " ".join(rng.choice(_WORDS, 4)), fill="white", font=_font(18))
    for number, colour in enumerate(("red", "yellow", "green")):
        draw.ellipse((1220 + 26 * number, 48, 1236 + 26 * number, 64), fill=colour)
    for line in range(20):
        draw.text((76, 90 + 30 * line), " ".join(rng.choice(_WORDS, 3)), fill="black", font=_font(15))
    shown = picture.copy()
    factor = min(1000 / shown.width, 620 / shown.height)
    shown = shown.resize((round(shown.width * factor), round(shown.height * factor)), Image.Resampling.BILINEAR)
    out.paste(shown, (290, 84))
    return out


def _enhance(*steps: tuple[Callable[[Picture], ImageEnhance._Enhance], float]) -> Edit:
    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        for enhancer, factor in steps:
            picture = enhancer(picture).enhance(factor)
        return picture

    return edit


def _noise(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
    pixels = np.asarray(picture, np.float32) + rng.normal(0, 18, (picture.height, picture.width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _after(*edits: Edit) -> Edit:
    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        for each in edits:
            picture = each(picture, rng, others)
        return picture

    return edit


def _transpose(method: Image.Transpose) -> Edit:
    return lambda picture, rng, others: picture.transpose(method)


EDITS: dict[str, Edit] = {
    "JPEG 50": _jpeg(50),
    "JPEG 10": _jpeg(10),
    "half size": _scale(0.5),
    "64 px thumbnail": _thumbnail(64),
    "blur": lambda picture, rng, others: picture.filter(ImageFilter.GaussianBlur(2)),
    "noise": _noise,
    "grey": lambda picture, rng, others: picture.convert("L").convert("RGB"),
    "bright, strong contrast": _enhance((ImageEnhance.Brightness, 1.3), (ImageEnhance.Contrast, 1.5)),
    "inverted": lambda picture, rng, others: ImageOps.invert(picture),
    "mirrored": _transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned 90": _transpose(Image.Transpose.ROTATE_90),
    "turned 180": _transpose(Image.Transpose.ROTATE_180),
    "rotated 1 degree": _rotate(1),
    "rotated 2 degrees": _rotate(2),
    "rotated 5 degrees": _rotate(5),
    "rotated 10 degrees": _rotate(10),
    "crop 2 %": _crop(0.02),
    "crop 5 %": _crop(0.05),
    "crop 10 %": _crop(0.10),
    "crop 20 %": _crop(0.20),
    "crop 35 %": _crop(0.35),
    "crop 50 %": _crop(0.50),
    "crop 30 %, mirrored": _after(_crop(0.30), _transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "letterbox 15 %": _letterbox(0.15),
    "white border 8 %": _border(0.08),
    "caption bar 10 %": _caption(0.10),
    "caption bar 20 %": _caption(0.20),
    "big text": _big_text,
    "corner logo 3 %": _logo(0.03),
    "corner logo 10 %": _logo(0.10),
    "corner logo 25 %": _logo(0.25),
    "perspective 3 %": _perspective(0.03),
    "perspective 8 %": _perspective(0.08),
    "collage 2 x 2": _collage,
    "inset 50 %": _inset(0.5),
    "inset 30 %": _inset(0.3),
    "screenshot": _screenshot,
}
"""Every edit by name; each result is then saved as JPEG of quality 80."""
