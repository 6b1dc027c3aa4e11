"""A small line chart as SVG: no script, no style sheet, nothing from outside; readable on light and on dark paper.

Text and axes take the colour of the text around (`currentColor`). Lines differ by dashes as well as by colour, and are
named in a legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 560, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 46, 44

BLUE: Final = "#3b82c4"
ORANGE: Final = "#d97a1e"
GREY: Final = "#808890"
"""Colours that stand out on white and on near-black alike."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart.

    Attributes:
        name: in the legend; "" leaves it out.
        points: (x, y) in the chart's units; what lies outside is cut.
        colour: one of this module's.
        dashes: as SVG has them, such as ``6 4``; "" is unbroken.
    """

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    dashes: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Axes and lines.

    Attributes:
        title: what it shows, for those who do not see it too.
        x_label, y_label: with their units.
        x_ticks, y_ticks: (place, text), rising; the first and last are the ends of the axes.
        lines: in the order they are drawn.
        mark: x of a vertical line, and what it is; None for none.
    """

    title: str
    x_label: str
    y_label: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line] = field(default_factory=tuple)
    mark: tuple[float, str] | None = None


def draw(chart: Chart) -> str:
    """Returns the chart as one `svg` element, 560 x 340 by its view box, as wide as the place it is put in."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="currentColor"><title>{escape(chart.title)}</title>',
        *(_draw_x_tick(chart, place, text) for place, text in chart.x_ticks),
        *(_draw_y_tick(chart, place, text) for place, text in chart.y_ticks),
        *(_draw_line(chart, line) for line in chart.lines),
        *(_draw_legend([line for line in chart.lines if line.name])),
        _draw_mark(chart),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, chart.x_label),
        f'<text transform="translate(14 {(_TOP + _HEIGHT - _BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(chart.y_label)}</text></svg>",
    ]
    return "".join(parts)


def _x(chart: Chart, value: float) -> float:
    low, high = chart.x_ticks[0][0], chart.x_ticks[-1][0]
    share = (min(max(value, low), high) - low) / (high - low)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(chart: Chart, value: float) -> float:
    low, high = chart.y_ticks[0][0], chart.y_ticks[-1][0]
    share = (min(max(value, low), high) - low) / (high - low)
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>'


def _draw_x_tick(chart: Chart, place: float, text: str) -> str:
    x = _x(chart, place)
    rule = _rule(x, _TOP, x, _HEIGHT - _BOTTOM, 'stroke="currentColor" stroke-opacity="0.18"')
    return rule + _text(x, _HEIGHT - _BOTTOM + 16, text)


def _draw_y_tick(chart: Chart, place: float, text: str) -> str:
    y = _y(chart, place)
    rule = _rule(_LEFT, y, _WIDTH - _RIGHT, y, 'stroke="currentColor" stroke-opacity="0.18"')
    return rule + _text(_LEFT - 6, y + 4, text, "end")


def _draw_line(chart: Chart, line: Line) -> str:
    points = " ".join(f"{_x(chart, x):.1f},{_y(chart, y):.1f}" for x, y in line.points)
    return f'<polyline points="{points}" fill="none" {_look(line)}/>'


def _look(line: Line) -> str:
    dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
    return f'stroke="{line.colour}" stroke-width="2"{dashes}'


def _draw_legend(lines: Sequence[Line]) -> list[str]:
    parts = []
    for number, line in enumerate(lines):
        x, y = _LEFT + (number % 2) * 250, 16 + (number // 2) * 18
        parts.append(_rule(x, y - 4, x + 26, y - 4, _look(line)) + _text(x + 32, y, line.name, "start"))
    return parts


def _draw_mark(chart: Chart) -> str:
    if chart.mark is None:
        return ""
    x = _x(chart, chart.mark[0])
    is_right = x > (_LEFT + _WIDTH - _RIGHT) / 2
    rule = _rule(x, _TOP, x, _HEIGHT - _BOTTOM, 'stroke="currentColor" stroke-width="2" stroke-dasharray="2 3"')
    return rule + _text(x - 6 if is_right else x + 6, _TOP + 14, chart.mark[1], "end" if is_right else "start")
