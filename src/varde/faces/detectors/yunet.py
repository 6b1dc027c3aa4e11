"""Reads what a YuNet network says of a picture: one guess per cell of three grids."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from varde.core.errors import WrongUse
from varde.faces.network import Network
from varde.faces.raw import Floats, Pixels, RawFace

STRIDES = (8, 16, 32)
LEAST_CONFIDENCE = 0.6
MOST_OVERLAP = 0.3

_MOST_GUESSES = 5000
_LARGEST_EXPONENT = 8.0


class YuNet:
    """Finds faces in a picture as it is; a `varde.faces.raw.FaceDetector`.

    Source: Wu, Peng and Yu 2023 (YuNet); decoding as published with the network: confidence is the root of class and
        objectness, boxes are shifts from the cell and exponents of its stride.

    Limits: evaluations/face_detection.md. Faces turned by more than about 45 degrees are missed; drawn and sculpted
        faces are found too.
    """

    def __init__(
        self,
        network: Network,
        *,
        least_confidence: float = LEAST_CONFIDENCE,
        fixed_size: tuple[int, int] | None = None,
    ) -> None:
        self._network = network
        self._least = least_confidence
        self._fixed = fixed_size

    def detect(self, rgb: Pixels) -> list[RawFace]:
        """Returns the faces in (H, W, 3) uint8 RGB, most confident first, none twice."""
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise WrongUse(f"faces are looked for in (H, W, 3) uint8 RGB with pixels, not {rgb.shape} {rgb.dtype}")
        scale = self._scale(rgb)
        picture = rgb if scale == 1 else _shrink(rgb, scale)
        blob = make_blob(picture, self._fixed)
        outputs = dict(zip(self._network.outputs, self._network.run({self._network.inputs[0]: blob}), strict=True))
        rows = np.concatenate([self._decode(outputs, stride, blob.shape[3]) for stride in STRIDES])
        return [_make_face(row, scale) for row in suppress(rows)]

    def _scale(self, rgb: Pixels) -> float:
        """Returns by what the picture must be multiplied to fit into a network of fixed size."""
        if self._fixed is None:
            return 1.0
        return float(min(1.0, self._fixed[0] / rgb.shape[0], self._fixed[1] / rgb.shape[1]))

    def _decode(self, outputs: Mapping[str, Floats], stride: int, width_px: int) -> Floats:
        """Returns (N, 15): confidence, box (left, top, width, height) and ten coordinates of one grid's faces."""
        product = np.clip(outputs[f"cls_{stride}"], 0, 1) * np.clip(outputs[f"obj_{stride}"], 0, 1)
        confidence = np.sqrt(product.reshape(-1))
        cells = np.flatnonzero(confidence >= self._least)
        corner = np.stack([cells % (width_px // stride), cells // (width_px // stride)], axis=1).astype(np.float32)
        box = outputs[f"bbox_{stride}"].reshape(-1, 4)[cells]
        size = np.exp(np.minimum(box[:, 2:], _LARGEST_EXPONENT)) * stride
        start = (corner + box[:, :2]) * stride - size / 2
        points = (outputs[f"kps_{stride}"].reshape(-1, 5, 2)[cells] + corner[:, None]) * stride
        return np.concatenate([confidence[cells, None], start, size, points.reshape(-1, 10)], axis=1)


def make_blob(rgb: Pixels, fixed_size: tuple[int, int] | None = None) -> Floats:
    """Returns (1, 3, H, W) float32 BGR, 0-255, black to the right and below up to whole cells of the widest grid."""
    height, width = fixed_size or tuple(-(-side // STRIDES[-1]) * STRIDES[-1] for side in rgb.shape[:2])
    blob = np.zeros((1, 3, height, width), np.float32)
    for channel in range(3):
        blob[0, channel, : rgb.shape[0], : rgb.shape[1]] = rgb[:, :, 2 - channel]
    return blob


def suppress(rows: Floats, most_overlap: float = MOST_OVERLAP) -> Floats:
    """Returns the rows (confidence, left, top, width, height, ...), best first, without those over a better one."""
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[np.argsort(-rows[:, 0], kind="stable")][:_MOST_GUESSES]
    kept: list[Floats] = []
    while len(rows):
        kept.append(rows[0])
        rows = rows[1:][_overlap(rows[0], rows[1:]) <= most_overlap]
    return np.array(kept, np.float32).reshape(-1, rows.shape[1])


def _overlap(one: Floats, others: Floats) -> Floats:
    """Returns the intersection over the union of one row's box with each of the others'."""
    start = np.maximum(one[1:3], others[:, 1:3])
    end = np.minimum(one[1:3] + one[3:5], others[:, 1:3] + others[:, 3:5])
    shared = np.prod(np.maximum(end - start, 0), axis=1)
    union = one[3] * one[4] + others[:, 3] * others[:, 4] - shared
    return np.asarray(shared / np.maximum(union, np.float32(1e-6)), np.float32)


def _shrink(rgb: Pixels, scale: float) -> Pixels:
    size = (max(1, int(rgb.shape[1] * scale)), max(1, int(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _make_face(row: Floats, scale: float) -> RawFace:
    left, top, width, height = (float(value) / scale for value in row[1:5])
    return RawFace(left, top, width, height, row[5:].reshape(5, 2) / np.float32(scale), float(row[0]))
