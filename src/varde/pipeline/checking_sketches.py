"""Checks what decoder processes say of sketches: their length, and plain facts of a few words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from varde.camera.middle import find_middle
from varde.core.outcome import NotComparable
from varde.core.source_sketch import SKETCH_METHOD, SourceSketch

_MOST_PX: Final = 1_000_000
_LEAST_PX: Final = 256
_MOST_FACTS: Final = 10
_MOST_WORD: Final = 200
_MOST_TEXT: Final = 2_000
_WORD_BYTES: Final = 8


def list_sketch_faults(sketch: SourceSketch | None, *, wanted: bool) -> list[str]:
    """Returns what cannot be true of a sketch that was answered; nothing where it can.

    Args:
        sketch: what was answered.
        wanted: whether anybody asked for one.
    """
    if sketch is None:
        return []
    return list(_list_faults(sketch)) if wanted else ["a sketch that nobody asked for"]


def _list_faults(sketch: SourceSketch) -> Iterator[str]:
    height, width, outcome = sketch.height_px, sketch.width_px, sketch.outcome
    if sketch.method != SKETCH_METHOD:
        yield "a sketch of an unknown method"
    if not (0 <= height <= _MOST_PX and 0 <= width <= _MOST_PX):
        yield f"a sketch of {width} x {height} pixels"
    elif isinstance(outcome, NotComparable):
        if len(outcome.detail) > _MOST_TEXT:
            yield "a reason without end"
    elif min(height, width) < _LEAST_PX or len(outcome) != _WORD_BYTES * find_middle(height, width).words:
        yield f"a sketch of {len(outcome)} bytes of {width} x {height} pixels"
    if len(sketch.facts) > _MOST_FACTS or not all(_is_plain(*fact) for fact in sketch.facts.items()):
        yield "facts of a sketch that are none"


def _is_plain(name: str, value: str | float) -> bool:
    if len(name) > _MOST_WORD or not name.isidentifier():
        return False
    return len(value) <= _MOST_WORD if isinstance(value, str) else math.isfinite(value)
