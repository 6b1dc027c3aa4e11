"""What happens to photographs on their way: saved again, cropped, made smaller, turned a little, darkened."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.core.camera import SearchExtent

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Edit:
    """One change: what it does to RGB pixels, and the search that it calls for."""

    name: str
    change: Callable[[Pixels], Pixels]
    extent: SearchExtent


def save(quality: int) -> Callable[[Pixels], Pixels]:
    """Returns what saves a picture again as JPEG."""

    def change(pixels: Pixels) -> Pixels:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer).convert("RGB"))

    return change


def crop(side: int) -> Callable[[Pixels], Pixels]:
    """Returns what cuts a square out, off the middle by a number of pixels that nobody knows."""

    def change(pixels: Pixels) -> Pixels:
        top, left = (pixels.shape[0] - side) // 2 + 37, (pixels.shape[1] - side) // 2 - 101
        return np.ascontiguousarray(pixels[top : top + side, left : left + side])

    return change


def shrink(share: float = 0.0, longest: int = 0, quality: int = 0) -> Callable[[Pixels], Pixels]:
    """Returns what scales a picture down, and perhaps saves it as JPEG, as messengers do."""

    def change(pixels: Pixels) -> Pixels:
        factor = share or longest / max(pixels.shape)
        size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
        small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
        return save(quality)(small) if quality else small

    return change


def turn(degrees: float) -> Callable[[Pixels], Pixels]:
    """Returns what turns a picture about its middle, its size kept."""

    def change(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
        return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC), np.uint8)

    return change


def darken(share: float) -> Callable[[Pixels], Pixels]:
    """Returns what multiplies a picture's values."""

    def change(pixels: Pixels) -> Pixels:
        return np.rint(pixels * np.float32(share)).astype(np.uint8)

    return change


EDITS = (
    Edit("as taken", lambda pixels: pixels, SearchExtent.ALIGNED),
    Edit("Q90", save(90), SearchExtent.ALIGNED),
    Edit("Q75", save(75), SearchExtent.ALIGNED),
    Edit("Q50", save(50), SearchExtent.ALIGNED),
    Edit("brightness x0.25", darken(0.25), SearchExtent.ALIGNED),
    Edit("crop 1024", crop(1024), SearchExtent.SHIFTED),
    Edit("crop 512", crop(512), SearchExtent.SHIFTED),
    Edit("half size", shrink(0.5), SearchExtent.SCALED),
    Edit("1600 px, Q70", shrink(longest=1600, quality=70), SearchExtent.SCALED),
    Edit("turned 1.5 degrees", turn(1.5), SearchExtent.ROTATED),
)
