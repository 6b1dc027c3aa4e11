"""The report on a camera as plain data: everything its page says, for programs and for whoever checks it."""

from __future__ import annotations

from typing import Any, Final

from varde.core.camera import LikelihoodRatio, Reference, SourceScore
from varde.core.camera_comparison import CameraComparison, CameraLink, NamedFingerprint, describe_search
from varde.core.camera_report import CalibrationRow, CameraFacts, CameraReport, ReportedComparison, ReportedFingerprint
from varde.reports import camera_words
from varde.reports.text import write_time

FORMAT: Final = "varde-camera-report/1"


def describe_report(report: CameraReport) -> dict[str, Any]:
    """Returns everything that a report says as plain data."""
    calibration = report.calibration
    return {
        "format": FORMAT,
        "report": report.report_id,
        "site": report.site,
        "case": report.case or None,
        "authorisation": report.authorisation or None,
        "written_at": write_time(report.written_at),
        "written_by": report.written_by,
        "software": f"Varde {report.varde_version}",
        "audit": {"number": report.audit_number, "hash": report.audit_hash},
        "question": camera_words.QUESTION,
        "propositions": {"same": camera_words.SAME, "other": camera_words.OTHER},
        "camera": _describe_camera(report.camera),
        "fingerprints": [_describe_fingerprint(one) for one in report.fingerprints],
        "calibration": {
            "source": calibration.source,
            "tables": [_describe_row(row) for row in calibration.rows],
            "verbal_scale": {"name": calibration.scale, "bands": [list(band) for band in calibration.bands]},
        },
        "comparisons": [_describe_reported(one) for one in report.comparisons],
        "decisions": [describe_link(one) for one in report.decisions],
        "leads_waiting": report.leads_waiting,
        "methods": dict(camera_words.METHODS),
        "limits": list(camera_words.LIMITS),
    }


def _describe_camera(camera: CameraFacts) -> dict[str, Any]:
    return {
        "name": camera.name,
        "case": camera.case or None,
        "exhibit": camera.exhibit,
        "make": camera.make,
        "model": camera.model,
        "serial": camera.serial,
        "authorisation": camera.authorisation,
        "note": camera.note,
        "added_at": write_time(camera.added_at),
        "added_by": camera.added_by,
        "withdrawn_at": write_time(camera.withdrawn_at) if camera.withdrawn_at else None,
        "withdrawn_because": camera.withdrawn_because or None,
    }


def _describe_row(row: CalibrationRow) -> dict[str, Any]:
    return {
        "method": row.method,
        "extent": row.extent.value,
        "pixels": row.pixels,
        "devices": row.devices,
        "pictures": row.pictures,
        "matches": row.matches,
        "non_matches": row.non_matches,
        "match_support": row.match_support,
        "non_match_support": row.non_match_support,
        "bounds": [row.low, row.high],
        "figures": dict(row.figures),
    }


def _describe_fingerprint(one: ReportedFingerprint) -> dict[str, Any]:
    made = one.fingerprint
    return {
        "kind": made.kind.value,
        "version": made.version,
        "sha256": made.sha256.hex(),
        "size": [made.height_px, made.width_px],
        "method": made.method,
        "made_at": write_time(one.made_at),
        "made_by": one.made_by,
        "facts": dict(one.facts),
        "references": [_describe_reference(reference) for reference in one.references],
    }


def _describe_reference(one: Reference) -> dict[str, Any]:
    return {
        "name": one.name,
        "sha256": one.sha256.hex(),
        "state": one.state.value,
        "reason": one.refused.reason.value if one.refused else None,
        "detail": one.refused.detail if one.refused else None,
        "pce": None if one.pce is None else round(one.pce, 2),
        "facts": one.facts,
    }


def _describe_reported(shown: ReportedComparison) -> dict[str, Any]:
    facts = {
        "number": shown.number,
        "stands_for_earlier": shown.earlier,
        "decided": describe_link(shown.decided) if shown.decided else None,
    }
    return describe_comparison(shown.comparison) | facts


def describe_comparison(one: CameraComparison) -> dict[str, Any]:
    """Returns a comparison as plain data; the first six keys are the fixed form that programs rely on."""
    score = one.outcome if isinstance(one.outcome, SourceScore) else None
    weighed = one.likelihood if isinstance(one.likelihood, LikelihoodRatio) else None
    refused = one.refused
    return {
        "file": one.name,
        "assessable": one.is_assessable,
        "reason": refused.reason.value if refused else None,
        "pce": round(score.pce, 2) if score else None,
        "log10_lr": round(weighed.log10_lr, 3) if weighed else None,
        "search": describe_search(one.outcome),
        "detail": refused.detail if refused else None,
        "advice": one.advice or None,
        "words": weighed.words if weighed else None,
        "is_bounded": weighed.is_bounded if weighed else None,
        "calibration": weighed.calibration if weighed else None,
        "propositions": {"same": one.same, "other": one.other} if one.same else None,
        "correlation": round(score.correlation, 6) if score else None,
        "pixels": score.pixels if score else None,
        "usable": round(score.usable, 4) if score else None,
        "method": str(score.method) if score else None,
        "fingerprint": _describe_named(one.fingerprint) if one.fingerprint else None,
        "camera": one.camera,
        "sha256": one.sha256.hex() if one.sha256 else None,
        "stated": dict(one.stated),
        "notes": list(one.notes),
        "case": one.case or None,
        "comparison": one.comparison_id,
        "compared_at": write_time(one.compared_at),
        "person": one.person,
    }


def describe_link(link: CameraLink) -> dict[str, Any]:
    """Returns a decision as plain data."""
    return {
        "link": link.link_id,
        "camera": link.camera,
        "case": link.case,
        "comparison": link.comparison_id,
        "verdict": link.verdict.value,
        "note": link.note,
        "at": write_time(link.at),
        "person": link.person,
    }


def _describe_named(made: NamedFingerprint) -> dict[str, Any]:
    return {
        "kind": made.kind.value,
        "version": made.version,
        "sha256": made.sha256.hex(),
        "references": made.used,
        "size": [made.height_px, made.width_px],
        "method": made.method,
    }
