"""Views of pictures for people, each showing as much as its level says: pixels in, pixels or a JPEG out."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageFilter

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.review import Reveal

MOST_SMALL_PX: Final = 1024
"""Longest side of a stored thumbnail, as far as settings can raise it."""

_SOFT_SHARE = 1 / 48
_MODES = {1: "L", 3: "RGB"}
_SMALL_QUALITY = 80
_LARGE_QUALITY = 88


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture as plain pixels: what leaves a decoder process, since no file can hide in it.

    Attributes:
        channels: 1 for grey, 3 for RGB.
        data: row by row from the top, a byte for each channel of each pixel.
    """

    width_px: int
    height_px: int
    channels: int
    data: bytes

    @classmethod
    def of(cls, image: Image.Image) -> Bitmap:
        """Returns the pixels of an L or RGB picture."""
        return cls(image.width, image.height, len(image.getbands()), image.tobytes())

    def is_sound(self, most_px: int) -> bool:
        """Returns whether the numbers fit the data, and no side is longer than so many pixels."""
        sides_fit = 1 <= self.width_px <= most_px and 1 <= self.height_px <= most_px
        return (
            sides_fit and self.channels in _MODES and len(self.data) == self.width_px * self.height_px * self.channels
        )

    def open(self) -> Image.Image:
        """Returns it as a picture; nothing is decoded."""
        return Image.frombytes(_MODES[self.channels], (self.width_px, self.height_px), self.data)


def open_thumbnail(data: bytes) -> Image.Image:
    """Returns a stored thumbnail, decoded.

    Raises:
        Unreadable: if it is no JPEG of the size that thumbnails have.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if max(image.size) > MOST_SMALL_PX:
                raise Unreadable(IssueCode.TOO_LARGE, f"its thumbnail is {image.width} x {image.height} pixels large")
            image.load()
            return image.convert("L" if image.mode == "L" else "RGB")
    except (OSError, ValueError, SyntaxError, ArithmeticError, Image.DecompressionBombError) as error:
        raise Unreadable(IssueCode.DAMAGED, "its thumbnail is damaged") from error


def reveal(image: Image.Image, level: Reveal) -> Image.Image:
    """Returns an L or RGB picture as it may be shown at a level from `Reveal.SOFT` on.

    A soft one is grey, with a Gaussian blur of a 48th of the longer side: what kind of scene it is can be told, while
    small faces and text cannot.

    Raises:
        ValueError: for `Reveal.VEILED`, which is no picture but a veil.
    """
    if level is Reveal.VEILED:
        raise ValueError("a veil is made by make_veil")
    if level is Reveal.SOFT:
        return image.convert("L").filter(ImageFilter.GaussianBlur(max(image.size) * _SOFT_SHARE))
    if level is Reveal.GREY:
        return image.convert("L")
    return image


def write_jpeg(bitmap: Bitmap) -> bytes:
    """Returns pixels as a JPEG file without any metadata."""
    quality = _SMALL_QUALITY if max(bitmap.width_px, bitmap.height_px) <= MOST_SMALL_PX else _LARGE_QUALITY
    with io.BytesIO() as file:
        bitmap.open().save(file, "JPEG", quality=quality)
        return file.getvalue()
