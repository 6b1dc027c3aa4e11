"""The calibration of camera comparisons in force, as reports and pages tell it."""

from __future__ import annotations

from varde.camera.calibration import ScoreTable
from varde.core.camera_report import CalibrationRow, ReportedCalibration
from varde.store.site import Site
from varde.workflows.calibrate_camera import find_calibration


def read_reported(site: Site) -> ReportedCalibration:
    """Returns the calibration in force with everything a report tells of it."""
    calibration = find_calibration(site).calibration
    return ReportedCalibration(
        source=calibration.source,
        rows=tuple(_describe_row(table) for table in calibration.tables),
        scale=calibration.scale.name,
        bands=tuple((band.least, band.words) for band in calibration.scale.bands),
        plots=(),
    )


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
        figures={},
    )
