"""Which picture codecs are used, and Pillow's process-wide settings while they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from PIL import Image, ImageFile

from varde.core.limits import DecodeLimits

# Formats that are opened. Pillow knows more: PostScript would start a program, others are not pictures by themselves.
FORMATS = (
    *("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF", "JPEG2000", "PSD"),
    *("ICO", "CUR", "ICNS", "PCX", "PPM", "TGA", "SGI", "QOI", "DDS"),
)
DECODABLE_MIMES = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/heic", "image/heif"),
        *("image/avif", "image/heic-sequence", "image/heif-sequence", "image/jp2", "image/j2c", "image/qoi"),
        *("image/vnd.adobe.photoshop", "image/vnd.microsoft.icon", "image/x-icns", "image/vnd.zbrush.pcx"),
        *("image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap", "image/x-tga"),
        *("image/x-sgi", "image/vnd-ms.dds"),
    }
)


@lru_cache(maxsize=1)
def register_codecs() -> None:
    """Loads Pillow's plug-ins and adds HEIF to them, each on one thread; does nothing the second time."""
    import pillow_heif
    from PIL import AvifImagePlugin

    Image.init()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False)


@contextmanager
def open_limits(limits: DecodeLimits, *, truncated: bool) -> Iterator[None]:
    """Puts our limits in place of Pillow's, silences its warnings, and restores both afterwards.

    Args:
        limits: pixels; a plug-in that meets an inner picture of more than twice as many raises.
        truncated: whether to decode what there is of a cut or slightly broken file instead of raising.
    """
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limits.max_pixels, truncated
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def get_webp_canvas(data: bytes) -> tuple[int, int] | None:
    """Returns width and height of an extended WebP file, whose decoder takes memory for them on opening; else None."""
    if data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8X" or len(data) < 30:
        return None
    return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
