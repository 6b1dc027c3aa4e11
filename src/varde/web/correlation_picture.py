"""Draws a correlation surface as a grey picture in SVG: no script, nothing from outside."""

from __future__ import annotations

from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

SVG: Final = "image/svg+xml"

_SIDE: Final = 10
_FULL: Final = 8.0
"""Deviations of even noise from which on a place is as bright as it gets, unless the peak is higher."""


def draw_surface(surface: NDArray[np.float32]) -> str:
    """Returns the correlation as squares from dark (negative) over grey (none) to bright (agreement)."""
    height, width = surface.shape
    full = max(_FULL, float(np.abs(surface).max()))
    greys = np.clip(128 + 127 * surface / full, 0, 255).astype(int)
    squares = "".join(
        f'<rect x="{column * _SIDE}" y="{row * _SIDE}" width="{_SIDE}" height="{_SIDE}" fill="rgb({g},{g},{g})"/>'
        for row in range(height)
        for column in range(width)
        for g in [greys[row, column]]
    )
    return f"{_open(width * _SIDE, height * _SIDE, f'highest {surface.max():.1f} deviations')}{squares}</svg>"


def draw_sentence(sentence: str) -> str:
    """Returns a sentence in the picture's place."""
    words, lines = sentence.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 44:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    text = "".join(
        f'<text x="245" y="{220 + 22 * number}" text-anchor="middle">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return f'{_open(490, 490, sentence)}<g font-family="sans-serif" font-size="18" fill="#808890">{text}</g></svg>'


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'shape-rendering="crispEdges"><title>{escape(title)}</title>'
    )
