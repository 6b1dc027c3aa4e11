"""Plots by which a calibration is judged: Tippett, empirical cross-entropy, and the curve from score to ratio."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from varde.camera.calibration import ScoreTable
from varde.camera.svg_chart import BLUE, GREY, ORANGE, Chart, Line, draw
from varde.measures.estimate import Floats
from varde.measures.pooling import pool_scores

_RATIOS: Final = tuple((float(value), f"{value:+d}" if value else "0") for value in range(-3, 4))
_SHARES: Final = tuple((value / 4, f"{value * 25} %") for value in range(5))
_FIRST: Final = -5
"""Lowest strength on the axis of a curve; the highest is where it has reached its bounds."""

_PRIORS: Final = np.linspace(-3, 3, 61)


def plot_tippett(matches: Floats, non_matches: Floats) -> str:
    """Returns a Tippett plot: what share of each kind of comparison reached each log10 likelihood ratio, as SVG.

    Args:
        matches, non_matches: log10 likelihood ratios of comparisons whose truth is known; at least one each.
    """
    chart = Chart(
        "Tippett plot: share of comparisons that reach a likelihood ratio",
        "log10 likelihood ratio",
        "share of comparisons at or above",
        _RATIOS,
        _SHARES,
        (
            Line(f"same camera ({len(matches):,})", _exceed(matches), BLUE),
            Line(f"another camera ({len(non_matches):,})", _exceed(non_matches), ORANGE, "7 4"),
        ),
        (0.0, "ratio 1"),
    )
    return draw(chart)


def plot_cross_entropy(matches: Floats, non_matches: Floats) -> str:
    """Returns the empirical cross-entropy over the prior odds as SVG: how many bits a decision still lacks.

    Three lines: the ratios as given, the best that any calibration of the same order could give, and no evidence.

    Source: Ramos and Gonzalez-Rodriguez, "Reliable support: measuring calibration of likelihood ratios" (2013).
    """
    blocks = pool_scores(matches, non_matches)
    with np.errstate(divide="ignore"):
        pooled = np.log10(blocks[:, 0]) - np.log10(blocks[:, 1])
    even, other = np.full(len(matches), 1 / len(matches)), np.full(len(non_matches), 1 / len(non_matches))
    given = [(x, _cost(x, matches, even, non_matches, other)) for x in _PRIORS]
    best = [(x, _cost(x, pooled, blocks[:, 0], pooled, blocks[:, 1])) for x in _PRIORS]
    nothing = [(x, _cost(x, np.zeros(1), np.ones(1), np.zeros(1), np.ones(1))) for x in _PRIORS]
    chart = Chart(
        "Empirical cross-entropy over the prior odds",
        "log10 prior odds",
        "cross-entropy in bits",
        _RATIOS,
        tuple((value / 5, f"{value / 5:.1f}") for value in range(6)),
        (Line("as given", given, BLUE), Line("best possible", best, ORANGE, "7 4"), Line("none", nothing, GREY, "2 3")),
    )
    return draw(chart)


def plot_curve(table: ScoreTable, strength: float | None = None) -> str:
    """Returns the log10 likelihood ratio over the strength of a score as SVG, with its bounds.

    Args:
        table: of an extent and a number of pixels.
        strength: of the score in question (see `varde.camera.strength`), marked; None for none.
    """
    last = 10 * max(2, math.ceil(max(table.null_highest, _find_end(table)) / 10))
    places = np.linspace(_FIRST, last, 241)
    bottom, top = min(-2, math.floor(table.low)), max(3, math.ceil(table.high))
    chart = Chart(
        "What a score is worth: log10 likelihood ratio over the strength of the correlation",
        "strength: signed root of the PCE, less what chance gives",
        "log10 likelihood ratio",
        tuple((float(value), str(value)) for value in range(_FIRST, last + 1, 5 if last <= 40 else last // 8 // 5 * 5)),
        tuple((float(value), f"{value:+d}" if value else "0") for value in range(bottom, top + 1)),
        (
            Line("within its bounds", [(x, table.read(x)[0]) for x in places], BLUE),
            Line("highest of another camera", [(table.null_highest, -9), (table.null_highest, 9)], ORANGE, "7 4"),
        ),
        None if strength is None else (strength, _name_mark(strength, last)),
    )
    return draw(chart)


def _name_mark(strength: float, last: float) -> str:
    """Returns what stands beside the mark; with its value where it lies beyond the axis and is drawn at its end."""
    return "this comparison" if _FIRST <= strength <= last else f"this comparison, beyond at {strength:.0f}"


def _exceed(values: Floats) -> list[tuple[float, float]]:
    """Returns the corners of the share of values at or above each place, from left to right."""
    rising = np.sort(values)
    shares = 1 - np.arange(len(rising)) / len(rising)
    below = np.append(shares[1:], 0.0)
    points = [(-99.0, 1.0)]
    for value, share, after in zip(rising, shares, below, strict=True):
        points += [(float(value), float(share)), (float(value), float(after))]
    return [*points, (99.0, 0.0)]


def _cost(prior: float, matches: Floats, match_shares: Floats, others: Floats, other_shares: Floats) -> float:
    """Returns the cross-entropy in bits at log10 prior odds; shares of each kind sum to 1."""
    scale, odds = math.log(10), prior * math.log(10)
    chance = 1 / (1 + math.exp(-odds))
    missed = np.logaddexp(0, -(matches[match_shares > 0] * scale + odds)) @ match_shares[match_shares > 0]
    accepted = np.logaddexp(0, others[other_shares > 0] * scale + odds) @ other_shares[other_shares > 0]
    return float((chance * missed + (1 - chance) * accepted) / math.log(2))


def _find_end(table: ScoreTable) -> float:
    """Returns about where the curve reaches its upper bound."""
    return next((float(x) for x in range(0, 200, 5) if table.extrapolate(x) >= table.high), 200.0)
