"""Looks for faces in a picture of any size: in several sizes of it, and turned where that is called for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from varde.core.errors import WrongUse
from varde.faces.raw import FaceDetector, GuessingDetector, Pixels, RawFace
from varde.faces.rotations import ANGLES, is_steep, join_sights, rescale, shift, turn, turn_back

LONGEST_PX = 1600
"""A picture's longer side is brought down to this before anything is looked for."""

_LEAST_REFINED_PX = 12.0
_REFINED_TO_PX = 90.0
_TURNED_TO_PX = 110.0
_LEAST_DOUBT = 1e-3
_LEAST_SCATTER = 1e-4
_ROOM = 0.9


@dataclass(frozen=True, slots=True)
class Looks:
    """How one kind of detector looks at a picture.

    Attributes:
        longest_px: the longer side that it looks at first is at most this; larger pictures are brought down to it.
        enlarged: by how much smaller pictures are enlarged, up to ``longest_px``.
        enlarged_thorough: the same when looking thoroughly.
        further_px: longer sides that it looks at besides, for faces too large for the first; where the picture is not
            at least a fifth larger than one of them, that one is left out.
        turned_px: longer side that the turned picture is looked at, to see whether there is anything.
        sure_confidence: where half of the faces have less, the picture may lie: it is looked at in the other turns too.
        turned_confidence: that a face in a turned picture must have: three more looks are three more chances to err.
        refined_px: faces narrower than this are looked at once more in an enlarged cut-out, for better landmarks.
    """

    longest_px: int = LONGEST_PX
    enlarged: float = 1.0
    enlarged_thorough: float = 2.0
    further_px: tuple[int, ...] = (640,)
    turned_px: int = 800
    sure_confidence: float = 0.9
    turned_confidence: float = 0.75
    refined_px: float = 60.0


@dataclass(frozen=True, slots=True)
class Sights:
    """Faces of one picture, in its pixels, most confident first; and what was looked at, for the record."""

    faces: tuple[RawFace, ...]
    looked_at: str


