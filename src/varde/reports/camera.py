"""Writes the report on a camera as one self-contained HTML file that a laboratory can sign, and the same as JSON."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path

from varde.core.camera import SourceScore
from varde.core.camera_comparison import CameraLink
from varde.core.camera_report import CalibrationRow, CameraReport, ReportedComparison, ReportPlot
from varde.reports import camera_facts, camera_words
from varde.reports.camera_document import describe_report
from varde.reports.camera_surface import draw_surface
from varde.reports.content import Written
from varde.reports.html import make_environment, make_policy
from varde.reports.output import open_output, read_written
from varde.reports.text import css_string, show_time

MOST_ROWS = 2_000
"""Comparisons shown in the HTML; the JSON has all of them."""

MOST_SURFACES = 8
"""Files whose correlation surface is shown."""

_TEMPLATES = Path(__file__).with_name("templates")


def write_camera_report(report: CameraReport, folder: Path) -> Written:
    """Writes ``camera-report.html`` and ``camera-report.json`` and returns them with their digests.

    Raises:
        OSError: if the folder cannot be written to.
    """
    style = _read_style(report)
    template = make_environment().get_template("camera.html.jinja")
    page, data = folder / "camera-report.html", folder / "camera-report.json"
    with open_output(page) as file:
        for chunk in template.generate(
            report=report,
            words=camera_words,
            reasons=camera_words.REASONS,
            show=_Shown(report),
            most=MOST_ROWS,
            style=style,
            policy=make_policy(style),
        ):
            file.write(chunk)
    with open_output(data) as file:
        file.write(json.dumps(describe_report(report), ensure_ascii=False, indent=1) + "\n")
    return Written((read_written(page), read_written(data)), _count(report))


class _Shown:
    """What the template asks for in words."""

    def __init__(self, report: CameraReport) -> None:
        self._report = report
        self._numbers = {one.comparison.content_id: one for one in report.comparisons}

    ratio = staticmethod(camera_words.write_ratio)
    found = staticmethod(camera_words.write_found)

    def file(self, link: CameraLink) -> str:
        """Returns which file a decision is about."""
        shown = self._numbers.get(link.content_id)
        return f"No. {shown.number}: {shown.comparison.name}" if shown else f"comparison {link.comparison_id}"

    facts = staticmethod(camera_facts.tell_facts)
    stated = staticmethod(camera_facts.tell_stated)

    def log(self, ratio: float) -> str:
        """Returns the decimal logarithm of a ratio."""
        return f"{math.log10(ratio):.1f}"

    def surfaces(self) -> list[tuple[ReportedComparison, str]]:
        """Returns the files that speak most for the camera, with the correlation around their place as an address."""
        drawn = [one for one in self._report.assessable if one.comparison.surface]
        drawn.sort(key=_get_pce, reverse=True)
        return [(one, _address(draw_surface(one.comparison.surface))) for one in drawn[:MOST_SURFACES]]

    def figure(self, row: CalibrationRow, name: str) -> str:
        """Returns a figure of a calibration; a dash where it was not measured."""
        return f"{row.figures[name]:.2f}" if name in row.figures else "\u2013"

    def misleading(self, row: CalibrationRow) -> str:
        """Returns how often ratios spoke for the camera of files that another took, with the interval."""
        if not {"misleading", "misleading_low", "misleading_high"} <= set(row.figures):
            return "\u2013"
        share, low, high = (100 * row.figures[f"misleading{end}"] for end in ("", "_low", "_high"))
        return f"{share:.1f} % ({low:.1f} to {high:.1f})"

    def plot(self, plot: ReportPlot) -> str:
        """Returns a figure as a ``data:`` address: a picture can run nothing and load nothing."""
        return _address(plot.svg)


def _address(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")


def _get_pce(one: ReportedComparison) -> float:
    return one.comparison.outcome.pce if isinstance(one.comparison.outcome, SourceScore) else 0.0


def _count(report: CameraReport) -> dict[str, int]:
    return {
        "comparisons": len(report.comparisons),
        "assessable": len(report.assessable),
        "decisions": len(report.decisions),
        "references": sum(len(one.references) for one in report.fingerprints),
        "more_comparisons": max(0, len(report.comparisons) - MOST_ROWS),
    }


def _read_style(report: CameraReport) -> str:
    """Returns the style sheet of all reports, what this one adds, and the running header of printed pages."""
    style = "".join(_TEMPLATES.joinpath(name).read_text(encoding="utf-8") for name in ("report.css", "camera.css"))
    left = css_string(f"Camera {report.camera.name} \u00b7 report {report.report_id}")
    right = css_string(show_time(report.written_at))
    return style + f"@page {{ @top-left {{ content: {left} }} @top-right {{ content: {right} }} }}\n"
