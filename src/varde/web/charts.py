"""Charts as SVG: pure functions from figures to markup. Colours come by class, and words are escaped.

Every chart has a title, and stands beside a table or a list that says the same in words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 360
_HEIGHT: Final = 96
_BASE: Final = 80
_WIDEST: Final = 24
_MOST_MONTHS: Final = 240
_MOST_YEARS: Final = 200


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a year with its items.

    Attributes:
        name: ``2020-05`` or ``2020``.
    """

    name: str
    items: int


@dataclass(frozen=True, slots=True)
class Periods:
    """Items over time, without gaps.

    Attributes:
        outside: items whose time is so far from the others that it is not drawn.
    """

    periods: tuple[Period, ...]
    outside: int


def draw_bar(value: int, largest: int) -> Markup:
    """Returns a bar as wide as a value's share of the largest one; it stands beside the number itself."""
    share = _percent(value, largest)
    return Markup(
        '<svg class="bar" aria-hidden="true" focusable="false"><rect class="bar-back" width="100%" height="6"/>'
        '<rect class="bar-front" width="{}%" height="6"/></svg>'
    ).format(share)


def draw_progress(title: str, parts: Sequence[tuple[str, int]], whole: int) -> Markup:
    """Returns a bar of several parts of a whole, in the order given; what is left stays empty.

    Args:
        title: what it shows, in words and numbers.
        parts: name and size of each.
        whole: what the full width stands for.
    """
    start, pieces = 0.0, []
    for number, (name, size) in enumerate(parts):
        width = _percent(size, whole)
        piece = Markup('<rect class="c{}" x="{}%" width="{}%" height="14"><title>{}</title></rect>')
        pieces.append(piece.format(number % 5 + 1, f"{start:.2f}", width, f"{name}: {size:,}"))
        start += float(width)
    return Markup(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 100 14" preserveAspectRatio="none" height="14">'
        '<rect class="bar-back" width="100%" height="14"/>{}</svg>'
    ).format(title, Markup().join(pieces))


def draw_months(title: str, months: Periods) -> Markup:
    """Returns a histogram of items over time; the year is written under its first month."""
    if not months.periods:
        return Markup("")
    largest = max(period.items for period in months.periods)
    step = min(_WIDTH / len(months.periods), _WIDEST)
    gap = 1 if step > 3 else 0
    bars, labels, free_x = [], [], 0.0
    for number, period in enumerate(months.periods):
        height = _BASE * period.items / largest if largest else 0
        if period.items:
            height = max(height, 1.0)
            bar = Markup('<rect class="c1" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
            x, width = f"{number * step:.2f}", f"{max(step - gap, 0.5):.2f}"
            bars.append(
                bar.format(x, f"{_BASE - height:.2f}", width, f"{height:.2f}", f"{period.name}: {period.items:,}")
            )
        is_year = period.name[4:] in ("", "-01") or not number
        if is_year and number * step >= free_x and number * step < _WIDTH - 24:
            labels.append(
                Markup('<text class="label" x="{}" y="92">{}</text>').format(f"{number * step:.2f}", period.name[:4])
            )
            free_x = number * step + 34
    axis = Markup('<line class="axis" x1="0" y1="{0}.5" x2="{1}" y2="{0}.5"/>').format(_BASE, _WIDTH)
    return Markup('<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}{}{}</svg>').format(
        title, _WIDTH, _HEIGHT, Markup().join(bars), axis, Markup().join(labels)
    )


def fill_months(counts: Mapping[str, int]) -> Periods:
    """Returns items by month without gaps, by year where there are too many months to be seen.

    Times far from all others (clocks that were never set, times made up) are left out, and counted.

    Args:
        counts: items by ``YYYY-MM``; what is no month is left out.
    """
    found = {name: items for name, items in counts.items() if _is_month(name)}
    if not found:
        return Periods((), sum(counts.values()))
    first, last = _choose_years(found)
    kept = {name: items for name, items in found.items() if first <= int(name[:4]) <= last}
    outside = sum(counts.values()) - sum(kept.values())
    names = sorted(kept)
    begin, end = _number(names[0]), _number(names[-1])
    if end - begin < _MOST_MONTHS:
        every = (f"{number // 12:04}-{number % 12 + 1:02}" for number in range(begin, end + 1))
        return Periods(tuple(Period(name, kept.get(name, 0)) for name in every), outside)
    years: dict[str, int] = {}
    for name, items in kept.items():
        years[name[:4]] = years.get(name[:4], 0) + items
    span = range(begin // 12, end // 12 + 1)
    return Periods(tuple(Period(f"{year:04}", years.get(f"{year:04}", 0)) for year in span), outside)


def _choose_years(found: Mapping[str, int]) -> tuple[int, int]:
    """Returns the first and last year to draw: all, or those around the middle item."""
    years = sorted(int(name[:4]) for name in found)
    if years[-1] - years[0] < _MOST_YEARS:
        return years[0], years[-1]
    half, seen, middle = sum(found.values()) / 2, 0, years[0]
    for name in sorted(found):
        seen += found[name]
        if seen >= half:
            middle = int(name[:4])
            break
    return middle - _MOST_YEARS // 2, middle + _MOST_YEARS // 2 - 1


def _is_month(name: str) -> bool:
    is_dated = len(name) == 7 and name.isascii() and name[:4].isdigit() and name[5:].isdigit()
    return is_dated and 1 <= int(name[5:]) <= 12


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _percent(value: int, whole: int) -> str:
    return f"{min(100.0, 100 * value / whole) if whole > 0 else 0.0:.2f}"
