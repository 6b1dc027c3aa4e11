"""Everything that is known of an item as its page shows it: each list within a limit, and the limit in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.decision import Decision
from varde.core.locator import escape, read_locator
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.hashing.local_features import METHOD as LOCAL_FEATURES
from varde.reports.wording import ISSUE_SENTENCES, REASON_SENTENCES, ROLE_SENTENCES, STEP_NAMES
from varde.review.time_evidence import TimeEvidence, list_file_time, list_tag_times, sort_times
from varde.store import pictures, places, queues, records
from varde.store.found_matches import FoundMatch
from varde.store.places import OtherCase, Place, StackPlace
from varde.store.records import ItemRecord
from varde.web.issue_advice import ISSUE_ADVICE

T = TypeVar("T")

MOST_PLACES: Final = 50
MOST_COUNTED: Final = 10_000
MOST_MATCHES: Final = 50
MOST_ISSUES: Final = 50
MOST_TAGS: Final = 300
MOST_DECISIONS: Final = 100
_MOST_CHARACTERS = 2_000
_KIND_WORDS: Final = {
    MediaKind.PICTURE: "Picture",
    MediaKind.VIDEO: "Video",
    MediaKind.ARCHIVE: "Archive",
    MediaKind.OTHER: "File of another kind",
    MediaKind.EMPTY: "Empty file",
}


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """The beginning of a list.

    Attributes:
        of: how many there are.
        is_more: whether there are more than were counted.
    """

    shown: Sequence[T]
    of: int
    is_more: bool = False

    @property
    def limit(self) -> str:
        """How much of it is shown, in words; "" where it is all of it."""
        if len(self.shown) >= self.of and not self.is_more:
            return ""
        return f"The first {len(self.shown):,} of {'more than ' if self.is_more else ''}{self.of:,}"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a locator: a path, or a member of the archive before it."""

    name: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class TagRow:
    """An entry of the metadata."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue in words."""

    sentence: str
    cause: str
    step: str
    advice: str


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match with what a person has to know of it.

    Attributes:
        can_draw: whether it can be drawn where the known picture lies in the item.
    """

    match: FoundMatch
    role: str
    can_draw: bool


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """Everything the page of an item shows.

    Attributes:
        is_blind: whether the person is asked for a second opinion, and must not see what others decided.
        other_cases: None for people who may not search over cases.
        not_compared: why it was not compared, by method.
    """

    record: ItemRecord
    kind: str
    has_picture: bool
    steps: tuple[Step, ...]
    places: Listing[Place]
    other_cases: list[OtherCase] | None
    stack: StackPlace
    matches: Listing[MatchRow]
    set_aside: Listing[MatchRow]
    not_compared: list[tuple[str, str]]
    tags: Listing[TagRow]
    times: list[TimeEvidence]
    issues: Listing[IssueRow]
    is_blind: bool
    decisions: Listing[Decision]

    @property
    def in_force(self) -> Decision | None:
        """The decision in force, None where there is none or the person must not see it."""
        newest = self.record.decisions[-1] if self.record.decisions and not self.is_blind else None
        return newest if newest is not None and newest.grade is not None else None


def load_item_facts(
    connection: Connection, case: Case, item_id: int, account_id: int, *, may_search_cases: bool
) -> ItemFacts:
    """Returns what an item's page shows to a person with access to its case.

    Raises:
        NotFound: if there is no such item.
    """
    record = records.get_record(connection, item_id)
    kind = record.content.media_type.kind if record.content else MediaKind.OTHER
    is_blind = queues.is_blind(connection, account_id, item_id)
    other_cases = None
    if may_search_cases and record.content_id is not None:
        args = (account_id, case.case_id, record.content_id, MOST_COUNTED)
        other_cases = places.list_other_cases(connection, *args)
    return ItemFacts(
        record=record,
        kind=_KIND_WORDS[kind] if record.content else "Not read",
        has_picture=pictures.find_veil(connection, item_id) is not None,
        steps=tuple(Step(escape(one.name), one.occurrence) for one in read_locator(record.locator).segments),
        places=_list_places(connection, case.case_id, record),
        other_cases=other_cases,
        stack=places.find_stack_place(connection, case.case_id, item_id),
        matches=_list_matches(record.matches),
        set_aside=_list_matches(record.set_aside),
        not_compared=_list_reasons(record),
        tags=_list_tags(record, kind),
        times=_list_times(connection, record, kind),
        issues=_list_issues(record),
        is_blind=is_blind,
        decisions=_begin([] if is_blind else record.decisions[::-1], MOST_DECISIONS),
    )


def _begin(rows: Sequence[T], most: int) -> Listing[T]:
    return Listing(rows[:most], len(rows))


def _list_places(connection: Connection, case_id: int, record: ItemRecord) -> Listing[Place]:
    if record.content_id is None:
        return Listing((), 0)
    found = places.list_places(connection, case_id, record.content_id, after_id=0, limit=MOST_PLACES + 1)
    others = [place for place in found if place.item_id != record.item_id][:MOST_PLACES]
    if len(found) <= MOST_PLACES:
        return Listing(others, len(others))
    counted = places.count_places(connection, case_id, record.content_id, MOST_COUNTED + 2) - 1
    return Listing(others, min(counted, MOST_COUNTED), counted > MOST_COUNTED)


def _list_matches(matches: Iterable[FoundMatch]) -> Listing[MatchRow]:
    drawn = LOCAL_FEATURES.name
    rows = [MatchRow(one, ROLE_SENTENCES[one.role], one.point.method.name == drawn) for one in matches]
    return _begin(rows, MOST_MATCHES)


def _list_reasons(record: ItemRecord) -> list[tuple[str, str]]:
    signals = record.content.signals if record.content else ()
    return [
        (str(signal.method), f"{REASON_SENTENCES[signal.outcome.reason]} {signal.outcome.detail}".strip())
        for signal in signals
        if isinstance(signal.outcome, NotComparable)
    ]


def _list_tags(record: ItemRecord, kind: MediaKind) -> Listing[TagRow]:
    facts = record.content.facts if record.content else None
    rows = facts.metadata if facts else ()
    return Listing(
        [TagRow(name, value[:_MOST_CHARACTERS], _name_source(name, kind)) for name, value in rows[:MOST_TAGS]],
        len(rows),
    )


def _name_source(name: str, kind: MediaKind) -> str:
    if kind is MediaKind.VIDEO:
        return "container"
    if name.startswith("PNG:"):
        return "PNG text"
    return "XMP" if ":" in name else "EXIF"


def _list_times(connection: Connection, record: ItemRecord, kind: MediaKind) -> list[TimeEvidence]:
    times = list_file_time(record.name, record.origin, record.modified_at)
    for container in places.list_containers(connection, record.item_id):
        times += list_file_time(container.name, container.origin, container.modified_at)
    facts = record.content.facts if record.content else None
    return sort_times([*times, *list_tag_times(dict(facts.metadata) if facts else {}, kind)])


def _list_issues(record: ItemRecord) -> Listing[IssueRow]:
    rows = [
        IssueRow(ISSUE_SENTENCES[one.code], one.cause, STEP_NAMES[one.step], ISSUE_ADVICE[one.code])
        for one in record.issues
    ]
    return _begin(rows, MOST_ISSUES)
