"""dlib's five-point landmark predictor: a cascade of regression trees, evaluated with numpy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.core.errors import IntegrityFailure
from varde.faces.align import fit_similarity
from varde.faces.raw import Floats, Pixels
from varde.segments.container import Segment, check_array, open_segment

KIND: Final = "landmark-trees"
VERSION: Final = 1

Box = tuple[int, int, int, int]
"""Left, top, right and bottom of a face, the last pixels included."""


class LandmarkPredictor:
    """Predicts where landmarks of a face are from the box that a detector gave.

    Source: Kazemi and Sullivan 2014, with the trees of dlib's file; equal to dlib's answers before it rounds them
        (evaluations/dlib_networks.md).

    Limits: always answers, also where there is no face; only for faces that are about upright.
    """

    def __init__(self, path: Path) -> None:
        """Reads the trees that `varde.models.dlib_landmarks` wrote.

        Raises:
            IntegrityFailure: if the file is not what it should be.
        """
        segment = open_segment(path, KIND, VERSION)
        try:
            self._read(segment)
        except ValueError as error:
            raise IntegrityFailure(f"{path.name} of a pack is damaged: {error}") from error

    def _read(self, segment: Segment) -> None:
        thresholds = check_array(segment, "thresholds", np.float32, None, None, None)
        cascades, trees, splits = thresholds.shape
        self._shape: Floats = check_array(segment, "shape", np.float32, None, 2)  # type: ignore[assignment]
        self._anchors = check_array(segment, "anchors", np.uint16, cascades, None).astype(np.intp)
        count = self._anchors.shape[1]
        self._offsets = check_array(segment, "offsets", np.float32, cascades, count, 2)
        self._pixels = check_array(segment, "pixels", np.uint16, cascades, trees, splits, 2).astype(np.intp)
        self._leaves = check_array(segment, "leaves", np.float32, cascades, trees, splits + 1, len(self._shape), 2)
        self._thresholds = thresholds
        self._trees, self._depth = np.arange(trees), (splits + 1).bit_length() - 1
        if self._anchors.max() >= len(self._shape) or self._pixels.max() >= count:
            raise ValueError("a tree asks for what there is not")

    def predict(self, rgb: Pixels, boxes: Sequence[Box]) -> Floats:
        """Returns (N, P, 2) float32 (x, y): the landmarks of each box, in pixels.

        Convention: (H, W, 3) uint8 RGB. dlib's five points: outer and inner corner of the eye on the picture's right,
            outer and inner corner of the one on its left, base of the nose.
        """
        found = [self._predict_one(rgb, box) for box in boxes]
        return np.array(found, np.float32).reshape(-1, len(self._shape), 2)

    def _predict_one(self, rgb: Pixels, box: Box) -> npt.NDArray[np.float64]:
        corner = np.array(box[:2], np.float64)
        size = np.array(box[2:], np.float64) - corner
        shape = self._shape
        for cascade in range(len(self._thresholds)):
            brightness = self._look(rgb, corner, size, shape, cascade)
            leaves = self._leaves[cascade][self._trees, self._descend(brightness, cascade)]
            # One addition after the other, as dlib's: float32 sums depend on their order.
            shape = np.add.reduce(np.concatenate([shape[None], leaves]), axis=0)
        return shape.astype(np.float64) * size + corner

    def _look(
        self, rgb: Pixels, corner: npt.NDArray[np.float64], size: npt.NDArray[np.float64], shape: Floats, cascade: int
    ) -> Floats:
        """Returns the brightness of each pixel a cascade looks at; 0 outside of the picture."""
        turn = fit_similarity(self._shape, shape).matrix[:, :2].astype(np.float32)
        offsets = self._offsets[cascade] @ turn.T + shape[self._anchors[cascade]]
        places = np.floor(offsets.astype(np.float64) * size + corner + 0.5).astype(np.int64)
        height, width = rgb.shape[:2]
        is_inside = ((places >= 0) & (places < (width, height))).all(axis=1)
        seen = np.where(is_inside[:, None], places, 0)
        sums = rgb[seen[:, 1], seen[:, 0]].sum(axis=1, dtype=np.uint32)
        return np.where(is_inside, sums // 3, 0).astype(np.float32)

    def _descend(self, brightness: Floats, cascade: int) -> npt.NDArray[np.intp]:
        """Returns the leaf that each tree of a cascade comes to: left where the difference is above its threshold."""
        node = np.zeros(len(self._trees), np.intp)
        for _ in range(self._depth):
            pair = self._pixels[cascade][self._trees, node]
            difference = brightness[pair[:, 0]] - brightness[pair[:, 1]]
            node = 2 * node + np.where(difference > self._thresholds[cascade][self._trees, node], 1, 2)
        return np.asarray(node - self._thresholds.shape[2], np.intp)
