"""The one crop that is kept of a face: every network's picture is cut from it, now and when models change.

A crop is upright and aligned by the ArcFace template, with room around it for dlib's chip and the age net's square. It
is a JPEG of 8k x 9k pixels, k from 16 to 24: large faces are brought down, small ones enlarged with Lanczos' filter, as
networks were found to want them sharp (decision 0021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from varde.core.errors import FormatError, WrongUse
from varde.faces.align import ARCFACE112, TEMPLATES, Similarity, fit_similarity
from varde.faces.raw import Floats, Pixels

MARGIN = 8
"""Units of the 112 x 112 template that a crop reaches beyond it to the left and above."""

WIDTH, HEIGHT = 128, 144
"""Of a crop, in units of the 112 x 112 template."""

LEAST_K, MOST_K = 16, 24
QUALITY = 90

_STEPS = 16
_HALVE_BELOW = 0.5
_ENLARGED = 1.2
_AGE_SQUARE_PX = 112


def cut_crop(rgb: Pixels, landmarks: npt.NDArray[np.floating]) -> bytes:
    """Returns the crop of one face, encoded; what lies outside the picture is black.

    Args:
        rgb: (H, W, 3) uint8 RGB, the picture.
        landmarks: (5, 2) (x, y) of the face in its pixels.

    Raises:
        WrongUse: if the landmarks are all in one place.
    """
    k, to_crop = _plan_crop(landmarks)
    method = cv2.INTER_LANCZOS4 if to_crop.scale > _ENLARGED else cv2.INTER_CUBIC
    pixels = _warp(rgb, to_crop, (8 * k, 9 * k), method)
    return encode_crop(pixels)


def encode_crop(pixels: Pixels, quality: int = QUALITY) -> bytes:
    """Returns a crop's pixels (9k, 8k, 3) RGB as a JPEG with full colour resolution."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    is_done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    if not is_done:
        raise WrongUse("a face's crop could not be encoded")
    return data.tobytes()


def open_crop(data: bytes) -> Pixels:
    """Returns the pixels of a crop, (9k, 8k, 3) uint8 RGB.

    Raises:
        FormatError: if it is none.
    """
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if pixels is None:
        raise FormatError("a stored face is no picture")
    if pixels.shape[0] * WIDTH != pixels.shape[1] * HEIGHT:
        raise FormatError(f"a stored face has {pixels.shape[1]} x {pixels.shape[0]} pixels, which no crop has")
    return np.asarray(pixels, np.uint8)


def cut_chip(crop: Pixels, alignment: str, size_px: int) -> Pixels:
    """Returns the picture that a network wants, (size, size, 3) uint8 RGB, cut from a crop.

    Args:
        crop: as `open_crop` gives it.
        alignment: ``arcface112``, ``dlib150`` or ``age112``.
        size_px: side of the picture; the alignment's own size is scaled to it.

    Raises:
        FormatError: if there is no such alignment.
    """
    if alignment not in ALIGNMENTS:
        known = ", ".join(ALIGNMENTS)
        raise FormatError(f"faces cannot be aligned as {alignment!r}", advice=f"Alignments are: {known}.")
    units, own_px = ALIGNMENTS[alignment]
    to_units = _shift(0, 0, WIDTH / crop.shape[1]).follow(_shift(-MARGIN, -MARGIN))
    to_chip = to_units.follow(units).follow(_shift(0, 0, size_px / own_px))
    return _warp(crop, to_chip, (size_px, size_px), cv2.INTER_CUBIC)


def place_landmarks(landmarks: Sequence[tuple[float, float]] | Floats, width_px: float, height_px: float) -> Floats:
    """Returns where the landmarks of a picture's face lie in its crop, (5, 2) (x, y) as shares of the crop.

    Args:
        landmarks: as shares of the picture's width and height, as `varde.core.face.Face` has them.
        width_px, height_px: of the picture; only their ratio counts.
    """
    points = np.asarray(landmarks, np.float64) * (width_px, height_px)
    units = fit_similarity(points, ARCFACE112).apply(points) + MARGIN
    return np.asarray(units / (WIDTH, HEIGHT), np.float32)


def _plan_crop(landmarks: npt.NDArray[np.floating]) -> tuple[int, Similarity]:
    """Returns k and the transform from picture to crop: as many pixels as the face has, within limits."""
    to_units = fit_similarity(landmarks, ARCFACE112)
    k = min(MOST_K, max(LEAST_K, math.ceil(_STEPS / max(to_units.scale, 1e-9))))
    return k, to_units.follow(_shift(MARGIN, MARGIN)).follow(_shift(0, 0, k / _STEPS))


def _shift(right: float, down: float, factor: float = 1.0) -> Similarity:
    """Returns the transform that shifts and then scales."""
    return Similarity(factor, 0.0, right * factor, down * factor)


def _warp(rgb: Pixels, transform: Similarity, size: tuple[int, int], method: int) -> Pixels:
    """Returns the picture under a transform; where that shrinks much, it is brought down by areas first."""
    part, left, top = _cut_part(rgb, transform, size)
    matrix = _shift(left, top).follow(transform).matrix
    if transform.scale < _HALVE_BELOW:
        factor = transform.scale / _HALVE_BELOW
        small = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
        matrix[:, :2] /= (small[0] / part.shape[1], small[1] / part.shape[0])
        part = np.asarray(cv2.resize(part, small, interpolation=cv2.INTER_AREA), np.uint8)
        method = cv2.INTER_LINEAR
    # Pixels are areas: the middle of the first is at (.5, .5), where OpenCV says (0, 0).
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return np.asarray(cv2.warpAffine(part, matrix, size, flags=method, borderMode=cv2.BORDER_CONSTANT), np.uint8)


def _cut_part(rgb: Pixels, transform: Similarity, size: tuple[int, int]) -> tuple[Pixels, int, int]:
    """Returns the part of a picture that shows in the result, and where it starts."""
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size], np.float64)
    places = transform.invert().apply(corners)
    edge = 4 + 4 / transform.scale
    low = np.clip(np.floor(places.min(axis=0) - edge), 0, (rgb.shape[1] - 1, rgb.shape[0] - 1)).astype(int)
    high = np.clip(np.ceil(places.max(axis=0) + edge), low + 1, (rgb.shape[1], rgb.shape[0])).astype(int)
    return np.ascontiguousarray(rgb[low[1] : high[1], low[0] : high[0]]), int(low[0]), int(low[1])


def _make_alignments() -> dict[str, tuple[Similarity, int]]:
    """Returns the transform from units of the 112 x 112 template to each alignment, and its own size in pixels."""
    made = {name: (fit_similarity(ARCFACE112, one.points), one.size_px) for name, one in TEMPLATES.items()}
    # The age net's square: its side is the distance from eyes to mouth over .45, their middle at (.5, .43).
    eyes, mouth = ARCFACE112[:2].mean(axis=0), ARCFACE112[3:].mean(axis=0)
    side = float(np.linalg.norm(mouth - eyes)) / 0.45
    middle = (eyes + mouth) / 2
    factor = _AGE_SQUARE_PX / side
    return made | {"age112": (_shift(0.5 * side - middle[0], 0.43 * side - middle[1], factor), _AGE_SQUARE_PX)}


ALIGNMENTS = MappingProxyType(_make_alignments())
