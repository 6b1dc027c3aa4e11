"""Whether a picture can hold a sensor's noise at all: drawings, screenshots and palettes cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.core.outcome import NotComparable, Reason

Luma = NDArray[np.uint8] | NDArray[np.uint16]

SATURATED: Final = 250
DARK: Final = 20

_BLOCK: Final = 8
_EACH: Final = 8
"""Every so many rows of blocks are looked at."""

_FAINT_QUALITY: Final = 85
"""JPEG quality below which smooth parts of photographs are stored as constant blocks too."""

_CONSTANT: Final = 0.5
_FAINT: Final = 0.1
_FAINT_LEVELS: Final = 3
_LEAST_BLOCKS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Exposure:
    """Plain figures of a picture's luma.

    Attributes:
        mean: 0-255.
        saturated, dark: share of pixels above `SATURATED` and below `DARK`.
        constant: share of the 8 x 8 blocks that are neither, in which every pixel is exactly the same; None where
            hardly any block is left.
        faint: share of these blocks whose pixels differ by 1 to 3 levels: none in what was drawn, many in a photograph
            whose noise was squeezed by darkening it.
    """

    mean: float
    saturated: float
    dark: float
    constant: float | None
    faint: float = 0.0


def measure_exposure(luma: Luma) -> Exposure:
    """Returns the figures of a picture, (H, W), from every eighth row of 8 x 8 blocks."""
    grey = (luma >> 8).astype(np.uint8) if luma.dtype == np.uint16 else luma
    height, width = (side - side % _BLOCK for side in grey.shape)
    if not height or not width:
        return Exposure(float(grey.mean()) if grey.size else 0.0, 0.0, 0.0, None)
    blocks = grey[:height, :width].reshape(-1, _BLOCK, width // _BLOCK, _BLOCK)[::_EACH]
    # Rows first: they lie side by side in memory, and an eighth is left for the slow direction.
    low, high = blocks.min(axis=1).min(axis=2), blocks.max(axis=1).max(axis=2)
    inner = (low >= DARK) & (high <= SATURATED)
    spread, enough = (high - low)[inner], inner.mean() >= _LEAST_BLOCKS
    constant = float((spread == 0).mean()) if enough else None
    faint = float(((spread > 0) & (spread <= _FAINT_LEVELS)).mean()) if enough else 0.0
    size = blocks.size
    return Exposure(
        float(blocks.mean()),
        int(np.count_nonzero(blocks > SATURATED)) / size,
        int(np.count_nonzero(blocks < DARK)) / size,
        constant,
        faint,
    )


def refuse_unphotographic(exposure: Exposure, facts: Mapping[str, Any]) -> NotComparable | None:
    """Returns why a picture holds no sensor's noise; None where it may.

    Args:
        exposure: of its luma.
        facts: ``mode``, ``is_lossless`` and ``quality`` of the file, where they are known.

    Limits: a photograph of a screen is a photograph; a generated picture with added noise passes.
    """
    if facts.get("mode") in ("1", "P", "PA"):
        return NotComparable(
            Reason.NOT_A_PHOTOGRAPH, "It has a palette of few colours: no camera stores that, and noise does not last."
        )
    if exposure.constant is None or exposure.constant < _CONSTANT:
        return None
    if exposure.constant == 1.0:
        return NotComparable(
            Reason.BLANK,
            "It is empty or drawn: every block of 8 x 8 pixels between black and white is of exactly one grey.",
        )
    share = f"{exposure.constant:.0%} of its blocks of 8 x 8 pixels are each of exactly one grey"
    quality = facts.get("quality")
    if facts.get("is_lossless") or (isinstance(quality, int) and quality >= _FAINT_QUALITY):
        if exposure.faint >= _FAINT:
            return None
        return NotComparable(
            Reason.NOT_A_PHOTOGRAPH, f"{share}: a screenshot, a drawing or an empty picture, without a sensor's noise."
        )
    return NotComparable(Reason.QUALITY_TOO_LOW, f"{share}: compression has left none of the sensor's noise there.")
