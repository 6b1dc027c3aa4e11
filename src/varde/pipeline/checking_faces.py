"""Checks what decoder processes say of faces: bounds of numbers, unit vectors, crops of the sizes that crops have."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from varde.core.face import MOST_FACES, MOST_FRAMES, AgeBracket, Face, FaceFrame, FacesFound
from varde.core.limits import MOST_FRAMES as MOST_SEEN
from varde.core.outcome import NotComparable

MOST_CROP_BYTES: Final = 256 << 10

_CROP_UNITS: Final = range(8, 25)
"""A crop has 8k x 9k pixels; see `varde.faces.crops`, which is not loaded here."""

_MOST_TEXT: Final = 2_000
_MOST_WORD: Final = 200
_MOST_PX: Final = 1_000_000
_MOST_SECONDS: Final = 2**40
_OUTSIDE: Final = 2.0
_MOST_AGE: Final = 150
_UNIT_WITHIN: Final = 1e-3
_ANGLES: Final = (0, 90, 180, 270)
_START_OF_FRAME: Final = frozenset({0xC0, 0xC1, 0xC2})
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def list_faults(found: FacesFound | None, dimensions: int | None) -> list[str]:
    """Returns what cannot be true of an answer about faces; nothing where it can.

    Args:
        found: what was answered.
        dimensions: of the embeddings of the models that looked; None where nobody was asked to look.
    """
    if found is None:
        return []
    if dimensions is None:
        return ["faces that nobody asked for"]
    return list(_list_faults(found, dimensions))


def _list_faults(found: FacesFound, dimensions: int) -> Iterator[str]:
    if len(found.faces) > MOST_FACES or not 0 <= found.dropped <= _MOST_SECONDS:
        yield f"{len(found.faces)} faces and {found.dropped} more"
    if len(found.looked_at) > _MOST_WORD or not found.looked_at.isprintable():
        yield "what was looked at is no word"
    if found.refused and (found.faces or not _is_text(found.refused)):
        yield "faces where none could be looked for"
    for face in found.faces[:MOST_FACES]:
        yield from _list_face_faults(face)
        if not _is_embedding(face.embedding, dimensions):
            yield f"an embedding that is no unit vector of {dimensions} numbers"


def _list_face_faults(face: Face) -> Iterator[str]:
    box = face.box
    places = (box.left, box.top, *(number for point in face.landmarks for number in point))
    if not all(_is_within(number, -_OUTSIDE, 1 + _OUTSIDE) for number in places) or len(face.landmarks) != 5:
        yield "a face that is nowhere in its picture"
    if not all(0 < side <= 2 * _OUTSIDE for side in (box.width, box.height)) or not 0 < face.size_px <= _MOST_PX:
        yield "a face of no size"
    if face.angle not in _ANGLES or not _is_within(face.confidence, 0, 1):
        yield "an angle or a confidence that there is not"
    if not 1 <= len(face.frames) <= MOST_FRAMES or not len(face.frames) <= face.seen_frames <= MOST_SEEN:
        yield f"{len(face.frames)} frames of {face.seen_frames}"
    if not all(_is_frame(frame) for frame in face.frames[:MOST_FRAMES]):
        yield "a frame of a face that is none"
    if not _is_span(face.first_s, face.last_s):
        yield "a time that there is not"
    if face.age is not None and not _is_age(face.age):
        yield "an age that nobody has"


def _is_frame(frame: FaceFrame) -> bool:
    if not 0 <= frame.quality <= 100 or not (frame.offset_s is None or _is_within(frame.offset_s, 0, _MOST_SECONDS)):
        return False
    if len(frame.crop) > MOST_CROP_BYTES:
        return False
    return any(find_jpeg_size(frame.crop) == (8 * k, 9 * k) for k in _CROP_UNITS)


def find_jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Returns width and height that the header of a JPEG states, without decoding it; None where it is none."""
    if not data.startswith(b"\xff\xd8"):
        return None
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if kind in _START_OF_FRAME:
            return int.from_bytes(data[place + 7 : place + 9]), int.from_bytes(data[place + 5 : place + 7])
        place += 2 if kind in _WITHOUT_LENGTH else 2 + max(2, int.from_bytes(data[place + 2 : place + 4]))
    return None


def _is_embedding(embedding: bytes | NotComparable, dimensions: int) -> bool:
    if isinstance(embedding, NotComparable):
        return _is_text(embedding)
    if len(embedding) != 4 * dimensions:
        return False
    vector = np.frombuffer(embedding, "<f4").astype(np.float64)
    return bool(np.isfinite(vector).all()) and abs(float(np.linalg.norm(vector)) - 1) <= _UNIT_WITHIN


def _is_span(first_s: float | None, last_s: float | None) -> bool:
    if first_s is None or last_s is None:
        return first_s is None and last_s is None
    return _is_within(first_s, 0, _MOST_SECONDS) and _is_within(last_s, first_s, _MOST_SECONDS)


def _is_age(age: AgeBracket) -> bool:
    return 0 <= age.low <= age.estimate <= age.high <= _MOST_AGE


def _is_text(refused: NotComparable) -> bool:
    return len(refused.detail) <= _MOST_TEXT and refused.detail.isprintable()


def _is_within(number: float, low: float, high: float) -> bool:
    return math.isfinite(number) and low <= number <= high
