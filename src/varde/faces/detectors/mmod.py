"""dlib's convolutional face detector: one score per cell of a picture in many sizes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.faces.align import complete_dlib_points
from varde.faces.landmarks import Box, LandmarkPredictor
from varde.faces.network import Network
from varde.faces.raw import Pixels, RawFace
from varde.faces.tiles import Layout, draw_tiles, lay_out

LEAST_SCORE: Final = 0.0
WINDOW_PX: Final = 80
"""Side of the smallest face that is found in a picture as it is."""

_STRIDE: Final = 8
_FIRST_CENTRE_PX: Final = 14
_HALF_PX: Final = (WINDOW_PX - 1) / 2
_MOST_OVERLAP: Final = 0.3382761351109955
"""Intersection over union from which two boxes are one face; stored with dlib's network."""

_MOST_GUESSES: Final = 5000
_LEAST_SIDE_PX: Final = 16
_MEAN: Final = np.array([122.782, 117.001, 104.298], np.float32)
_STEEPNESS: Final = 3.0
_MOVES: Final = tuple((x / 12, y / 12, growth) for x in (-1, 1) for y in (-1, 1) for growth in (0.93, 1.07))


class Mmod:
    """Finds upright faces of 80 pixels and more; a `varde.faces.raw.FaceDetector`.

    Source: King 2015 (max-margin object detection) and dlib's trained network; boxes and scores equal dlib's
        (evaluations/dlib_networks.md).

    Limits: a picture has to be enlarged for smaller faces; faces turned by more than about 45 degrees are missed.
    """

    def __init__(self, network: Network, predictor: LandmarkPredictor, *, least_score: float = LEAST_SCORE) -> None:
        self._network = network
        self._predictor = predictor
        self._least = least_score

    def detect(self, rgb: Pixels) -> list[RawFace]:
        """Returns the faces in (H, W, 3) uint8 RGB, most confident first, none twice."""
        boxes, scores = self.find_boxes(rgb)
        points = self._predictor.predict(rgb, boxes)
        faces = zip(boxes, scores, points, strict=True)
        return [_make_face(box, score, landmarks) for box, score, landmarks in faces if np.ptp(landmarks) > 0]

    def measure_scatter(self, rgb: Pixels, face: RawFace) -> float:
        """Returns how far landmarks scatter when the box of a face is moved a little, in widths of the face.

        Those of an upright face hardly move; where the face lies the trees only guess, and the landmarks move along.

        Source: ours, evaluations/face_detection.md.
        """
        half = np.array([face.width, face.height]) / 2
        middle = np.array([face.left, face.top]) + half
        boxes: list[Box] = []
        for across, down, growth in _MOVES:
            at = middle + np.array([across, down]) * 2 * half
            low, high = np.round(at - half * growth).astype(int), np.round(at + half * growth).astype(int)
            boxes.append((int(low[0]), int(low[1]), int(high[0]) - 1, int(high[1]) - 1))
        points = self._predictor.predict(rgb, boxes)
        return float(np.sqrt(points.var(axis=0).sum(axis=1).mean())) / face.width

    def find_boxes(self, rgb: Pixels) -> tuple[list[Box], list[float]]:
        """Returns boxes (left, top, right, bottom, in whole pixels) with dlib's scores, highest first."""
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise WrongUse(f"faces are looked for in (H, W, 3) uint8 RGB with pixels, not {rgb.shape} {rgb.dtype}")
        if min(rgb.shape[:2]) < _LEAST_SIDE_PX:
            return [], []
        layout = lay_out(rgb.shape[0], rgb.shape[1])
        sheet = draw_tiles(rgb, layout, _MEAN)
        scores = self._network.run({self._network.inputs[0]: sheet})[0][0, 0]
        return _choose(*_read_cells(scores, layout, self._least))


def _read_cells(
    scores: npt.NDArray[np.float32], layout: Layout, least: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Returns (N, 4) boxes in the picture and their scores, highest first."""
    cells = np.argwhere(scores > least)
    values = scores[cells[:, 0], cells[:, 1]].astype(np.float64)
    order = np.argsort(-values, kind="stable")[:_MOST_GUESSES]
    centres = cells[order][:, ::-1].astype(np.float64) * _STRIDE + _FIRST_CENTRE_PX
    tiles = layout.find_tile(centres)
    boxes = np.zeros((len(order), 4), np.float64)
    for tile in np.unique(tiles):
        here = tiles == tile
        boxes[here, :2] = layout.to_picture(centres[here] - _HALF_PX, int(tile))
        boxes[here, 2:] = layout.to_picture(centres[here] + _HALF_PX, int(tile))
    return np.floor(boxes + 0.5).astype(np.int64), values[order]


def _choose(boxes: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> tuple[list[Box], list[float]]:
    """Returns each face's best box, highest score first."""
    chosen, values = [], []
    while len(boxes):
        chosen.append((int(boxes[0, 0]), int(boxes[0, 1]), int(boxes[0, 2]), int(boxes[0, 3])))
        values.append(float(scores[0]))
        is_apart = _overlap(boxes[0], boxes) <= _MOST_OVERLAP
        is_apart[0] = False
        boxes, scores = boxes[is_apart], scores[is_apart]
    return chosen, values


def _overlap(one: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Returns the intersection over the union of one box with each of the others; last pixels are included."""
    start, end = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.maximum(end - start + 1, 0), axis=1)
    union = np.prod(one[2:] - one[:2] + 1) + np.prod(others[:, 2:] - others[:, :2] + 1, axis=1) - shared
    return np.asarray(shared / union, np.float64)


def _make_face(box: Box, score: float, landmarks: npt.NDArray[np.float32]) -> RawFace:
    """Returns a face; the score, which has no upper end, becomes a confidence from 0.5 (score 0) to 1."""
    left, top, right, bottom = box
    confidence = 1 / (1 + float(np.exp(-_STEEPNESS * score)))
    points = complete_dlib_points(landmarks)
    return RawFace(float(left), float(top), float(right - left + 1), float(bottom - top + 1), points, confidence)
