"""A stored case as reports want it: streamed from one read transaction, findings and decisions kept apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.finding import OperatingPoint
from varde.core.known import EntryState
from varde.core.media import Thumbnail
from varde.core.signal import Method
from varde.hashing import pdq
from varde.pipeline.operating_point import pdq_point
from varde.reports import wording
from varde.reports.content import (
    ReportIssue,
    ReportItem,
    ReportMatch,
    ReportSource,
)
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
from varde.store import audit, cases, faces, findings, item_lists, known_sets, records, schemes, summary
from varde.store.floods import Flood, list_floods
from varde.store.found_matches import FoundMatch
from varde.store.known_sets import KnownSet
from varde.store.recall_words import write_recall
from varde.store.recalls import list_recalls
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.store.summary import CaseSummary
from varde.workflows.actor import Actor
from varde.workflows.stored_cameras import count_camera_leads, list_camera_links
from varde.workflows.stored_people import list_identified, list_linked

NOT_EXAMINED = (
    "Deleted files and unallocated space: exhibits are read as folders, files and archives.",
    "The sound of videos, and the pictures of a video between the frames that were compared.",
    "More than 64 pictures of an animated GIF, WebP or PNG file: 64 spread over its length are examined.",
    "Pictures inside documents (PDF, office files, mail boxes, databases).",
    "Raw camera formats that no decoder here reads; their digests were compared.",
)


class StoredCase(ReportSource):
    """A case as it is stored, streamed from one read transaction."""

    def __init__(self, connection: Connection, site: Site, case: Case, actor: Actor) -> None:
        self._connection = connection
        self._case = case
        self._head = _read_head(connection, site, case, actor)

    @property
    def head(self) -> ReportHead:
        """What is said of the case as a whole."""
        return self._head

    def items(self) -> Iterator[ReportItem]:
        """Streams every item by exhibit and locator."""
        return self._load(item_lists.list_ids(self._connection, self._case.case_id))

    def notable(self) -> Iterator[ReportItem]:
        """Streams what a person decided on or what matched, decided first."""
        return self._load(item_lists.list_notable_ids(self._connection, self._case.case_id))

    def media(self) -> Iterator[ReportItem]:
        """Streams items with content by SHA-256 and grade."""
        return self._load(item_lists.list_media_ids(self._connection, self._case.case_id))

    def issues(self) -> Iterator[ReportIssue]:
        """Streams every issue by exhibit and locator."""
        for placed in summary.list_issues(self._connection, self._case.case_id):
            yield ReportIssue(placed.exhibit, placed.locator, placed.item_id, placed.issue)

    def thumbnail(self, item: ReportItem) -> Thumbnail | None:
        """Returns the stored thumbnail of an item."""
        record = records.get_record(self._connection, item.item_id)
        if record.content_id is None:
            return None
        return records.get_thumbnail(self._connection, record.content_id)

    def _load(self, ids: Iterable[int]) -> Iterator[ReportItem]:
        return (_report_item(record) for record in records.load_records(self._connection, ids))


def _report_item(record: ItemRecord) -> ReportItem:
    content = record.content
    return ReportItem(
        item_id=record.item_id,
        exhibit=record.exhibit,
        locator=record.locator,
        origin=record.origin,
        size_bytes=record.size_bytes,
        modified_at=record.modified_at,
        digests=content.digests if content else None,
        media=content.media_type if content else None,
        facts=content.facts if content else None,
        signal=content.signals[0] if content and content.signals else None,
        matches=tuple(_report_match(match) for match in record.matches),
        decisions=record.decisions,
        issues=record.issues,
        set_aside=tuple(_report_match(match) for match in record.set_aside),
    )


def _report_match(match: FoundMatch) -> ReportMatch:
    return ReportMatch(
        set_name=match.set_name,
        set_version=match.set_version,
        role=match.role,
        scheme=match.scheme,
        code=match.code,
        entry=match.source_id,
        point=match.point,
        distance=match.distance,
        offset_s=match.offset_s,
        how=match.how,
        status=match.status,
    )


def _list_without_faces(connection: Connection, case: Case) -> Iterator[str]:
    count = faces.count_unexamined(connection, case.case_id)
    if count:
        yield f"Faces: nobody looked for them in {count} of the items that are pictures or videos."


def _read_head(connection: Connection, site: Site, case: Case, actor: Actor) -> ReportHead:
    at = actor.clock()
    head = audit.get_head(connection)
    figures = summary.summarise_case(connection, case.case_id)
    return ReportHead(
        site=site.name(),
        case=case,
        scheme=schemes.get_scheme(connection, case.scheme)[1],
        report_id=f"{at:%Y%m%dT%H%M%SZ}-{head.number}",
        written_at=at,
        written_by=actor.person,
        varde_version=version("varde"),
        audit=AuditHead(head.number, head.event_hash.hex()),
        exhibits=_read_exhibits(connection, case),
        methods=_describe_methods(site, figures.methods),
        known_sets=_read_sets(connection, case),
        counts=_describe_counts(figures, cases.count_places(connection, case.case_id).places),
        not_examined=(*NOT_EXAMINED, *_list_without_faces(connection, case)),
        notices=tuple(_list_notices(connection, case)),
        identifications=list_identified(connection, case),
        linked_cases=list_linked(connection, case),
        camera_links=list_camera_links(connection, case),
        camera_leads=count_camera_leads(connection, case),
    )


def _read_exhibits(connection: Connection, case: Case) -> tuple[ReportExhibit, ...]:
    found = []
    for exhibit in cases.list_exhibits(connection, case.case_id):
        counts = cases.count_places(connection, case.case_id, exhibit.exhibit_id)
        found.append(ReportExhibit(exhibit, counts.items, counts.issue_records, counts.size_bytes))
    return tuple(found)


def _describe_methods(site: Site, used: tuple[Method, ...]) -> tuple[ReportMethod, ...]:
    point = pdq_point(site.settings.matching)
    purposes: dict[str, tuple[str, tuple[OperatingPoint, ...]]] = {
        pdq.METHOD.name: ("Finds pictures and video frames that look nearly the same.", (point,)),
    }
    methods = [
        ReportMethod(method, *purposes.get(method.name, ("", ())), wording.method_limits(method.name))
        for method in used
    ]
    digest = ReportMethod(
        findings.DIGEST_METHOD,
        "Finds files that are the same byte for byte.",
        (findings.DIGEST_POINT,),
        wording.method_limits(findings.DIGEST_METHOD.name),
    )
    return (digest, *methods)


def _list_notices(connection: Connection, case: Case) -> Iterator[str]:
    for recall in list_recalls(connection, case.case_id):
        yield f"Recall: {write_recall(recall)}. `varde known recalls` names the items and who acted."


def _describe_set(known: KnownSet, held: Sequence[Flood]) -> str:
    """Returns what a person has to know of a set, "" where nothing."""
    parts = [] if known.state is EntryState.ACTIVE else [f"the whole set is {known.state.value}"]
    if held:
        counted = sum(flood.counted for flood in held)
        entries = len({flood.entry_id for flood in held})
        parts.append(f"{entries:,} of its entries match too much: {counted:,} matches at this site were only counted")
    return "; ".join(parts)


def _read_sets(connection: Connection, case: Case) -> tuple[ReportSet, ...]:
    held = defaultdict(list)
    for flood in list_floods(connection):
        if flood.lasts:
            held[flood.set_id].append(flood)
    return tuple(
        ReportSet(
            name=known.name,
            version=known.version,
            owner=known.owner,
            role=known.role,
            scheme=f"{known.scheme}@{known.scheme_version}" if known.scheme else "",
            entries=known.entries,
            imported_at=known.imported_at,
            file_sha256=known.source_sha256,
            matched_items=summary.count_matched_by_set(connection, case.case_id, known.set_id),
            remark=_describe_set(known, held[known.set_id]),
        )
        for known in known_sets.list_sets(connection)
    )


def _describe_counts(found: CaseSummary, places: int) -> Counts:
    return Counts(
        places=places,
        items=found.items,
        contents=found.contents,
        bytes_read=found.size_bytes,
        kinds=tuple(KindCount(*count) for count in found.kinds),
        hashed=found.hashed,
        not_comparable=found.not_comparable,
        decided=found.decided,
        undecided=found.items - sum(count for _, count in found.decided),
        matched=found.matched,
        issues=tuple(IssueCount(*count) for count in found.issues),
        set_aside=found.set_aside,
    )
