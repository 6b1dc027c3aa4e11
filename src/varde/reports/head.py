"""What a report says of the case as a whole, before any single item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from varde.core.camera import LinkVerdict
from varde.core.case import Case, Exhibit
from varde.core.finding import OperatingPoint
from varde.core.issue import IssueCode, Step
from varde.core.known import SetRole
from varde.core.media import MediaKind
from varde.core.outcome import Reason
from varde.core.scheme import Grade, GradeScheme
from varde.core.signal import Method


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The last event of the audit trail when the report was written, to compare with a signed checkpoint.

    Attributes:
        number: the event's number; 0 where the trail is empty.
        hash_hex: its chained SHA-256 as 64 lower-case hexadecimal digits.
    """

    number: int
    hash_hex: str


@dataclass(frozen=True, slots=True)
class ReportExhibit:
    """An exhibit and what was found in it.

    Attributes:
        exhibit: the exhibit; ``exhibit.walked`` is False where listing it was not finished.
        items: items in it, archive members included.
        issues: issues in it, those without an item included.
        bytes_read: sum of the sizes of its items.
    """

    exhibit: Exhibit
    items: int
    issues: int
    bytes_read: int


@dataclass(frozen=True, slots=True)
class ReportMethod:
    """A method the case was examined with.

    Attributes:
        method: name and version.
        purpose: what it was used for, one plain sentence.
        points: operating points in use; empty where the method compares nothing.
        limits: what it is known to miss or confuse, one plain sentence each (see `varde.reports.wording`).
    """

    method: Method
    purpose: str
    points: tuple[OperatingPoint, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportSet:
    """A known set the case was compared with.

    Attributes:
        scheme: ``name@version`` of the scheme its codes are on, "" where it has none.
        entries: entries in the set.
        imported_at: UTC.
        file_sha256: raw SHA-256 of the file it came from, None for a folder of pictures.
        matched_items: items of this case with at least one match in it.
        remark: what a person has to know of it: withdrawn, disputed, entries in quarantine; "" where nothing.
    """

    name: str
    version: str
    owner: str
    role: SetRole
    scheme: str
    entries: int
    imported_at: datetime
    file_sha256: bytes | None
    matched_items: int
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ReportIdentification:
    """A person's decision, in force, whether a face is a victim's.

    Attributes:
        alias: of the victim, within the case.
        is_same: False where an earlier identification was taken back, or it was decided that it is somebody else.
        place: exhibit and locator of an item of this case that shows the face; "" where only another case does.
    """

    alias: str
    is_same: bool
    place: str
    note: str
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class ReportCameraLink:
    """A person's decision, in force, whether a file of the case was taken with a camera.

    Attributes:
        camera: its name; "" where it is of another case.
        place: exhibit and locator of an item of this case that has the file.
        worth: what the comparison gave that the person had before them, in words.
    """

    camera: str
    verdict: LinkVerdict
    place: str
    worth: str
    note: str
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class KindCount:
    """Items of one kind, and their bytes."""

    kind: MediaKind
    items: int
    bytes_read: int


@dataclass(frozen=True, slots=True)
class IssueCount:
    """Issues of one code met in one step."""

    code: IssueCode
    step: Step
    issues: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The summary figures. They must agree with what the source streams; the CSV report checks it.

    Attributes:
        places: everything that was found at a place: items, and issues that belong to no item.
        items: number of items `ReportSource.items` gives.
        contents: distinct contents among the items.
        bytes_read: sum of the items' sizes.
        kinds: items by kind; items of unknown kind are ``OTHER``.
        hashed: items with at least one perceptual hash.
        not_comparable: items for which no perceptual hash could be computed or compared, by reason.
        decided: items by grade in force.
        undecided: items without a decision in force.
        matched: items with at least one match that a person has to look at.
        set_aside: items with a match that would be one if it had not been withdrawn or suppressed.
        issues: number of issues `ReportSource.issues` gives, by code and step.
    """

    places: int
    items: int
    contents: int
    bytes_read: int
    kinds: tuple[KindCount, ...]
    hashed: int
    not_comparable: tuple[tuple[Reason, int], ...]
    decided: tuple[tuple[Grade, int], ...]
    undecided: int
    matched: int
    issues: tuple[IssueCount, ...]
    set_aside: int = 0

    @property
    def issues_total(self) -> int:
        """Number of all issues."""
        return sum(count.issues for count in self.issues)

    @property
    def decided_total(self) -> int:
        """Number of items with a decision in force."""
        return sum(items for _, items in self.decided)


@dataclass(frozen=True, slots=True)
class ReportHead:
    """Everything a report says of the case as a whole.

    Attributes:
        site: name of the installation.
        case: the case with its authorisation.
        scheme: the scheme its decisions are made on.
        report_id: the report's number, unique in the site.
        written_at: UTC.
        written_by: the person who asked for it.
        varde_version: version of the software.
        audit: last audit event before this report.
        not_examined: further plain sentences on what this version does not examine at all.
        notices: what must not be missed: matches that were acted on and withdrawn or disputed since, one sentence each.
        identifications: what people decided of faces and this case's victims.
        linked_cases: names of cases that people decided belong to this one.
        camera_links: what people decided of files of this case and cameras.
        camera_leads: how many files speak for an enrolled camera by their sensor noise, and nobody decided about them.
    """

    site: str
    case: Case
    scheme: GradeScheme
    report_id: str
    written_at: datetime
    written_by: str
    varde_version: str
    audit: AuditHead
    exhibits: tuple[ReportExhibit, ...]
    methods: tuple[ReportMethod, ...]
    known_sets: tuple[ReportSet, ...]
    counts: Counts
    not_examined: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    identifications: tuple[ReportIdentification, ...] = ()
    linked_cases: tuple[str, ...] = ()
    camera_links: tuple[ReportCameraLink, ...] = ()
    camera_leads: int = 0
