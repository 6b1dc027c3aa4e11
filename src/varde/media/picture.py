"""Still pictures: bytes to full-size grey pixels for hashing, facts, and a thumbnail for people."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.core.media import Facts, Thumbnail
from varde.media.codecs import DECODABLE_MIMES, FORMATS, get_webp_canvas, open_limits, register_codecs
from varde.media.grey import compute_grey, decode_luma
from varde.media.metadata import MetadataReading, read_metadata
from varde.media.sniff import HEAD_BYTES, sniff
from varde.media.text import clean_text
from varde.media.thumbnails import scale_jpeg, scale_picture, shrink, write_thumbnail

# Everything Pillow, its plug-ins and pillow-heif were seen or are documented to raise on hostile bytes. MemoryError is
# left to the process that runs the decoder.
DECODER_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    SyntaxError,
    RuntimeError,
    AssertionError,
    BufferError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

# JPEGs of up to so many pixels are decoded once, in colour, as the PDQ reference does. Beyond it two decodes, to luma
# and to a small picture, cost less than one, and the difference in PDQ is at most a few bits.
ONE_DECODE_PX = 500_000

_JPEG_FORMATS = ("JPEG", "MPO")


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What was read of one picture.

    Attributes:
        grey: (H, W) uint8 luma, 0-255, row 0 on top as stored: the orientation tag is not applied, except to a TIFF,
            which its decoder turns. Of animated pictures the first frame.
        facts: size as stored, number of frames, capture metadata.
        thumbnail: upright as the orientation tag says.
        issues: TRUNCATED where only part of the pixels could be decoded, METADATA_DAMAGED.
        colour: (H, W, 3) uint8 RGB, upright, where it was asked for.
    """

    grey: npt.NDArray[np.uint8]
    facts: Facts
    thumbnail: Thumbnail
    issues: tuple[Issue, ...]
    colour: npt.NDArray[np.uint8] | None = None


def read_picture(data: bytes, limits: DecodeLimits, colour_px: int = 0) -> PictureReading:
    """Returns a picture's grey pixels, facts and thumbnail, and its colours where they are asked for.

    Pixels of a JPEG beyond `ONE_DECODE_PX` are the luma as stored, without a detour over colours; everything else is
    what Pillow's conversion to RGB and then to grey gives. Alpha is ignored, 16-bit and floating-point samples are
    brought to 0-255.

    Args:
        data: the whole file.
        limits: pixels (checked from the header, before anything is decoded) and thumbnail size.
        colour_px: from which longest side on its colours are given at reduced scale, in up to twice as many pixels a
            side; 0 where nobody wants them. The thumbnail is then made from them: there is no further decode.

    Raises:
        Unreadable: DAMAGED, TOO_LARGE or UNSUPPORTED.
        MemoryError: if the process may not have the memory.

    Limits: changes Pillow's process-wide settings while it runs, so one thread of a process may decode at a time.
        Bit errors inside JPEG data that leave it well-formed are not noticed.
    """
    picture = decode_picture(data, limits, colour_px or limits.thumbnail_px, loosely=bool(colour_px))
    is_cut = any(issue.code is IssueCode.TRUNCATED for issue in picture.issues)
    with open_limits(limits, truncated=is_cut):
        facts = Facts(*picture.size_px, frames=_count_frames(data), metadata=picture.metadata.tags)
    if not colour_px:
        return PictureReading(picture.grey, facts, write_thumbnail(picture.view), picture.issues)
    thumbnail = write_thumbnail(shrink(picture.view, limits.thumbnail_px))
    colour = np.asarray(picture.view.convert("RGB"))
    return PictureReading(picture.grey, facts, thumbnail, picture.issues, colour)


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture's pixels.

    Attributes:
        size_px: width and height as stored.
        grey: as `PictureReading.grey`.
        view: in colour where it has any, upright, not longer than was asked for.
        issues: as `PictureReading.issues`.
    """

    size_px: tuple[int, int]
    grey: npt.NDArray[np.uint8]
    view: Image.Image
    metadata: MetadataReading
    issues: tuple[Issue, ...]


def decode_picture(data: bytes, limits: DecodeLimits, longest_px: int, *, loosely: bool = False) -> DecodedPicture:
    """Returns a picture's grey pixels and a view of it, of which no side is longer than so many pixels.

    Loosely, it may be up to twice as long: see `varde.media.thumbnails.scale_jpeg`.

    Raises:
        Unreadable, MemoryError: as `read_picture`, whose limits hold here too.
    """
    register_codecs()
    metadata = read_metadata(data)
    try:
        return _decode(data, limits, longest_px, metadata, (), loosely=loosely)
    except _Incomplete as strict:
        # What a strict decoder refuses is decoded as far as it goes.
        reason = str(strict)
    issue = Issue(IssueCode.TRUNCATED, Step.DECODE, clean_text(f"Only a part of it can be decoded ({reason})."))
    try:
        picture = _decode(data, limits, longest_px, metadata, (issue,), loosely=loosely)
    except _Incomplete as error:
        raise Unreadable(IssueCode.DAMAGED, clean_text(f"It cannot be decoded ({error}).")) from error
    if picture.grey.min() == picture.grey.max():
        raise Unreadable(IssueCode.DAMAGED, clean_text(f"None of its pixels can be decoded ({reason})."))
    return picture


def warm_up() -> None:
    """Loads every codec and uses it once, so that nothing is imported or opened later inside a sandbox.

    Takes about half a second and leaves no trace but the loaded modules.
    """
    register_codecs()
    limits = DecodeLimits()
    sample = Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3))
    for name in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF", "JPEG2000", "ICO", "PPM", "PCX", "TGA"):
        for options in ({}, {"compression": "tiff_lzw"}) if name == "TIFF" else ({},):
            with io.BytesIO() as file:
                sample.save(file, format=name, **options)
                read_picture(file.getvalue(), limits)
    with io.BytesIO() as file:
        sample.save(file, format="JPEG", progressive=True)
        for broken in (file.getvalue()[:-300], b"\xff\xd8\xff", b""):
            try:
                read_picture(broken, limits)
            except Unreadable:
                continue


class _Incomplete(Exception):
    """A decoder gave up; the message is its own."""


@contextmanager
def _decoder_errors(limits: DecodeLimits) -> Iterator[None]:
    """Turns whatever a decoder raises into `_Incomplete`, except an exceeded limit."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise Unreadable(IssueCode.TOO_LARGE, f"more than twice the limit of {limits.max_pixels} pixels") from error
    except DECODER_ERRORS as error:
        raise _Incomplete(f"the decoder says: {str(error) or type(error).__name__}"[:300]) from error


