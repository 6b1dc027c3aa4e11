"""The correlation around the place where a file was found on a sensor, as a small picture: one sharp peak, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_TONES: Final = ("#f3f6f8", "#d7e3ea", "#b4cfdc", "#86b3c8", "#5593ae", "#2f7592", "#1f5f7a", "#123f53")
_CELL: Final = 8


def draw_surface(surface: Sequence[Sequence[float]]) -> str:
    """Returns a surface as SVG: the darker, the higher the correlation; even noise stays pale.

    Args:
        surface: rows from the top, of equal length; in units of the root mean square elsewhere.
    """
    rows, columns = len(surface), len(surface[0])
    top = max(max(max(row) for row in surface), 1.0)
    cells: list[list[str]] = [[] for _ in _TONES]
    for y, row in enumerate(surface):
        for x, value in enumerate(row):
            tone = min(int(max(value, 0.0) / top * len(_TONES)), len(_TONES) - 1)
            cells[tone].append(f"M{x * _CELL} {y * _CELL}h{_CELL}v{_CELL}h-{_CELL}z")
    paths = "".join(
        f'<path fill="{tone}" d="{"".join(cell)}"/>' for tone, cell in zip(_TONES, cells, strict=True) if cell
    )
    size = f"0 0 {columns * _CELL} {rows * _CELL}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" shape-rendering="crispEdges">{paths}</svg>'
