"""Residuals with a known pattern, as pictures of one sensor would leave them, without the pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual
from varde.core.camera import FingerprintKind
from varde.core.signal import Method

HEIGHT, WIDTH = 360, 480


def make_pattern(seed: int, height: int = HEIGHT, width: int = WIDTH) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((height, width), np.float32) * np.float32(0.01)


def make_fingerprint(values: npt.NDArray[np.float32]) -> Fingerprint:
    return Fingerprint(values, FingerprintKind.PHOTO, (), Method("camera.fingerprint", "1"), {})


def make_residual(pattern: npt.NDArray[np.float32], *, noise: float = 1.5, seed: int = 7) -> Residual:
    """Returns the residual of a picture with this pattern: a bright scene, even weights, some masked pixels."""
    rng = np.random.default_rng(seed)
    luma = rng.integers(60, 220, pattern.shape).astype(np.uint8)
    values = luma * pattern + rng.standard_normal(pattern.shape, np.float32) * np.float32(noise)
    weights = np.full(pattern.shape, 0.25, np.float32)
    weights[:8, :20] = 0
    values[weights == 0] = 0
    return Residual(np.ascontiguousarray(values, np.float32), weights, luma, float((weights > 0).mean()))


def resize(pattern: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(pattern, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def lay(values: npt.NDArray[Any], turn: int, *, mirrored: bool) -> npt.NDArray[Any]:
    """Returns the picture that lies as `values` once it is mirrored (if so) and turned counter-clockwise."""
    turned = np.rot90(values, -turn // 90)
    return np.ascontiguousarray(np.fliplr(turned) if mirrored else turned)
