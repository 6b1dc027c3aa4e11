"""How much a face can bear: 0 to 100, from what can be seen of it, without asking the network that compares it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from varde.core.outcome import NotComparable, Reason
from varde.faces.align import ARCFACE112, fit_similarity
from varde.faces.crops import cut_chip
from varde.faces.raw import Pixels

LEAST_QUALITY = 20
"""A face below this is kept and shown, and not compared."""

LEAST_PX = 20.0
"""A face narrower than this is kept and shown, and not compared."""

_CHIP_PX = 112


@dataclass(frozen=True, slots=True)
class Measures:
    """What quality is made of.

    Attributes:
        width_px: of the face's box in the picture that was looked at.
        sharpness: share of fine detail in the aligned face's contrast, 0 to 1.
        contrast: deviation of its luma, 0 to 1.
        clipped: share of it that is black or white.
        turned: by how far the nose is off the middle of eyes and mouth, as a share of the distance between the eyes.
        confidence: of the detector, 0 to 1.
    """

    width_px: float
    sharpness: float
    contrast: float
    clipped: float
    turned: float
    confidence: float


def measure(crop: Pixels, landmarks: npt.NDArray[np.floating], width_px: float, confidence: float) -> Measures:
    """Returns what quality is made of.

    Args:
        crop: (9k, 8k, 3) uint8 RGB, as `varde.faces.crops.open_crop` gives it.
        landmarks: (5, 2) (x, y), in any pixels.
        width_px: of the face's box in the picture that was looked at.
        confidence: of the detector, 0 to 1.
    """
    grey = cv2.cvtColor(cut_chip(crop, "arcface112", _CHIP_PX), cv2.COLOR_RGB2GRAY)[16:104, 16:96]
    fine = grey.astype(np.float32) - cv2.GaussianBlur(grey, (0, 0), 1.5).astype(np.float32)
    spread = float(grey.std())
    return Measures(
        width_px=width_px,
        sharpness=float(fine.std()) / max(spread, 1.0),
        contrast=spread / 255,
        clipped=float(((grey <= 4) | (grey >= 251)).mean()),
        turned=compute_turn(landmarks),
        confidence=confidence,
    )


def compute_turn(landmarks: npt.NDArray[np.floating]) -> float:
    """Returns how far the nose is off the middle of eyes and mouth: 0 in a frontal face, about .5 in a profile."""
    points = fit_similarity(landmarks, ARCFACE112).apply(landmarks)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    apart = float(np.linalg.norm(ARCFACE112[1] - ARCFACE112[0]))
    along = (mouth - eyes) / max(float(np.linalg.norm(mouth - eyes)), 1e-9)
    off = points[2] - eyes
    return abs(float(off[0] * along[1] - off[1] * along[0])) / apart


def compute_quality(measures: Measures) -> int:
    """Returns quality, 0 to 100, larger is better.

    Source: ours, evaluations/face_embedding.md; sharpness tells small faces from large ones as well as it tells blur.
    """
    parts = (
        _ramp(measures.width_px, 12, 48) ** 0.6,
        _ramp(measures.sharpness, 0.045, 0.14) ** 0.8,
        _ramp(measures.contrast, 0.02, 0.12) ** 0.6,
        (1 - _ramp(measures.clipped, 0.1, 0.7)) ** 0.6,
        (1 - 0.8 * _ramp(measures.turned, 0.15, 0.6)) ** 0.6,
        _ramp(measures.confidence, 0.4, 0.85) ** 0.6,
    )
    return round(100 * float(np.prod(parts)))


def judge(width_px: float, quality: int) -> NotComparable | None:
    """Returns why a face cannot be compared, or None if it can."""
    if width_px < LEAST_PX:
        return NotComparable(Reason.TOO_SMALL, f"{width_px:.0f} px wide; faces need {LEAST_PX:.0f} px to be compared")
    if quality < LEAST_QUALITY:
        return NotComparable(Reason.QUALITY_TOO_LOW, f"quality {quality}; faces need {LEAST_QUALITY} to be compared")
    return None


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))
