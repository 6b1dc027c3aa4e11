"""A made-up case for report tests: any number of items, generated on the fly, some with hostile names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from varde.core.case import Authorisation, Case, Exhibit, Keeping
from varde.core.decision import Decision
from varde.core.digest import Digests
from varde.core.finding import OperatingPoint
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import Origin
from varde.core.known import SetRole
from varde.core.locator import path_locator
from varde.core.media import Facts, MediaKind, MediaType, Thumbnail
from varde.core.outcome import NotComparable, Reason
from varde.core.scheme import Grade, GradeScheme
from varde.core.signal import Method, PerceptualHash, Signal
from varde.reports.content import ReportIssue, ReportItem, ReportMatch
from varde.reports.head import (
    AuditHead,
    Counts,
    IssueCount,
    KindCount,
    ReportExhibit,
    ReportHead,
    ReportMethod,
    ReportSet,
)
from varde.reports.wording import method_limits

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
US = GradeScheme("vics-us", "2.0", ("0", "1", "2", "3", "4", "5"))
PDQ = Method("pdq", "1")
PDQ_POINT = OperatingPoint(PDQ, 31, 50)
SHA1_POINT = OperatingPoint(Method("sha1", "1"), 0, 0)
JPEG = MediaType(MediaKind.PICTURE, "image/jpeg")

HOSTILE_NAMES = (
    b"<script>alert(1)</script>.jpg",
    b'"><img src=x onerror=alert(1)>.jpg',
    b"' onmouseover='alert(1).jpg",
    "photo\u202egpj.exe".encode(),
    b'=HYPERLINK("http://example.invalid","x").jpg',
    b"+1+cmd|' /C calc'!A0.jpg",
    b"-2+3.jpg",
    b"@SUM(A1).jpg",
    b"\tTAB.jpg",
    b"\rCR\nLF.jpg",
    b"nul\x00byte\x1b[31m.jpg",
    b"not\xffutf8\x80.jpg",
    b"{{ 7 * 7 }}{% for x in y %}.jpg",
    b"--></style></title><!--.jpg",
    "קובץ.jpg".encode(),
    b"a\\b%41.jpg",
)


def make_digests(seed: int | str, size: int = 1000) -> Digests:
    data = str(seed).encode()
    return Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), size)


def make_decision(
    item_id: int, code: str | None, *, number: int = 1, note: str = "", scheme: GradeScheme = US
) -> Decision:
    grade = None if code is None else Grade(scheme.name, scheme.version, code)
    return Decision(number, item_id, grade, "A. Examiner", AT + timedelta(hours=number), note, "")


def make_match(**changes: object) -> ReportMatch:
    match = ReportMatch("Example set", "2026-02", SetRole.ALERT, "vics-us@2.0", "2", "entry-77", PDQ_POINT, 6)
    return replace(match, **changes)


def make_item(item_id: int, name: bytes | None = None, **changes: object) -> ReportItem:
    """Returns a picture that was read, decoded and hashed."""
    item = ReportItem(
        item_id=item_id,
        exhibit=1,
        locator=str(path_locator(name if name is not None else f"DCIM/IMG_{item_id:07}.jpg".encode())),
        origin=Origin.FILE,
        size_bytes=1000,
        modified_at=AT,
        digests=make_digests(item_id),
        media=JPEG,
        facts=Facts(4000, 3000, metadata=(("Make", "Examplecam"), ("DateTimeOriginal", "2025:01:02 03:04:05"))),
        signal=Signal(PDQ, (PerceptualHash(make_digests(item_id).sha256, 100),)),
    )
    return replace(item, **changes)


def make_video(item_id: int, name: bytes = b"clip.mp4", **changes: object) -> ReportItem:
    frames = tuple(PerceptualHash(make_digests(f"v{item_id}-{n}").sha256, 90, n * 0.5) for n in range(3))
    return make_item(
        item_id,
        name,
        media=MediaType(MediaKind.VIDEO, "video/mp4"),
        facts=Facts(1920, 1080, frames=None, duration_s=12.5),
        signal=Signal(PDQ, frames),
        **changes,
    )


def make_flat(item_id: int, name: bytes = b"flat.png", **changes: object) -> ReportItem:
    outcome = NotComparable(Reason.QUALITY_TOO_LOW, "Quality 3 is below 50.")
    return make_item(item_id, name, signal=Signal(PDQ, outcome), **changes)


@dataclass
class MadeUpSource:
    """A `ReportSource` over a list of items and of issues without an item."""

    listed: list[ReportItem]
    placeless: list[ReportIssue] = field(default_factory=list)
    scheme: GradeScheme = US
    case_name: str = "Harbour 12"
    thumbnails: dict[int, Thumbnail] = field(default_factory=dict)

    @property
    def head(self) -> ReportHead:
        return make_head(self.count(), scheme=self.scheme, case_name=self.case_name)

    def items(self) -> Iterator[ReportItem]:
        return iter(sorted(self.listed, key=lambda item: (item.exhibit, item.locator)))

    def notable(self) -> Iterator[ReportItem]:
        found = filter(lambda item: item.is_notable, self.items())
        return iter(sorted(found, key=lambda item: (not item.grade_key, item.grade_key)))

    def media(self) -> Iterator[ReportItem]:
        found = [item for item in self.items() if item.digests]
        return iter(sorted(found, key=lambda item: (item.digests.sha256, item.grade_key)))

    def issues(self) -> Iterator[ReportIssue]:
        own = (ReportIssue(i.exhibit, i.locator, i.item_id, issue) for i in self.items() for issue in i.issues)
        return chain(own, self.placeless)

    def thumbnail(self, item: ReportItem) -> Thumbnail | None:
        return self.thumbnails.get(item.item_id)

    def count(self) -> Counts:
        items = self.listed
        issues = [record.issue for record in self.issues()]
        by_code = sorted({(issue.code, issue.step) for issue in issues})
        grades = sorted({item.grade_key for item in items if item.grade_key})
        return Counts(
            places=len(items) + sum(record.item_id is None for record in self.issues()),
            items=len(items),
            contents=len({item.digests for item in items}),
            bytes_read=sum(item.size_bytes or 0 for item in items),
            kinds=tuple(
                KindCount(kind, len(of_kind), sum(item.size_bytes or 0 for item in of_kind))
                for kind in MediaKind
                if (of_kind := [item for item in items if item.kind is kind])
            ),
            hashed=sum(bool(item.signal) and not isinstance(item.signal.outcome, NotComparable) for item in items),
            not_comparable=tuple(
                (reason, number) for reason in Reason if (number := sum(_reason(item) is reason for item in items))
            ),
            decided=tuple(
                (next(i.decision.grade for i in items if i.grade_key == key), sum(i.grade_key == key for i in items))
                for key in grades
            ),
            undecided=sum(not item.grade_key for item in items),
            matched=sum(any(match.role is not SetRole.KNOWN for match in item.matches) for item in items),
            issues=tuple(
                IssueCount(code, step, sum((issue.code, issue.step) == (code, step) for issue in issues))
                for code, step in by_code
            ),
        )


def make_head(counts: Counts, *, scheme: GradeScheme = US, case_name: str = "Harbour 12") -> ReportHead:
    exhibit = Exhibit(1, 1, 1, Path("/exhibits/phone"), Keeping.REFERENCE, walked=True)
    return ReportHead(
        site="Example District",
        case=Case(1, case_name, Authorisation("Warrant 2026/44, District Court"), scheme.key, AT),
        scheme=scheme,
        report_id="R-0003",
        written_at=AT + timedelta(days=1),
        written_by="A. Examiner",
        varde_version="0.1.0",
        audit=AuditHead(412, hashlib.sha256(b"audit").hexdigest()),
        exhibits=(ReportExhibit(exhibit, counts.items, counts.issues_total, counts.bytes_read),),
        methods=(
            ReportMethod(Method("sha256", "1"), "Names each content by its bytes.", (), method_limits("sha256")),
            ReportMethod(PDQ, "Compares pictures and video frames by look.", (PDQ_POINT,), method_limits("pdq")),
        ),
        known_sets=(
            ReportSet(
                name="Example set",
                version="2026-02",
                owner="Example authority",
                role=SetRole.ALERT,
                scheme="vics-us@2.0",
                entries=186_419,
                imported_at=AT,
                file_sha256=hashlib.sha256(b"set").digest(),
                matched_items=counts.matched,
            ),
            ReportSet("Published software", "2026.03.1", "NIST", SetRole.KNOWN, "", 40_000_000, AT, None, 0),
        ),
        counts=counts,
        not_examined=("Sound in videos is not examined.", "Text in pictures and documents is not read."),
    )


def make_full_source() -> MadeUpSource:
    """Returns a case with at least one of everything that a report shows."""
    shared = make_digests("shared content")
    items = [
        make_item(1, decisions=(make_decision(1, "5", note="Holiday picture,\nsee statement 4."),)),
        make_item(2, decisions=(make_decision(2, "1", number=2), make_decision(2, "2", number=3, note="=Corrected"))),
        make_item(3, matches=(make_match(), make_match(point=SHA1_POINT, distance=0, entry="entry-9", code=None))),
        make_item(4, matches=(make_match(role=SetRole.KNOWN, set_name="Published software"),)),
        make_item(5, b"a/shared.jpg", digests=shared, decisions=(make_decision(5, "3", number=4),)),
        make_item(6, b"b/shared.jpg", digests=shared, decisions=(make_decision(6, "4", number=5),)),
        make_item(7, b"c/shared.jpg", digests=shared),
        make_item(8, decisions=(make_decision(8, "5", number=6), make_decision(8, None, number=7, note="Mistaken."))),
        make_video(9, matches=(make_match(offset_s=1.5, distance=12),)),
        make_flat(10),
        make_item(
            11,
            b"broken.jpg",
            media=None,
            facts=None,
            signal=None,
            issues=(Issue(IssueCode.DAMAGED, Step.DECODE, "The picture ends after 212 of 4000 rows."),),
        ),
        make_item(12, b"notes.txt", media=MediaType(MediaKind.OTHER, "text/plain"), facts=None, signal=None),
        make_item(
            13,
            b"lost.jpg",
            size_bytes=None,
            digests=None,
            media=None,
            facts=None,
            signal=None,
            issues=(Issue(IssueCode.VANISHED, Step.READ, "It was listed but could not be opened."),),
        ),
    ]
    items += [
        make_item(100 + number, name, decisions=(make_decision(100 + number, "5", number=20 + number),))
        for number, name in enumerate(HOSTILE_NAMES)
    ]
    items.append(make_item(200, locator="phone/backup.zip!/DCIM/1.jpg", origin=Origin.ARCHIVE_MEMBER))
    placeless = [
        ReportIssue(1, "link", None, Issue(IssueCode.SYMLINK, Step.WALK, "It points to ../../etc.")),
        ReportIssue(1, "a.zip!/<b>x", None, Issue(IssueCode.ARCHIVE_ENCRYPTED, Step.EXPAND, "A password is needed.")),
    ]
    return MadeUpSource(items, placeless)


def _reason(item: ReportItem) -> Reason | None:
    return item.signal.outcome.reason if item.signal and isinstance(item.signal.outcome, NotComparable) else None


class StreamedSource:
    """A `ReportSource` of very many items, each made when it is asked for and kept by nobody.

    Every 100th item is decided (or as told), every 50th matched; each has an issue.
    """

    def __init__(self, size: int, *, decided_every: int = 100) -> None:
        self.size = size
        self.decided_every = decided_every
        self._facts = Facts(4000, 3000, metadata=(("Make", "Examplecam"),))
        self._issues = (Issue(IssueCode.TRUNCATED, Step.DECODE, "The picture ends after 212 of 4000 rows."),)
        decided = len(range(0, size, decided_every))
        self.head = make_head(
            Counts(
                places=size,
                items=size,
                contents=size,
                bytes_read=size * 1000,
                kinds=(KindCount(MediaKind.PICTURE, size, size * 1000),),
                hashed=size,
                not_comparable=(),
                decided=((Grade("vics-us", "2.0", "5"), decided),),
                undecided=size - decided,
                matched=len(range(0, size, 50)),
                issues=(IssueCount(IssueCode.TRUNCATED, Step.DECODE, size),),
            )
        )

    def make(self, number: int) -> ReportItem:
        return ReportItem(
            item_id=number,
            exhibit=1,
            locator=f"DCIM/IMG_{number:07}.jpg",
            origin=Origin.FILE,
            size_bytes=1000,
            modified_at=AT,
            digests=Digests(number.to_bytes(16), number.to_bytes(20), number.to_bytes(32), 1000),
            media=JPEG,
            facts=self._facts,
            signal=Signal(PDQ, (PerceptualHash(number.to_bytes(32), 100),)),
            matches=(make_match(),) if number % 50 == 0 else (),
            decisions=(make_decision(number, "5"),) if number % self.decided_every == 0 else (),
            issues=self._issues,
        )

    def items(self) -> Iterator[ReportItem]:
        return map(self.make, range(self.size))

    def notable(self) -> Iterator[ReportItem]:
        decided = map(self.make, range(0, self.size, self.decided_every))
        matched = (self.make(number) for number in range(0, self.size, 50) if number % self.decided_every)
        return chain(decided, matched)

    def media(self) -> Iterator[ReportItem]:
        return self.items()

    def issues(self) -> Iterator[ReportIssue]:
        return (ReportIssue(1, item.locator, item.item_id, item.issues[0]) for item in self.items())

    def thumbnail(self, item: ReportItem) -> Thumbnail | None:
        return Thumbnail(b"\xff\xd8\xff" + bytes(5_000), 256, 192)