def _decode(
    data: bytes,
    limits: DecodeLimits,
    longest_px: int,
    metadata: MetadataReading,
    issues: tuple[Issue, ...],
    *,
    loosely: bool,
) -> DecodedPicture:
    with open_limits(limits, truncated=bool(issues)), _decoder_errors(limits):
        image = open_picture(data, limits)
        size = image.size
        is_large_jpeg = image.format in _JPEG_FORMATS and size[0] * size[1] > ONE_DECODE_PX
        if is_large_jpeg:
            image.draft("L", size)
        grey = _get_grey(image, clear=bool(issues))
        orientation = _get_orientation(image, metadata)
        if is_large_jpeg:
            view = scale_jpeg(data, orientation, longest_px, loosely=loosely)
        else:
            view = scale_picture(image, grey, orientation, longest_px, loosely=loosely)
    return DecodedPicture(size, grey, view, metadata, (*issues, *metadata.issues))


def open_picture(data: bytes, limits: DecodeLimits) -> Image.Image:
    """Returns a picture of which nothing is decoded yet, its stated size checked; its codecs must be registered.

    Raises:
        Unreadable: if no decoder here reads it, its header is broken, or it is too large.
    """
    canvas = get_webp_canvas(data)
    if canvas:
        _check_size(canvas, limits)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        mime = sniff(data[:HEAD_BYTES], data[-64:]).mime
        if mime in DECODABLE_MIMES:
            raise Unreadable(IssueCode.DAMAGED, f"the header of this {mime} file is broken") from error
        raise Unreadable(IssueCode.UNSUPPORTED, f"no decoder here reads {mime}") from error
    _check_size(image.size, limits)
    return image


def _get_grey(image: Image.Image, *, clear: bool) -> npt.NDArray[np.uint8]:
    if image.format in _JPEG_FORMATS and image.mode == "L":
        return decode_luma(image, clear=clear)
    image.load()
    return compute_grey(image)


def _check_size(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise Unreadable(IssueCode.TOO_LARGE, f"{width} x {height} pixels, the limit is {limits.max_pixels}")


def _get_orientation(image: Image.Image, metadata: MetadataReading) -> int:
    """Returns the EXIF orientation (1-8) that is still to be applied; 1 where none or nonsense is stated."""
    if image.format in ("HEIF", "AVIF", "TIFF"):
        # These keep turns outside EXIF, or are turned while they are loaded: their plug-ins say what is left.
        try:
            stated = image.getexif().get(0x0112, 1)
        except DECODER_ERRORS:
            return 1
    else:
        stated = dict(metadata.tags).get("Orientation", "1")
    return int(stated) if str(stated) in {*"12345678"} else 1


def _count_frames(data: bytes) -> int | None:
    """Returns how many frames the file holds, None where that cannot be told."""
    if data.startswith(b"\xff\xd8"):
        return 1
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return int(getattr(image, "n_frames", 1))
    except DECODER_ERRORS:
        return None
