"""Local features as they are stored: a packed form of points, words, signatures and a small grey picture.

Packed form, little-endian: 12 bytes of head (form, flags, width and height of the frame in pixels, number of points,
width and height of the small picture, its darkest grey and its range); for each point 4 bytes of geometry (10 bits x,
10 bits y, 6 bits size, 6 bits angle), 4 bytes of words, 16 bytes of signature, each kind together; then the small
picture with 16 greys, two pixels a byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.core.signal import Method

Floats = npt.NDArray[np.float32]

METHOD = Method("local-features", "1")
MAX_POINTS = 256
MAX_THUMBNAIL_PX = 80
FORM = 1

_HEAD = struct.Struct("<BBHHHBBBB")
_POINT_BYTES = 4 + 4 + 16
_PLACES = 1024
_STEPS = 64
_STEPS_PER_OCTAVE = 8.0
_MOST_SIDE = 4096


@dataclass(frozen=True, slots=True)
class Points:
    """A picture's local features, ready to be compared.

    Attributes:
        width, height: of the frame that x and y lie in; its longer side is about 512 pixels.
        x, y: (N,) float32, in pixels of the frame from its upper left corner.
        size: (N,) float32, diameter of the patch in pixels of the frame.
        angle: (N,) float32, direction of the patch in radians, clockwise from the right.
        words: (N, 4) uint8: nearest word of each half, then second nearest of each half.
        signatures: (N, 4) uint32.
        thumbnail: (h, w) uint8, the frame at 80 pixels or less, in 16 greys.
    """

    width: int
    height: int
    x: Floats
    y: Floats
    size: Floats
    angle: Floats
    words: npt.NDArray[np.uint8]
    signatures: npt.NDArray[np.uint32]
    thumbnail: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        """Returns the number of points."""
        return len(self.x)

    def mirror(self) -> Points:
        """Returns the features of the picture mirrored left to right."""
        return replace(
            self,
            x=self.width - self.x,
            angle=np.asarray(np.pi - self.angle, np.float32) % np.float32(2 * np.pi),
            words=np.ascontiguousarray(self.words[:, [1, 0, 3, 2]]),
            signatures=np.ascontiguousarray(self.signatures[:, [1, 0, 3, 2]]),
            thumbnail=np.ascontiguousarray(self.thumbnail[:, ::-1]),
        )

    def invert(self) -> Points:
        """Returns the features of the picture's negative."""
        return replace(
            self,
            angle=np.asarray(self.angle + np.pi, np.float32) % np.float32(2 * np.pi),
            words=np.ascontiguousarray(self.words[:, [1, 0, 3, 2]] ^ 1),
            signatures=np.ascontiguousarray(self.signatures[:, [2, 3, 0, 1]]),
            thumbnail=255 - self.thumbnail,
        )


def pack_points(points: Points) -> bytes:
    """Returns the packed form; places are rounded to 1/1024 of the frame, sizes to 9 %, angles to 6 degrees.

    Raises:
        WrongUse: if there are more points or pixels than the form can hold.
    """
    height, width = points.thumbnail.shape
    if (
        len(points) > MAX_POINTS
        or max(width, height) > MAX_THUMBNAIL_PX
        or max(points.width, points.height) > _MOST_SIDE
    ):
        raise WrongUse(f"{len(points)} points and {width} x {height} pixels are more than the packed form holds")
    low = int(points.thumbnail.min())
    span = max(1, int(points.thumbnail.max()) - low)
    head = _HEAD.pack(FORM, 0, points.width, points.height, len(points), width, height, low, span)
    greys = np.rint((points.thumbnail.astype(np.float32) - low) * (15 / span)).astype(np.uint8).ravel()
    if greys.size % 2:
        greys = np.append(greys, np.uint8(0))
    return b"".join(
        [
            head,
            _pack_geometry(points).astype("<u4").tobytes(),
            points.words.tobytes(),
            points.signatures.astype("<u4").tobytes(),
            (greys[0::2] | greys[1::2] << 4).tobytes(),
        ]
    )


def read_points(data: bytes) -> Points:
    """Returns the points of a packed form.

    Raises:
        WrongUse: if it is none.
    """
    if len(data) < _HEAD.size:
        raise WrongUse("local features of no length")
    form, _, width, height, count, across, down, low, span = _HEAD.unpack_from(data)
    if form != FORM or count > MAX_POINTS or not 0 < across <= MAX_THUMBNAIL_PX or not 0 < down <= MAX_THUMBNAIL_PX:
        raise WrongUse(f"local features of a form that this version does not read ({form}, {count} points)")
    if not (0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE):
        raise WrongUse(f"local features of a frame of {width} x {height}")
    if len(data) != _HEAD.size + count * _POINT_BYTES + (across * down + 1) // 2:
        raise WrongUse("local features of a length that does not fit their head")
    at = _HEAD.size
    geometry = np.frombuffer(data, "<u4", count, at)
    words = np.frombuffer(data, np.uint8, 4 * count, at + 4 * count).reshape(-1, 4)
    signatures = np.frombuffer(data, "<u4", 4 * count, at + 8 * count).reshape(-1, 4)
    pairs = np.frombuffer(data, np.uint8, offset=at + _POINT_BYTES * count)
    greys = np.stack([pairs & 15, pairs >> 4], axis=1).ravel()[: across * down].reshape(down, across)
    x, y, size, angle = _unpack_geometry(geometry, width, height)
    thumbnail = np.rint(np.minimum(low + greys * (span / 15), 255)).astype(np.uint8)
    return Points(width, height, x, y, size, angle, words, signatures.astype(np.uint32), thumbnail)


def _pack_geometry(points: Points) -> npt.NDArray[np.uint32]:
    x = np.clip(points.x * (_PLACES / points.width), 0, _PLACES - 1).astype(np.uint32)
    y = np.clip(points.y * (_PLACES / points.height), 0, _PLACES - 1).astype(np.uint32)
    size = np.clip(np.rint(np.log2(np.maximum(points.size, 1)) * _STEPS_PER_OCTAVE), 0, _STEPS - 1).astype(np.uint32)
    angle = np.rint(points.angle * (_STEPS / (2 * np.pi))).astype(np.int64) % _STEPS
    return np.asarray(x | y << 10 | size << 20 | angle.astype(np.uint32) << 26, np.uint32)


def _unpack_geometry(geometry: npt.NDArray[np.uint32], width: int, height: int) -> tuple[Floats, ...]:
    x = ((geometry & (_PLACES - 1)) + 0.5) * (width / _PLACES)
    y = ((geometry >> 10 & (_PLACES - 1)) + 0.5) * (height / _PLACES)
    size = np.exp2((geometry >> 20 & (_STEPS - 1)) / _STEPS_PER_OCTAVE)
    angle = (geometry >> 26) * (2 * np.pi / _STEPS)
    return tuple(np.asarray(values, np.float32) for values in (x, y, size, angle))
