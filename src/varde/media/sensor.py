"""Pictures as the sensor saw them: decoded in stored layout, orientation never applied, nothing scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.media.codecs import open_limits, register_codecs
from varde.media.grey import compute_grey, decode_luma
from varde.media.jpeg_tables import estimate_quality
from varde.media.metadata import read_metadata
from varde.media.picture import DECODER_ERRORS, open_picture
from varde.media.stored_layout import Layout, Pixels, undo_heif_turns, undo_orientation
from varde.media.text import clean_text

_JPEG: Final = ("JPEG", "MPO")
_WIDE: Final = ("I;16", "I;16B", "I;16L", "I;16N")
_ORIENTATION: Final = 0x0112
_STATED: Final = {
    "make": ("Make", "tiff:Make"),
    "model": ("Model", "tiff:Model"),
    "serial": ("BodySerialNumber", "CameraSerialNumber", "aux:SerialNumber"),
    "software": ("Software", "xmp:CreatorTool"),
    "taken_at": ("DateTimeOriginal", "exif:DateTimeOriginal", "DateTime"),
    "orientation": ("Orientation",),
    "stated_width": ("PixelXDimension",),
    "stated_height": ("PixelYDimension",),
    "source_type": ("Iptc4xmpExt:DigitalSourceType",),
}


@dataclass(frozen=True, slots=True)
class SensorPicture:
    """A picture in the layout of the sensor.

    Attributes:
        pixels: (H, W) uint8 or uint16 luma, or (H, W, 3) uint8 RGB where colour was asked for; row 0 is the first row
            as stored.
        facts: ``format``, ``mode``, ``bits``, ``layout`` (see `Layout`), ``is_lossless``, ``truncated``, ``quality``
            and ``encoder`` of a JPEG, and what the file states of itself: ``make``, ``model``, ``serial``,
            ``software``, ``taken_at``, ``orientation``, ``stated_width``, ``stated_height``. What is not known
            is not there.
    """

    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    facts: dict[str, object]


def read_sensor_picture(data: bytes, limits: DecodeLimits, *, colour: bool = False) -> SensorPicture:
    """Returns a picture's pixels as they lie in the file, and what it says of itself.

    No orientation is applied. Decoders that turn while they load (HEIF, TIFF) are undone pixel by pixel. A cut file
    gives what there is; the rest is 0, which counts as dark. Of several frames the first is read. 16-bit grey keeps
    its bits; 16-bit colour comes with 8 bits.

    Args:
        data: the whole file.
        limits: pixels, checked from the header before anything is decoded.
        colour: whether RGB is wanted rather than luma.

    Raises:
        Unreadable: DAMAGED, TOO_LARGE or UNSUPPORTED.
        MemoryError: if the process may not have the memory.
    """
    register_codecs()
    try:
        return _decode(data, limits, colour=colour, truncated=False)
    except DECODER_ERRORS:
        pass  # what a strict decoder refuses is decoded as far as it goes
    try:
        return _decode(data, limits, colour=colour, truncated=True)
    except Image.DecompressionBombError as error:
        raise Unreadable(IssueCode.TOO_LARGE, f"more than twice the limit of {limits.max_pixels} pixels") from error
    except DECODER_ERRORS as error:
        raise Unreadable(IssueCode.DAMAGED, clean_text(f"It cannot be decoded ({error}).")) from error


def _decode(data: bytes, limits: DecodeLimits, *, colour: bool, truncated: bool) -> SensorPicture:
    with open_limits(limits, truncated=truncated):
        image = open_picture(data, limits)
        facts = _describe(image, data)
        turned = _read_tiff_orientation(image)
        if image.format in _JPEG and not colour:
            image.draft("L", image.size)
        pixels: Pixels = _get_colour(image) if colour else _get_luma(image, clear=truncated)
    if truncated:
        facts["truncated"] = True
        pixels = _clear_missing(pixels)
    layout = Layout.STORED
    if image.format == "HEIF":
        pixels, layout = undo_heif_turns(pixels, data)
    elif turned > 1:
        pixels, layout = undo_orientation(pixels, turned), Layout.TURNED_BACK
    facts |= {"layout": layout.value, "bits": 8 * pixels.itemsize}
    return SensorPicture(np.ascontiguousarray(pixels), facts)  # type: ignore[arg-type]


def _get_luma(image: Image.Image, *, clear: bool) -> Pixels:
    if image.format in _JPEG and image.mode == "L":
        return decode_luma(image, clear=clear)
    image.load()
    if image.mode in _WIDE:
        return np.asarray(image).astype(np.uint16)
    return compute_grey(image)


def _get_colour(image: Image.Image) -> Pixels:
    image.load()
    if image.mode in (*_WIDE, "I", "F", "LAB"):
        return np.repeat(compute_grey(image)[..., None], 3, axis=2)
    return np.asarray(image.convert("RGB"))


def _clear_missing(pixels: Pixels) -> Pixels:
    """Returns what there is of a cut picture; the rows at its end that a decoder filled with one value become 0."""
    rows = pixels.reshape(len(pixels), -1)
    varied = np.flatnonzero(rows.min(axis=1) != rows.max(axis=1))
    if not len(varied):
        raise Unreadable(IssueCode.DAMAGED, "None of its pixels can be decoded.")
    cleared = pixels.copy()
    cleared[varied[-1] + 1 :] = 0
    return cleared


def _read_tiff_orientation(image: Image.Image) -> int:
    """Returns the orientation that Pillow applies to a TIFF while it loads; 1 for everything else."""
    stated = image.getexif().get(_ORIENTATION, 1) if image.format == "TIFF" else 1
    return stated if isinstance(stated, int) and 1 <= stated <= 8 else 1


def _describe(image: Image.Image, data: bytes) -> dict[str, object]:
    tags = dict(read_metadata(data).tags)
    facts: dict[str, object] = {"format": image.format or "", "mode": image.mode}
    for name, places in _STATED.items():
        stated = next((tags[place] for place in places if place in tags), "")
        if stated:
            facts[name] = stated
    tables = getattr(image, "quantization", None)
    quality = estimate_quality(tables) if tables else None
    if quality is not None:
        facts["quality"] = quality
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        facts["encoder"] = _describe_encoder(image)
    facts["is_lossless"] = _is_lossless(image, data)
    return facts


def _describe_encoder(image: JpegImagePlugin.JpegImageFile) -> str:
    """Returns the header and the sampling of colours: a program that saves a picture anew often changes them."""
    sampling = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}.get(JpegImagePlugin.get_sampling(image), "other")
    return f"{'JFIF' if 'jfif' in image.info else 'Exif'} {sampling}"


def _is_lossless(image: Image.Image, data: bytes) -> bool:
    if image.format == "WEBP":
        return b"VP8L" in data[:64]
    return image.format in ("PNG", "GIF", "BMP", "PPM", "TGA", "QOI", "PCX", "SGI", "ICO", "PSD", "TIFF")
