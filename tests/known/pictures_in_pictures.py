"""Pictures and what becomes of them, for tests of alignment."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from varde.hashing.local_features import compute_points
from varde.hashing.local_points import Points, pack_points, read_points
from varde.testing.pictures import make_photo

Pixels = npt.NDArray[np.uint8]


@lru_cache(maxsize=64)
def make_picture(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    return Image.fromarray(make_photo(np.random.default_rng(seed), width, height)).convert("L")


def get_points(picture: Image.Image) -> Points:
    """Returns the points as they come out of a database."""
    outcome = compute_points(np.asarray(picture.convert("L")))
    assert isinstance(outcome, Points)
    return read_points(pack_points(outcome))


def crop(picture: Image.Image) -> Image.Image:
    return picture.crop((130, 60, 610, 430))


def rotate(picture: Image.Image) -> Image.Image:
    return picture.rotate(7, Image.Resampling.BICUBIC).crop((70, 60, 570, 420))


def stretch(picture: Image.Image) -> Image.Image:
    return picture.resize((640, 400))


def put_into_another(picture: Image.Image) -> Image.Image:
    out = make_picture(99).resize((1000, 750)).copy()
    out.paste(picture.resize((500, 375), Image.Resampling.LANCZOS), (450, 330))
    return out


def cover_corner(picture: Image.Image) -> Image.Image:
    out = picture.copy()
    out.paste(make_picture(98).resize((250, 190)), (385, 285))
    return out


EDITS = {
    "same": lambda picture: picture,
    "crop": crop,
    "rotate": rotate,
    "stretch": stretch,
    "put into another": put_into_another,
    "cover corner": cover_corner,
    "border": lambda picture: ImageOps.expand(picture, 60, 255),
    "mirror": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "negative": ImageOps.invert,
    "mirrored negative": lambda picture: ImageOps.invert(ImageOps.mirror(picture)),
    "mirrored crop": lambda picture: crop(ImageOps.mirror(picture)),
}
