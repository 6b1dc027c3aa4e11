"""Writes generated pictures as files in memory, and the variants of them that a search should and should not find."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from varde.testing.pictures import Pixels, make_small

_CAMERAS = (("Lumen", "L-20"), ("Fjord Optics", "Compact 3"), ("Nordlys", "NX-7"))
_MAKE, _MODEL, _DATE_TIME, _ORIENTATION = 271, 272, 306, 274
_EXIF_FOLDER, _DATE_TIME_ORIGINAL = 0x8769, 36867


class PictureFormat(StrEnum):
    """The picture formats that can be written; the value is the usual file extension."""

    JPEG = "jpg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tif"
    HEIC = "heic"
    AVIF = "avif"


_PILLOW_NAMES = {PictureFormat.HEIC: "HEIF"}
_LOSSY = {PictureFormat.JPEG, PictureFormat.WEBP, PictureFormat.HEIC, PictureFormat.AVIF}
_WITHOUT_EXIF = {PictureFormat.GIF, PictureFormat.BMP}


@dataclass(frozen=True, slots=True)
class Variant:
    """A changed copy of a picture.

    Attributes:
        name: what was done to it.
        data: JPEG bytes.
        is_found: whether PDQ, asked about in every orientation, still finds the original at its usual operating point.
    """

    name: str
    data: bytes
    is_found: bool


def encode_picture(pixels: Pixels, form: PictureFormat, *, quality: int = 90, exif: bytes = b"") -> bytes:
    """Returns a picture as a file.

    Args:
        pixels: (H, W, 3) RGB uint8.
        form: file format.
        quality: 1-100 for the lossy formats; the others take no notice.
        exif: from `make_exif`; left out by formats that cannot carry it.
    """
    if form is PictureFormat.HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener()
    options: dict[str, Any] = {"quality": quality} if form in _LOSSY else {}
    if exif and form not in _WITHOUT_EXIF:
        options["exif"] = exif
    return _save(Image.fromarray(pixels), _PILLOW_NAMES.get(form, form.name), **options)


def make_exif(rng: np.random.Generator) -> bytes:
    """Returns capture metadata of a made-up camera: make, model, date and orientation."""
    make, model = _CAMERAS[int(rng.integers(len(_CAMERAS)))]
    month, day, hour, minute = (int(rng.integers(low, high)) for low, high in ((1, 13), (1, 29), (6, 22), (0, 60)))
    date = f"2024:{month:02}:{day:02} {hour:02}:{minute:02}:00"
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL], exif[_DATE_TIME], exif[_ORIENTATION] = make, model, date, 1
    exif.get_ifd(_EXIF_FOLDER)[_DATE_TIME_ORIGINAL] = date
    return exif.tobytes()


def make_small_jpeg(rng: np.random.Generator) -> bytes:
    """Returns a JPEG file of 96 x 96 pixels, made fast: for benchmarks that need 100,000 of them."""
    return _save(Image.fromarray(make_small(rng)), "JPEG", quality=80)


def make_variants(pixels: Pixels) -> tuple[Variant, ...]:
    """Returns what usually happens to a picture on its way: five changes PDQ sees through and one it does not."""
    image = Image.fromarray(pixels)
    width, height = image.size
    halved = image.resize((max(width // 2, 8), max(height // 2, 8)), Image.Resampling.BICUBIC)
    cropped = image.crop((width // 5, height // 5, width, height))
    return (
        Variant("recompressed", _save(image, "JPEG", quality=40), is_found=True),
        Variant("resized", _save(halved, "JPEG", quality=85), is_found=True),
        Variant("grey", _save(image.convert("L"), "JPEG", quality=85), is_found=True),
        Variant("blurred", _save(image.filter(ImageFilter.GaussianBlur(1.5)), "JPEG", quality=85), is_found=True),
        Variant("mirrored", _save(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=85), is_found=True),
        Variant("cropped", _save(cropped, "JPEG", quality=85), is_found=False),
    )


def _save(image: Image.Image, name: str, **options: Any) -> bytes:
    with io.BytesIO() as file:
        image.save(file, format=name, **options)
        return file.getvalue()
