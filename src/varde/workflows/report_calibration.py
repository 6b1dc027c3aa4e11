"""The calibration of camera comparisons in force, as reports and pages tell it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from varde.camera.calibration import ScoreTable, SourceCalibration
from varde.camera.calibration_plots import plot_cross_entropy, plot_curve, plot_tippett
from varde.core.camera import SourceScore
from varde.core.camera_report import CalibrationRow, ReportedCalibration, ReportPlot
from varde.store.site import Site
from varde.workflows.calibrate_camera import find_calibration

_MOST_TABLES: Final = 4
"""Tables whose plots are shown: those that most results were weighed by."""


def read_reported(site: Site, scores: Sequence[SourceScore] = ()) -> ReportedCalibration:
    """Returns the calibration in force with everything a report tells of it.

    Args:
        site: whose calibration.
        scores: that were weighed; plots are of the tables these fall on.
    """
    calibration = find_calibration(site).calibration
    return ReportedCalibration(
        source=calibration.source,
        rows=tuple(_describe_row(table) for table in calibration.tables),
        scale=calibration.scale.name,
        bands=tuple((band.least, band.words) for band in calibration.scale.bands),
        plots=tuple(plot for table in _find_used(calibration, scores) for plot in draw_table(table)),
    )


def draw_table(table: ScoreTable) -> Iterator[ReportPlot]:
    """Yields the figures of what was measured for one extent and number of pixels."""
    of = f"search {table.extent.value!r}, about {table.pixels:,} pixels"
    yield ReportPlot(
        f"What a score is worth: {of}",
        "Log10 likelihood ratio by strength of the score; it ends where the number of comparisons bears no more.",
        plot_curve(table),
    )
    if not table.match_lrs or not table.non_match_lrs:
        return
    same, others = np.asarray(table.match_lrs), np.asarray(table.non_match_lrs)
    yield ReportPlot(
        f"Tippett plot: {of}",
        "Share of comparisons left out whose log10 likelihood ratio is higher than the value below: with the same "
        "camera, and with others.",
        plot_tippett(same, others),
    )
    yield ReportPlot(
        f"Empirical cross-entropy: {of}",
        "Cost of relying on the ratios, by prior odds: as they are, as well as they could be, and without them.",
        plot_cross_entropy(same, others),
    )


def find_table(calibration: SourceCalibration, score: SourceScore) -> ScoreTable | None:
    """Returns the table nearest to a score by pixels, of its method and extent; None where there is none."""
    fitting = [
        table
        for table in calibration.tables
        if table.method == str(score.method) and table.extent is score.search.extent
    ]
    return min(fitting, key=lambda table: abs(math.log(table.pixels / max(score.pixels, 1))), default=None)


def _find_used(calibration: SourceCalibration, scores: Iterable[SourceScore]) -> list[ScoreTable]:
    used: dict[tuple[str, str, int], list[ScoreTable]] = {}
    for score in scores:
        table = find_table(calibration, score)
        if table is not None:
            used.setdefault((table.method, table.extent.value, table.pixels), []).append(table)
    most = sorted(used.values(), key=len, reverse=True)[:_MOST_TABLES]
    return [tables[0] for tables in most]


def _describe_row(table: ScoreTable) -> CalibrationRow:
    return CalibrationRow(
        method=table.method,
        extent=table.extent,
        pixels=table.pixels,
        devices=table.devices,
        pictures=table.pictures,
        matches=table.matches,
        non_matches=table.non_matches,
        match_support=table.match_support,
        non_match_support=table.non_match_support,
        low=table.low,
        high=table.high,
        figures=table.figures,
    )
