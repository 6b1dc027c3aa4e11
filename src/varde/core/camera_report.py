"""What a report on camera attribution is written from: everything a laboratory has to be able to answer for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from varde.core.camera import Reference, SearchExtent
from varde.core.camera_comparison import CameraComparison, CameraLink, NamedFingerprint


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """A camera as it was enrolled.

    Attributes:
        case: that it belongs to; "" for a reference of the laboratory's.
        exhibit, make, model, serial: as the person who enrolled it wrote them; "" where not given.
        authorisation: what enrolling it rests on.
        withdrawn_at: UTC; None while it is in use.
    """

    name: str
    case: str
    exhibit: str
    make: str
    model: str
    serial: str
    authorisation: str
    note: str
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None = None
    withdrawn_because: str = ""


@dataclass(frozen=True, slots=True)
class ReportedFingerprint:
    """A fingerprint that comparisons of a report rest on.

    Attributes:
        references: every file that it was to be made from, used or not.
        facts: of its quality.
    """

    fingerprint: NamedFingerprint
    made_at: datetime
    made_by: str
    references: tuple[Reference, ...]
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReportedComparison:
    """A comparison of a report.

    Attributes:
        number: 1, 2, 3 ... in the report; tables name files by it.
        decided: what a person decided last; None while nobody did.
        earlier: how many older comparisons of the same file with the same fingerprint this one stands for.
    """

    number: int
    comparison: CameraComparison
    decided: CameraLink | None
    earlier: int


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """What a calibration was measured on for one extent of search and about so many pixels.

    Attributes:
        matches, non_matches: comparisons with the same camera, and with others.
        match_support, non_match_support: how many independent ones they are worth.
        low, high: bounds of the log10 likelihood ratio.
        figures: further measured figures by name, such as ``cllr``.
    """

    method: str
    extent: SearchExtent
    pixels: int
    devices: int
    pictures: int
    matches: int
    non_matches: int
    match_support: float
    non_match_support: float
    low: float
    high: float
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ReportPlot:
    """A figure of a report.

    Attributes:
        svg: without script, style or outside resource.
    """

    title: str
    caption: str
    svg: str


@dataclass(frozen=True, slots=True)
class ReportedCalibration:
    """The calibration in force when a report was written, and the words it is told in.

    Attributes:
        source: what it was measured on and when.
        rows: one for each extent and number of pixels.
        scale: where the verbal scale is from.
        bands: likelihood ratio from which on, and the words.
        plots: of the calibration.
    """

    source: str
    rows: tuple[CalibrationRow, ...]
    scale: str
    bands: tuple[tuple[float, str], ...]
    plots: tuple[ReportPlot, ...]


@dataclass(frozen=True, slots=True)
class CameraReport:
    """Everything a report on one camera says.

    Attributes:
        case: that it is about; "" for all that the camera was ever compared with.
        report_id: unique in the site.
        audit_number, audit_hash: last event of the audit trail before it.
        comparisons: the newest of each file with each fingerprint, oldest first.
        leads_waiting: leads to this camera about which nobody decided anything.
    """

    site: str
    case: str
    authorisation: str
    report_id: str
    written_at: datetime
    written_by: str
    varde_version: str
    audit_number: int
    audit_hash: str
    camera: CameraFacts
    fingerprints: tuple[ReportedFingerprint, ...]
    comparisons: tuple[ReportedComparison, ...]
    calibration: ReportedCalibration
    decisions: tuple[CameraLink, ...]
    leads_waiting: int

    @property
    def assessable(self) -> tuple[ReportedComparison, ...]:
        """Those with a likelihood ratio."""
        return tuple(one for one in self.comparisons if one.comparison.is_assessable)

    @property
    def unassessable(self) -> tuple[ReportedComparison, ...]:
        """Those without, and their reasons are told."""
        return tuple(one for one in self.comparisons if not one.comparison.is_assessable)