def find_faces(
    rgb: Pixels, detector: FaceDetector, looks: Looks, *, thorough: bool = False, turned: bool = True
) -> Sights:
    """Returns the faces of a picture, each once.

    The picture is looked at as it is. Where nothing is found, a face that lies on its side, or faces that the detector
    is less sure of, it is looked at in the other three turns as well: small first, and in full in those turns in which
    there was something.

    Convention: (H, W, 3) uint8 RGB, upright as far as is known.

    Args:
        rgb: the picture; memory needed is bounded by ``looks``, but the picture itself is the caller's.
        detector: finds faces in one picture as it is.
        looks: sizes that suit it.
        thorough: look at all four turns in full, and enlarge small pictures; four to sixteen times the work.
        turned: whether to turn the picture at all.

    Raises:
        WrongUse: if the array is not a colour picture with pixels.

    Source: ours, evaluations/face_detection.md.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise WrongUse(f"faces are looked for in (H, W, 3) uint8 RGB with pixels, not {rgb.shape} {rgb.dtype}")
    sizes = choose_sizes(max(rgb.shape[:2]), looks, thorough=thorough)
    found = _look(rgb, detector, sizes, 0)
    angles = ANGLES[1:] if turned and (thorough or _may_lie(found, looks.sure_confidence)) else ()
    for angle in angles:
        is_worth = thorough or _look(rgb, detector, [min(sizes[0], looks.turned_px)], angle)
        sights = _look(rgb, detector, sizes, angle) if is_worth else []
        found += [face for face in sights if face.confidence >= looks.turned_confidence]
    joined = join_sights(found)
    if isinstance(detector, GuessingDetector):
        joined = join_sights([choose_turn(rgb, face, detector) for face in joined])
    faces = tuple(refine(rgb, face, detector, looks.refined_px) for face in joined)
    return Sights(faces, describe(sizes, angles))


def _may_lie(found: Sequence[RawFace], sure_confidence: float) -> bool:
    """Returns whether a picture may be turned: faces that lie are missed, askew, or found with less confidence."""
    if not found or any(is_steep(face) for face in found):
        return True
    return float(np.median([face.confidence for face in found])) < sure_confidence


def choose_sizes(longest_px: int, looks: Looks, *, thorough: bool) -> list[int]:
    """Returns the longer sides at which a picture is looked at, largest first."""
    factor = looks.enlarged_thorough if thorough else looks.enlarged
    first = min(looks.longest_px, round(longest_px * factor))
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


def refine(rgb: Pixels, face: RawFace, detector: FaceDetector, refined_px: float) -> RawFace:
    """Returns a small face with landmarks found in an enlarged cut-out of it; any other, or one not found there, as is.

    Source: ours, evaluations/face_embedding.md: at 24 pixels it finds 1.4 points more at a false accept rate of 1e-3.
    """
    if not _LEAST_REFINED_PX <= face.width < refined_px:
        return face
    closer = _look_closer(rgb, face, detector, face.angle, _REFINED_TO_PX)
    return replace(face, landmarks=closer.landmarks) if closer else face


def choose_turn(rgb: Pixels, face: RawFace, detector: GuessingDetector) -> RawFace:
    """Returns a face as it is found in a cut-out of it, turned in the way that speaks most for an upright face.

    Two things speak: how sure the detector is, and how little the landmarks scatter. Each errs for one face in twenty,
    both together hardly ever.

    Source: ours, evaluations/face_detection.md: dlib's detector finds many a lying face, as if it were upright.
    """
    sights = [sight for angle in ANGLES if (sight := _look_closer(rgb, face, detector, angle, _TURNED_TO_PX))]
    if len(sights) > 1:
        sights.sort(key=lambda sight: _judge_turn(rgb, sight, detector), reverse=True)
    return face if not sights or sights[0].angle == face.angle else sights[0]


def _judge_turn(rgb: Pixels, face: RawFace, detector: GuessingDetector) -> float:
    """Returns how much speaks for a face being upright in the turn it was found in, as log odds up to a constant."""
    part, left, top = _cut_around(rgb, face)
    picture = turn(part, face.angle)
    upright = turn_back(shift(face, -left, -top), (360 - face.angle) % 360, picture.shape[1], picture.shape[0])
    odds = face.confidence / max(1 - face.confidence, _LEAST_DOUBT)
    return float(np.log(odds) - np.log(max(detector.measure_scatter(picture, upright), _LEAST_SCATTER)))


def _cut_around(rgb: Pixels, face: RawFace) -> tuple[Pixels, int, int]:
    """Returns a face with some room around it, and where it was cut from: its left and top in the picture."""
    around = max(face.width, face.height) * _ROOM
    middle = np.array([face.left + face.width / 2, face.top + face.height / 2])
    low = np.clip(middle - around, 0, (rgb.shape[1] - 1, rgb.shape[0] - 1)).astype(int)
    high = np.clip(middle + around + 1, low + 1, (rgb.shape[1], rgb.shape[0])).astype(int)
    return np.ascontiguousarray(rgb[low[1] : high[1], low[0] : high[0]]), int(low[0]), int(low[1])


def _look_closer(rgb: Pixels, face: RawFace, detector: FaceDetector, angle: int, to_px: float) -> RawFace | None:
    """Returns a face as it is found in a cut-out of it, brought to one size and turned; None if it is not."""
    part, left, top = _cut_around(rgb, face)
    large = resize(part, round(max(part.shape[:2]) * to_px / face.width))
    factor = max(part.shape[:2]) / max(large.shape[:2])
    sights = [rescale(sight, factor) for sight in detector.detect(turn(large, angle) if angle else large)]
    if angle:
        sights = [turn_back(sight, angle, part.shape[1], part.shape[0]) for sight in sights]
    sights = [shift(sight, left, top) for sight in sights]
    same = [sight for sight in sights if len(join_sights([face, sight])) == 1]
    return same[0] if same else None


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
