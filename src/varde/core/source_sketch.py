"""Sketches of sensor noise: what is kept of every picture, so that pictures of one sensor can be found without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from varde.core.outcome import NotComparable
from varde.core.signal import Method

SKETCH_METHOD: Final = Method("camera.sketch", "1")
"""How sketches are made now; sketches of different versions are not compared."""


@dataclass(frozen=True, slots=True)
class SourceSketch:
    """The signs of the noise in the middle of a picture; see `varde.camera.sketch`.

    Attributes:
        height_px, width_px: of the whole picture as it is stored; 0 where that is not known.
        outcome: the signs, packed, or why there are none.
        facts: plain facts, such as ``usable`` and what the file states of its camera.
        method: how it was made.
    """

    height_px: int
    width_px: int
    outcome: bytes | NotComparable
    facts: dict[str, str | float]
    method: Method = SKETCH_METHOD
