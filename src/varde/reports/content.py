"""What a report is written from: records of items and issues, the source that streams them, and the options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from varde.core.decision import Decision
from varde.core.digest import Digests
from varde.core.finding import OperatingPoint
from varde.core.issue import Issue
from varde.core.item import Origin
from varde.core.known import SetRole
from varde.core.media import Facts, MediaKind, MediaType, Thumbnail
from varde.core.signal import Signal
from varde.reports.head import ReportHead

QUIET_ROLES = (SetRole.KNOWN, SetRole.NEGATIVE)
"""Roles of sets whose matches say nothing that a person has to look at."""


@dataclass(frozen=True, slots=True)
class ReportMatch:
    """A match of an item with an entry of a known set.

    Attributes:
        role: the set's role; a match with a ``KNOWN`` set says nothing about good or bad.
        scheme: ``name@version`` the code is on, "" where the set has none.
        code: the authority's code, None where uncategorised.
        entry: the source's own identifier of the entry, "" where none.
        point: operating point that accepted the match.
        distance: smaller is closer, 0 for exact digests.
        offset_s: time of the matching video frame in seconds, None for pictures and digests.
        how: how it matched beyond that, such as ``mirrored``; "" where as it is.
        status: what a person has to know of it: disputed, in conflict, withdrawn, suppressed; "" where simply a match.
    """

    set_name: str
    set_version: str
    role: SetRole
    scheme: str
    code: str | None
    entry: str
    point: OperatingPoint
    distance: int
    offset_s: float | None = None
    how: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One item with everything known of it.

    Attributes:
        exhibit: number of its exhibit in the case.
        locator: its place as storable text (``str(Locator)``).
        size_bytes: None where it was never read.
        modified_at: UTC, None where unknown.
        digests: None where the bytes could not be read.
        media: None where the type was not determined.
        facts: None where it was not decoded.
        signal: perceptual hashes or why there are none; None where none was tried.
        matches: matches within the operating points, closest first.
        decisions: every decision on it, oldest first.
        issues: its own issues.
        set_aside: matches that are none any more, since their entry was withdrawn or a negative set explains them.
    """

    item_id: int
    exhibit: int
    locator: str
    origin: Origin
    size_bytes: int | None = None
    modified_at: datetime | None = None
    digests: Digests | None = None
    media: MediaType | None = None
    facts: Facts | None = None
    signal: Signal | None = None
    matches: tuple[ReportMatch, ...] = ()
    decisions: tuple[Decision, ...] = ()
    issues: tuple[Issue, ...] = ()
    set_aside: tuple[ReportMatch, ...] = ()

    @property
    def kind(self) -> MediaKind:
        """Its kind; ``OTHER`` where the type was not determined."""
        return self.media.kind if self.media else MediaKind.OTHER

    @property
    def decision(self) -> Decision | None:
        """The decision in force: the last one, unless it withdraws the one before."""
        last = max(self.decisions, key=lambda decision: decision.decision_id, default=None)
        return last if last and last.grade else None

    @property
    def grade_key(self) -> str:
        """``scheme@version:code`` of the decision in force, "" where there is none."""
        return str(self.decision.grade) if self.decision else ""

    @property
    def is_notable(self) -> bool:
        """Whether a report shows it by itself: decided at some time, or matched with a set to look at."""
        return bool(self.decisions) or any(match.role not in QUIET_ROLES for match in self.matches)


@dataclass(frozen=True, slots=True)
class ReportIssue:
    """An issue with its place.

    Attributes:
        item_id: None where the place never became an item (a link, a member that could not be unpacked ...).
    """

    exhibit: int
    locator: str
    item_id: int | None
    issue: Issue


class ReportSource(Protocol):
    """Where a report gets its records. Every call starts a fresh stream over the same unchanging state of the case.

    The caller holds one read transaction (or the like) open while a report is written, so that figures and rows agree.
    """

    @property
    def head(self) -> ReportHead:
        """What is said of the case as a whole."""

    def items(self) -> Iterator[ReportItem]:
        """Streams every item in the order of exhibit number and locator."""

    def notable(self) -> Iterator[ReportItem]:
        """Streams the items that are `ReportItem.is_notable`, those with equal `ReportItem.grade_key` together.

        Decided items come first, so that a limit cuts off undecided matches and not decisions.
        """

    def media(self) -> Iterator[ReportItem]:
        """Streams the items that have digests in ascending order of SHA-256, then those of equal `grade_key` together.

        SQL: ``ORDER BY content.sha256, grade in force, exhibit number, locator``.
        """

    def issues(self) -> Iterator[ReportIssue]:
        """Streams every issue, those without an item included, in the order of exhibit number and locator."""

    def thumbnail(self, item: ReportItem) -> Thumbnail | None:
        """Returns the stored thumbnail of an item, None where there is none."""


@dataclass(frozen=True, slots=True)
class ThumbnailView:
    """How pictures are shown.

    Attributes:
        render: returns the thumbnail as it may be shown. Blur and grey must be in its pixels: a report is a file that
            anybody can take apart.
        statement: one plain sentence for the reader, such as "Pictures are shown grey and blurred."
    """

    render: Callable[[Thumbnail], Thumbnail]
    statement: str


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report shows. The limits bound the HTML only; the CSV always holds everything.

    Attributes:
        thumbnails: None shows no picture at all.
        max_shown_items: decided or matched items shown one by one.
        max_shown_matches: matches shown of one item.
        max_shown_issues: issues listed one by one.
        max_other_items: other items listed in a table; 0 leaves the table out.
    """

    thumbnails: ThumbnailView | None = None
    max_shown_items: int = 1_000
    max_shown_matches: int = 10
    max_shown_issues: int = 1_000
    max_other_items: int = 0


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file of a report.

    Attributes:
        sha256: raw digest of its bytes, for the audit trail.
    """

    path: Path
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a report writer left behind.

    Attributes:
        files: the files, complete and closed.
        counts: what went into them and what was left out, by a stable lower-case name.
    """

    files: tuple[WrittenFile, ...]
    counts: dict[str, int]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of the files."""
        return tuple(file.path for file in self.files)


class ReportWriter(Protocol):
    """What the entry points in ``varde.reports`` are: functions that write one kind of report into a folder."""

    def __call__(self, source: ReportSource, folder: Path, options: ReportOptions) -> Written:
        """Writes the report; a file appears under its name only when it is complete.

        Raises:
            OSError: if the folder cannot be written to.
            IntegrityFailure: if the streamed records contradict the head's figures or the promised order.
        """
