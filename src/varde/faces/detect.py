"""Looks for faces in a picture of any size: in several sizes of it, and turned where that is called for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from varde.core.errors import WrongUse
from varde.faces.raw import FaceDetector, Pixels, RawFace
from varde.faces.rotations import ANGLES, is_steep, join_sights, rescale, turn, turn_back

LONGEST_PX = 1600
"""A picture's longer side is brought down to this before anything is looked for."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How one kind of detector looks at a picture.

    Attributes:
        longest_px: the longer side that it looks at first; larger pictures are brought down to it.
        further_px: longer sides that it looks at besides, for faces too large for the first; where the picture is not
            at least a fifth larger than one of them, that one is left out.
        turned_px: longer side that the turned picture is looked at, to see whether there is anything.
        enlarged: by how much a picture smaller than ``longest_px`` may be enlarged when looking thoroughly.
    """

    longest_px: int = LONGEST_PX
    further_px: tuple[int, ...] = (640,)
    turned_px: int = 800
    enlarged: float = 2.0


@dataclass(frozen=True, slots=True)
class Sights:
    """Faces of one picture, in its pixels, most confident first; and what was looked at, for the record."""

    faces: tuple[RawFace, ...]
    looked_at: str


def find_faces(rgb: Pixels, detector: FaceDetector, looks: Looks, *, thorough: bool = False) -> Sights:
    """Returns the faces of a picture, each once.

    The picture is looked at as it is. Where nothing is found, or a face that lies on its side, it is looked at in the
    other three turns as well: small first, and in full in those turns in which there was something.

    Convention: (H, W, 3) uint8 RGB, upright as far as is known.

    Args:
        rgb: the picture; memory needed is bounded by ``looks``, but the picture itself is the caller's.
        detector: finds faces in one picture as it is.
        looks: sizes that suit it.
        thorough: look at all four turns in full, and enlarge small pictures; four to sixteen times the work.

    Raises:
        WrongUse: if the array is not a colour picture with pixels.

    Source: ours, evaluations/face_detection.md.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise WrongUse(f"faces are looked for in (H, W, 3) uint8 RGB with pixels, not {rgb.shape} {rgb.dtype}")
    sizes = choose_sizes(max(rgb.shape[:2]), looks, thorough=thorough)
    found = _look(rgb, detector, sizes, 0)
    angles: Sequence[int] = ()
    if thorough or not found or any(is_steep(face) for face in found):
        angles = ANGLES[1:]
    for angle in angles:
        is_worth = thorough or _look(rgb, detector, [min(sizes[0], looks.turned_px)], angle)
        found += _look(rgb, detector, sizes, angle) if is_worth else []
    return Sights(tuple(join_sights(found)), describe(sizes, angles))


def choose_sizes(longest_px: int, looks: Looks, *, thorough: bool) -> list[int]:
    """Returns the longer sides at which a picture is looked at, largest first."""
    most = round(longest_px * looks.enlarged) if thorough else longest_px
    first = min(looks.longest_px, most)
    further = [size for size in looks.further_px if size * 1.2 <= first]
    return [first, *further]


def describe(sizes: Sequence[int], angles: Sequence[int]) -> str:
    """Returns what was looked at, such as ``1600+640 px, 0/90/180/270``."""
    return f"{'+'.join(map(str, sizes))} px, {'/'.join(map(str, (0, *angles)))}"


def resize(rgb: Pixels, longest_px: int) -> Pixels:
    """Returns the picture with a longer side of so many pixels."""
    longest = max(rgb.shape[:2])
    if longest == longest_px:
        return rgb
    factor = longest_px / longest
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def _look(rgb: Pixels, detector: FaceDetector, sizes: Iterable[int], angle: int) -> list[RawFace]:
    height, width = rgb.shape[:2]
    found: list[RawFace] = []
    picture = rgb
    for size in sizes:
        picture = resize(picture, size)
        faces = detector.detect(turn(picture, angle) if angle else picture)
        back = [turn_back(face, angle, picture.shape[1], picture.shape[0]) for face in faces] if angle else faces
        found += [rescale(face, max(width, height) / size) for face in back]
    return found
