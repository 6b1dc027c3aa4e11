"""Thumbnails: small colour pictures for people, upright, without any metadata."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from varde.core.limits import DecodeLimits
from varde.core.media import Thumbnail
from varde.media.veil import VEIL_BLUR_PX, VEIL_PX

QUALITY = 80

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WIDE_MODES = ("I", "F", "LAB")


def make_thumbnail(
    image: Image.Image, grey: npt.NDArray[np.uint8], orientation: int, limits: DecodeLimits
) -> Thumbnail:
    """Returns the thumbnail of a decoded picture; see `scale_picture`."""
    return write_thumbnail(scale_picture(image, grey, orientation, limits.thumbnail_px))


def make_jpeg_thumbnail(data: bytes, orientation: int, limits: DecodeLimits) -> Thumbnail:
    """Returns the thumbnail of a JPEG; see `scale_jpeg`."""
    return write_thumbnail(scale_jpeg(data, orientation, limits.thumbnail_px))


def scale_picture(
    image: Image.Image, grey: npt.NDArray[np.uint8], orientation: int, longest_px: int, *, loosely: bool = False
) -> Image.Image:
    """Returns a decoded picture upright, as L or RGB, not longer than a side may be.

    Args:
        image: decoded, any mode; it is not changed.
        grey: (H, W) uint8, used instead of pixels that no screen shows (16 bits, floats, L*a*b*).
        orientation: EXIF orientation to apply, 1-8.
        longest_px: longest side.
        loosely: see `scale_jpeg`.
    """
    if image.mode in _WIDE_MODES or image.mode.startswith("I;"):
        image = Image.fromarray(grey)
    if image.mode in ("P", "PA", "1", "LA", "La", "RGBa"):
        has_alpha = image.mode != "1" and ("A" in image.mode.upper() or "transparency" in image.info)
        image = image.convert("RGBA" if has_alpha else "RGB")
    elif image.mode not in ("L", "RGB", "RGBA", "RGBX", "YCbCr"):
        image = image.convert("RGB")
    small = image.copy() if max(image.size) <= longest_px else image
    return _finish(small, orientation, longest_px, loosely=loosely)


def scale_jpeg(data: bytes, orientation: int, longest_px: int, *, loosely: bool = False) -> Image.Image:
    """Returns a JPEG upright, as L or RGB, decoded at the smallest scale that is large enough.

    The pictures some cameras embed for this purpose are not used: they may show something else.

    Args:
        data: the whole file.
        orientation: EXIF orientation to apply, 1-8.
        longest_px: longest side.
        loosely: whether it may be up to twice as long instead: for programs, which scale it as they need it, since
            resampling costs more than decoding.

    Raises:
        OSError and the rest of a decoder's errors: if the data cannot be decoded.
    """
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    shrink = max(1.0, max(image.size) / longest_px)
    image.draft("RGB", (max(1, int(image.width / shrink)), max(1, int(image.height / shrink))))
    image.load()
    return _finish(image.convert("RGB") if image.mode == "CMYK" else image, orientation, longest_px, loosely=loosely)


def shrink(image: Image.Image, longest_px: int) -> Image.Image:
    """Returns an L or RGB picture of which no side is longer than so many pixels; the one given is not changed."""
    small = image.copy()
    small.thumbnail((longest_px, longest_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small


def _finish(image: Image.Image, orientation: int, longest_px: int, *, loosely: bool = False) -> Image.Image:
    factor = max(image.size) // longest_px
    if not loosely:
        image.thumbnail((longest_px, longest_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
    elif factor > 1:
        image = image.reduce(factor)
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, (128, 128, 128, 255))
        image = Image.alpha_composite(ground, image)
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def write_thumbnail(image: Image.Image) -> Thumbnail:
    """Returns an L or RGB picture as a thumbnail of the size it has."""
    with io.BytesIO() as file:
        # Without these empty ones Pillow would carry over profile, EXIF and comment of the original.
        image.save(file, format="JPEG", quality=QUALITY, exif=b"", icc_profile=None, comment=b"")
        return Thumbnail(file.getvalue(), *image.size, veiled=make_veil(image))


def make_veil(image: Image.Image) -> bytes:
    """Returns the veil of an L or RGB picture: grey, at most 16 pixels a side, blurred.

    Source: ours; evaluations/veiled_view.md measures what is left of faces.
    """
    scale = min(1.0, VEIL_PX / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return bytes(size) + small.filter(ImageFilter.GaussianBlur(VEIL_BLUR_PX)).tobytes()
