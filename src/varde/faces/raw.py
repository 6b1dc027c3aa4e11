"""A face as a detector gives it, in pixels of the picture that it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3) RGB, 0-255, row 0 on top."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class RawFace:
    """One face that a detector found.

    Attributes:
        left, top, width, height: of its box, in pixels; it may reach outside the picture.
        landmarks: (5, 2) float32 (x, y) in pixels: the eye on the picture's left, the other eye, nose tip, the mouth's
            corner on the left, the other corner.
        confidence: of the detector, 0 to 1.
        angle: by how many degrees counter-clockwise (0, 90, 180, 270) the picture was turned when it was found; box
            and landmarks are those of the picture as it was before it was turned.
    """

    left: float
    top: float
    width: float
    height: float
    landmarks: Floats
    confidence: float
    angle: int = 0


class FaceDetector(Protocol):
    """What finds faces in one picture, as it is: no scales, no rotations."""

    def detect(self, rgb: Pixels) -> list[RawFace]:
        """Returns the faces in (H, W, 3) uint8 RGB, most confident first, none twice."""
        ...


@runtime_checkable
class GuessingDetector(FaceDetector, Protocol):
    """A detector that also finds lying faces, and places their landmarks as if they were upright."""

    def measure_scatter(self, rgb: Pixels, face: RawFace) -> float:
        """Returns how far landmarks scatter when the box of a face is moved a little, in widths of the face."""
        ...


def make_boxes(faces: Sequence[RawFace]) -> npt.NDArray[np.float64]:
    """Returns (N, 4): left, top, width and height of every face, in pixels."""
    rows = [(face.left, face.top, face.width, face.height) for face in faces]
    return np.array(rows, np.float64).reshape(-1, 4)
