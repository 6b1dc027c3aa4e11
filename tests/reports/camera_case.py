"""A report on a camera with everything that can be in one, hostile names among it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from varde.core.camera import (
    FingerprintKind,
    Geometry,
    LikelihoodRatio,
    LinkVerdict,
    Reference,
    ReferenceState,
    SearchExtent,
    SourceScore,
    SourceSearch,
)
from varde.core.camera_comparison import CameraComparison, CameraLink, NamedFingerprint
from varde.core.camera_report import (
    CalibrationRow,
    CameraFacts,
    CameraReport,
    ReportedCalibration,
    ReportedComparison,
    ReportedFingerprint,
    ReportPlot,
)
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

AT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
SOURCE = "measured on 6 made-up cameras, 2026-11-23"
METHOD = Method("camera.residual+camera.pce", "2+2")
SAME = "The file {} was taken by the camera D70."
OTHER = "The file {} was taken by another camera of the same model as the camera D70."


def make_fingerprint(**changes: Any) -> NamedFingerprint:
    values: dict[str, Any] = {
        "fingerprint_id": 1,
        "camera_id": 1,
        "camera": "D70",
        "kind": FingerprintKind.PHOTO,
        "version": 2,
        "height_px": 2000,
        "width_px": 3008,
        "used": 9,
        "sha256": hashlib.sha256(b"fingerprint").digest(),
        "method": "camera.fingerprint/1",
    }
    return NamedFingerprint(**(values | changes))


def make_score(pce: float, *, extent: SearchExtent = SearchExtent.ALIGNED, **place: Any) -> SourceScore:
    places = 1 if extent is SearchExtent.ALIGNED else 6_016_000
    return SourceScore(pce, pce / 50_000, SourceSearch(extent, places, Geometry(**place)), 5_400_000, 0.91, METHOD)


def make_comparison(number: int, name: str, **changes: Any) -> CameraComparison:
    values: dict[str, Any] = {
        "comparison_id": number,
        "camera_id": 1,
        "camera": "D70",
        "fingerprint": make_fingerprint(),
        "name": name,
        "sha256": hashlib.sha256(name.encode()).digest(),
        "content_id": number,
        "case_id": 1,
        "case": "2026-0042",
        "outcome": make_score(512.3),
        "likelihood": LikelihoodRatio(2.71, True, "moderately strong support that this camera took it", SOURCE),
        "compared_at": AT,
        "person": "kim",
        "same": SAME.format(name),
        "other": OTHER.format(name),
        "surface": tuple(tuple(22.6 if y == x == 3 else (x * y) % 3 - 1.0 for x in range(7)) for y in range(7)),
        "stated": {"make": "NIKON CORPORATION", "model": "NIKON D70", "orientation": 6, "serial": ""},
    }
    return CameraComparison(**(values | changes))


def make_link(verdict: LinkVerdict = LinkVerdict.LINKED, *, comparison_id: int = 1) -> CameraLink:
    note = "one place, far above every other camera; same serial number"
    return CameraLink(1, 1, "D70", comparison_id, comparison_id, 1, "2026-0042", verdict, note, AT, "kim")


def make_references() -> tuple[Reference, ...]:
    found = [
        Reference(
            f"flat_{n}.jpg", bytes([n]) * 32, ReferenceState.USED, None, 800.5 + n, {"mean": 128.5, "usable": 1.0}
        )
        for n in range(1, 10)
    ]
    alien = NotComparable(Reason.QUALITY_TOO_LOW, "PCE 1.2 against the others, which have 801 to 809.")
    dark = NotComparable(Reason.TOO_DARK, "12 % of it can be used; at least 25 %.")
    found.append(Reference("alien.jpg", bytes([77]) * 32, ReferenceState.OUTLIER, alien, 1.2, {"make": "Other"}))
    found.append(Reference("dark.jpg", bytes([78]) * 32, ReferenceState.REFUSED, dark, None, {}))
    return tuple(found)


def make_comparisons() -> tuple[ReportedComparison, ...]:
    against = LikelihoodRatio(-1.9, False, "moderate support that another camera of the same model took it", SOURCE)
    cut = make_score(61.0, extent=SearchExtent.SCALED, scale=0.5, turn=90, mirrored=True, shift=(120.0, 64.0))
    weak = LikelihoodRatio(0.62, False, "weak support that this camera took it", SOURCE)
    small = NotComparable(Reason.TOO_SMALL, "It has 120 x 90 pixels; at least 256 on each side.")
    uncalibrated = NotComparable(Reason.NOT_CALIBRATED, "70,000 pixels were compared; measured from 260,000 on.")
    notes = ("The file names another camera: Other X.",)
    made = [
        make_comparison(1, "IMG_0001.JPG"),
        make_comparison(2, "IMG_0002.JPG", outcome=make_score(-1.4), likelihood=against),
        make_comparison(3, "<script>alert(1)</script>\u202egpj.exe", outcome=cut, likelihood=weak, notes=notes),
        make_comparison(4, "tiny.png", outcome=small, likelihood=small, advice="Find a larger copy.", stated={}),
        make_comparison(5, "crop.jpg", outcome=make_score(9.0), likelihood=uncalibrated, fingerprint=None),
    ]
    return tuple(ReportedComparison(n, one, make_link() if n == 1 else None, n == 1) for n, one in enumerate(made, 1))


def make_report(**changes: Any) -> CameraReport:
    """Returns a report; the same one each time."""
    row = CalibrationRow(
        str(METHOD),
        SearchExtent.ALIGNED,
        262_144,
        6,
        120,
        120,
        600,
        60.0,
        300.0,
        -1.9,
        2.7,
        {"cllr": 0.21, "misleading": 0.02, "misleading_low": 0.01, "misleading_high": 0.05},
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 6"><path d="M0 6 L10 0" stroke="#1f5f7a"/></svg>'
    bands = ((2.0, "weak support"), (10.0, "moderate support"), (100.0, "moderately strong support"))
    values: dict[str, Any] = {
        "site": "Test unit",
        "case": "2026-0042",
        "authorisation": "warrant 17/26",
        "report_id": "20261123T040506Z-17",
        "written_at": AT,
        "written_by": "kim",
        "varde_version": "0.6.0",
        "audit_number": 17,
        "audit_hash": "ab" * 32,
        "camera": CameraFacts(
            "D70", "2026-0042", "7", "NIKON CORPORATION", "NIKON D70", "20001", "order 7/26", "body only", AT, "kim"
        ),
        "fingerprints": (
            ReportedFingerprint(
                make_fingerprint(), AT, "kim", make_references(), {"expected_correlation": 0.042, "warnings": ["few"]}
            ),
        ),
        "comparisons": make_comparisons(),
        "calibration": ReportedCalibration(
            SOURCE, (row,), "ENFSI 2015", bands, (ReportPlot("Tippett", "Both sides.", svg),)
        ),
        "decisions": (make_link(),),
        "leads_waiting": 2,
    }
    return CameraReport(**(values | changes))
