"""Faces of a turned picture brought back, and the several sights of one face joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from varde.core.errors import WrongUse
from varde.faces.align import compute_tilt
from varde.faces.raw import Floats, Pixels, RawFace, make_boxes

ANGLES = (0, 90, 180, 270)
"""Degrees counter-clockwise by which a picture is turned to look for faces."""

MOST_OVERLAP = 0.4
STEEP_DEGREES = 50.0


def turn(rgb: Pixels, angle: int) -> Pixels:
    """Returns the picture turned counter-clockwise by one of `ANGLES`."""
    if angle not in ANGLES:
        raise WrongUse(f"a picture is turned by 0, 90, 180 or 270 degrees, not {angle}")
    return np.ascontiguousarray(np.rot90(rgb, angle // 90))


def turn_back(face: RawFace, angle: int, width_px: int, height_px: int) -> RawFace:
    """Returns a face of the turned picture as it lies in the picture before it was turned.

    Args:
        face: found in the picture that `turn` gave.
        angle: by which it was turned.
        width_px, height_px: of the picture before it was turned.
    """
    corners = np.array([[face.left, face.top], [face.left + face.width, face.top + face.height]], np.float32)
    back = _turn_points(corners, angle, width_px, height_px)
    (left, top), (right, bottom) = back.min(axis=0), back.max(axis=0)
    return RawFace(
        left=float(left),
        top=float(top),
        width=float(right - left),
        height=float(bottom - top),
        landmarks=_turn_points(face.landmarks, angle, width_px, height_px),
        confidence=face.confidence,
        angle=angle,
    )


def is_steep(face: RawFace) -> bool:
    """Returns whether a face lies so far from upright, in the picture it was found in, that another turn suits it."""
    landmarks = _turn_points(face.landmarks, (360 - face.angle) % 360, 0, 0)
    return abs(compute_tilt(landmarks)) > STEEP_DEGREES


def rescale(face: RawFace, factor: float) -> RawFace:
    """Returns a face in a picture that is so many times as large."""
    return replace(
        face,
        left=face.left * factor,
        top=face.top * factor,
        width=face.width * factor,
        height=face.height * factor,
        landmarks=(face.landmarks * np.float32(factor)).astype(np.float32),
    )


def shift(face: RawFace, right_px: int, down_px: int) -> RawFace:
    """Returns a face of a cut-out as it lies in the picture that this was cut from, so far from its top left."""
    moved = face.landmarks + np.array([right_px, down_px], np.float32)
    return replace(face, left=face.left + right_px, top=face.top + down_px, landmarks=moved)


def join_sights(faces: Sequence[RawFace]) -> list[RawFace]:
    """Returns each face once, most confident first: sights that lie over a better one are dropped.

    A sight in which the face is upright is better than one in which it lies, however confident: landmarks of lying
    faces are guesses. Two sights are of one face if their boxes overlap by `MOST_OVERLAP`, or the middle of each lies
    in the inner half of the other.
    """
    rest = sorted(faces, key=lambda face: (is_steep(face), -face.confidence))
    kept: list[RawFace] = []
    while rest:
        best, rest = rest[0], rest[1:]
        kept.append(best)
        same = _find_same(best, rest)
        rest = [face for face, is_same in zip(rest, same, strict=True) if not is_same]
    return sorted(kept, key=lambda face: -face.confidence)


def _find_same(best: RawFace, others: Sequence[RawFace]) -> list[bool]:
    one, many = make_boxes([best])[0], make_boxes(others)
    start = np.maximum(one[:2], many[:, :2])
    end = np.minimum(one[:2] + one[2:], many[:, :2] + many[:, 2:])
    shared = np.prod(np.maximum(end - start, 0), axis=1)
    union = np.prod(one[2:]) + np.prod(many[:, 2:], axis=1) - shared
    apart = np.abs((one[:2] + one[2:] / 2) - (many[:, :2] + many[:, 2:] / 2))
    is_inside = (apart <= np.minimum(one[2:], many[:, 2:]) / 4).all(axis=1)
    same: list[bool] = (is_inside | (shared >= MOST_OVERLAP * np.maximum(union, 1e-9))).tolist()
    return same


def _turn_points(points: Floats, angle: int, width_px: int, height_px: int) -> Floats:
    """Returns points of a picture turned counter-clockwise by the angle as they lie before it was turned."""
    x, y = points[:, 0], points[:, 1]
    placed = {
        0: (x, y),
        90: (width_px - y, x),
        180: (width_px - x, height_px - y),
        270: (y, height_px - x),
    }[angle]
    return np.stack(placed, axis=1).astype(np.float32)
