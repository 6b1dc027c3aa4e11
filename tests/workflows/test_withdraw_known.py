"""Behaviour of `varde.workflows.withdraw_known`: what counts afterwards, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from varde.core.case import Case, Keeping
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.item import Origin
from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta, SetRole
from varde.core.locator import path_locator
from varde.core.media import MediaKind, MediaType
from varde.core.scheme import Grade
from varde.pipeline.matching import match_all
from varde.store import audit, cases, decisions, items, known_history, known_sets, records
from varde.store.find_known import EntryWords
from varde.store.items import ExaminedItem, NewItem
from varde.store.known_at import read_known_at
from varde.store.recalls import Recall, list_recalls
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.update_known_set import apply_delta, create_set
from varde.workflows.withdraw_known import ChangeResult, Target, change_known

WITHDRAWN, DISPUTED, REINSTATED = KnownAct.WITHDRAWN, KnownAct.DISPUTED, KnownAct.REINSTATED


def digests_of(number: int) -> Digests:
    return Digests(bytes([number]) * 16, bytes([number]) * 20, bytes([number]) * 32, 1)


@dataclass
class Clock:
    """Goes on by a minute whenever it is asked."""

    now: datetime = field(default=datetime(2026, 3, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@dataclass
class Story:
    """A case with one item for each of the entries 1, 2, 3 of set ``list``."""

    site: Site
    clock: Clock
    case: Case
    set_id: int
    item_ids: list[int]

    def actor(self, person: str = "B. Officer") -> Actor:
        return Actor(person, self.clock)

    def change(self, act: KnownAct, *names: str, reason: str = "wrong file", **words: object) -> ChangeResult:
        target = Target("list", None, EntryWords(names, **words))  # type: ignore[arg-type]
        return change_known(self.site, self.actor(), act, target, reason)

    def grade(self, number: int, code: str | None, person: str = "C. Examiner") -> None:
        grade = Grade("vics-us", "2.0", code) if code else None
        with self.site.database.write() as connection:
            decided = [(self.item_ids[number - 1], grade, "")]
            decisions.record_decisions(connection, decided, case=self.case.name, person=person, at=self.clock())

    def audit(self, act: audit.Act, **subject: str | int) -> None:
        with self.site.database.write() as connection:
            audit.append_event(connection, at=self.clock(), person="D. Clerk", act=act, subject=dict(subject))

    def matched(self) -> list[bool]:
        with self.site.database.read() as connection:
            return [bool(records.get_record(connection, item_id).matches) for item_id in self.item_ids]

    def recalls(self) -> list[Recall]:
        with self.site.database.read() as connection:
            return list_recalls(connection, self.case.case_id)


@pytest.fixture
def story(site: Site) -> Story:
    clock = Clock()
    actor = Actor("A. Importer", clock)
    words = {"name": "list", "version": "1", "owner": "Agency", "scheme": "vics-us@2.0", "format": "api", "source": "x"}
    set_id = create_set(site, actor, role=SetRole.ALERT, **words)
    apply_delta(site, actor, set_id, SetDelta(upserts=tuple(entry(number) for number in (1, 2, 3))), "exchange")
    with site.database.write() as connection:
        case = make_case(connection, clock)
        item_ids = [add_item(connection, case, number) for number in (1, 2, 3)]
    match_all(site, clock())
    return Story(site, clock, case, set_id, item_ids)


def entry(number: int, *, code: str = "1") -> KnownEntry:
    return KnownEntry(number, md5=digests_of(number).md5, code=code, source_id=f"e{number}")


def make_case(connection: Connection, clock: Callable[[], datetime]) -> Case:
    words = {"name": "harbour", "authorisation": "", "scheme": "vics-us@2.0", "person": "A", "at": clock()}
    case = cases.create_case(connection, **words)
    path = Path("/evidence")
    cases.add_exhibit(connection, case=case, path=path, keeping=Keeping.REFERENCE, person="A", at=clock())
    return case


def add_item(connection: Connection, case: Case, number: int) -> int:
    (exhibit,) = cases.list_exhibits(connection, case.case_id)
    locator = path_locator(b"%d.jpg" % number)
    items.add_items(connection, exhibit.exhibit_id, [NewItem(locator, Origin.FILE, 1, None)])
    (item_id,) = [one.item_id for one in items.list_waiting(connection, exhibit.exhibit_id, after_id=0, limit=10)]
    content = Content(digests_of(number), MediaType(MediaKind.PICTURE, "image/jpeg"))
    items.record_examined(connection, exhibit.exhibit_id, [ExaminedItem(item_id, str(locator), content, ())])
    return item_id


def test_a_withdrawn_entry_matches_nothing_and_a_reinstated_one_does_again(story: Story) -> None:
    result = story.change(WITHDRAWN, "e1", "e3")
    assert [(one.entry, one.was, one.now) for one in result.changed] == [
        ("e1", EntryState.ACTIVE, EntryState.WITHDRAWN),
        ("e3", EntryState.ACTIVE, EntryState.WITHDRAWN),
    ]
    assert story.matched() == [False, True, False]
    assert story.change(WITHDRAWN, "e1").unchanged == 1
    story.change(REINSTATED, "e1", reason="it was right")
    assert story.matched() == [True, True, False]
    with story.site.database.read() as connection:
        events = [(one.act.value, one.entry_id, one.reason) for one in known_history.list_events(connection)]
        acts = [one.act for one in audit.list_events(connection)][-3:]
        entries = known_sets.get_set(connection, "list").entries
    assert events == [("withdrawn", 1, "wrong file"), ("withdrawn", 3, "wrong file"), ("reinstated", 1, "it was right")]
    assert acts == ["known_withdrawn", "known_withdrawn", "known_reinstated"]
    assert entries == 2


def test_a_disputed_entry_still_matches(story: Story) -> None:
    story.change(DISPUTED, "e1")
    assert story.matched() == [True, True, True]


def test_a_whole_set_is_withdrawn_with_what_it_will_still_get(story: Story) -> None:
    result = change_known(story.site, story.actor(), WITHDRAWN, Target("list", whole_set=True), "recalled by its owner")
    assert [(one.entry, one.now) for one in result.changed] == [("", EntryState.WITHDRAWN)]
    apply_delta(story.site, story.actor(), story.set_id, SetDelta(upserts=(entry(3, code="2"),)), "exchange")
    match_all(story.site, story.clock())
    assert story.matched() == [False, False, False]
    change_known(story.site, story.actor(), REINSTATED, Target("list", whole_set=True), "back")
    assert story.matched() == [True, True, True]


@pytest.mark.parametrize("text", ["02" * 16, "0202020202020202 0202020202020202".replace(" ", "")])
def test_entries_are_found_by_digest_over_all_sets(story: Story, text: str) -> None:
    target = Target(words=EntryWords(hashes=(text,)))
    result = change_known(story.site, story.actor(), WITHDRAWN, target, "wrong")
    assert [(one.set_name, one.entry) for one in result.changed] == [("list", "e2")]


def test_entries_are_found_by_line_and_by_row_number(story: Story) -> None:
    result = story.change(WITHDRAWN, "2", lines=(3,))
    assert [one.entry for one in result.changed] == ["e2", "e3"]


def test_who_graded_exported_and_reported_is_told(story: Story) -> None:
    story.grade(1, "1")
    story.grade(3, "2")
    story.audit(audit.Act.ITEM_EXPORTED, case="harbour", item=story.item_ids[1])
    story.audit(audit.Act.REPORT_WRITTEN, case="harbour", report="r-1", kind="html")
    story.audit(audit.Act.REPORT_WRITTEN, case="harbour", report="r-1", kind="csv")
    (recall,) = story.change(WITHDRAWN, "e1", "e2").recalls
    assert (recall.case, recall.set_name, recall.matched, recall.reason) == ("harbour", "list", 2, "wrong file")
    assert recall.entries == ("e1", "e2")
    told = [(item.locator, [(deed.person, deed.what) for deed in item.deeds]) for item in recall.items]
    assert told == [
        ("1.jpg", [("C. Examiner", "graded vics-us@2.0:1")]),
        ("2.jpg", [("D. Clerk", "exported the item")]),
    ]
    assert [(deed.person, deed.what) for deed in recall.reports] == [("D. Clerk", "wrote report r-1")]
    assert recall.people == ("C. Examiner", "D. Clerk")
    assert story.recalls() == [recall]


def test_what_was_decided_again_since_is_told_apart(story: Story) -> None:
    story.grade(1, "1")
    story.change(WITHDRAWN, "e1")
    assert [len(recall.open_items) for recall in story.recalls()] == [1]
    story.grade(1, None, person="E. Examiner")
    (recall,) = story.recalls()
    assert (len(recall.items), recall.open_items, recall.people) == (1, (), ("C. Examiner",))


def test_nobody_is_told_where_nobody_acted_or_the_entry_came_back(story: Story) -> None:
    assert story.change(WITHDRAWN, "e2").recalls == ()
    story.grade(1, "1")
    story.change(WITHDRAWN, "e1")
    story.change(REINSTATED, "e1")
    assert story.recalls() == []


def test_a_grade_given_before_the_match_or_after_the_withdrawal_is_not_told(story: Story) -> None:
    story.change(WITHDRAWN, "e1")
    story.grade(1, "1")
    assert story.recalls() == []


def test_what_its_source_takes_back_is_told_once_for_all(story: Story) -> None:
    for number in (1, 2):
        story.grade(number, "1")
    apply_delta(story.site, story.actor(), story.set_id, SetDelta(removals=("e1", "e2")), "exchange")
    (recall,) = story.recalls()
    assert (recall.act, len(recall.items)) == (WITHDRAWN, 2)
    assert recall.reason == "taken back by its source (exchange)"


@pytest.mark.parametrize(("code", "is_told"), [("1", False), ("2", True)])
def test_a_new_description_is_told_where_it_says_something_else(story: Story, code: str, is_told: bool) -> None:
    story.grade(1, "1")
    again = KnownEntry(1, md5=digests_of(1).md5, code=code, source_id="e1", series="new")
    apply_delta(story.site, story.actor(), story.set_id, SetDelta(upserts=(again,)), "exchange")
    match_all(story.site, story.clock())
    assert [recall.act for recall in story.recalls()] == ([KnownAct.SUPERSEDED] if is_told else [])


def test_a_superseded_entry_does_not_come_back(story: Story) -> None:
    apply_delta(story.site, story.actor(), story.set_id, SetDelta(upserts=(entry(1, code="2"),)), "exchange")
    with pytest.raises(Refused, match="superseded"):
        story.change(REINSTATED, "1")
    assert story.matched() == [False, True, True]


def test_what_was_known_at_a_time_can_be_asked(story: Story) -> None:
    before = story.clock()
    story.change(WITHDRAWN, "e1")
    with story.site.database.read() as connection:
        states = [read_known_at(connection, at).find_state(story.set_id, 1) for at in (before, story.clock())]
        assert read_known_at(connection, datetime(2026, 1, 1, tzinfo=UTC)).find_state(story.set_id, 1) is None
    assert states == [EntryState.ACTIVE, EntryState.WITHDRAWN]


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 1001])
def test_a_reason_is_needed(story: Story, reason: str) -> None:
    with pytest.raises(WrongUse, match="needs a reason"):
        story.change(WITHDRAWN, "e1", reason=reason)
    assert story.matched() == [True, True, True]


def test_a_person_cannot_withdraw_in_the_name_of_the_source(story: Story) -> None:
    """The source could bring back what a person withdrew by sending it again."""
    with pytest.raises(WrongUse, match="removal by the source itself"):
        story.change(WITHDRAWN, "e1", reason=" taken back by its source, they phoned")


def test_all_or_none_is_changed(story: Story) -> None:
    with pytest.raises(NotFound, match="no entry 'e9' in known set list 1"):
        story.change(WITHDRAWN, "e1", "e9")
    with pytest.raises(WrongUse, match="neither a known set nor a hash"):
        change_known(story.site, story.actor(), WITHDRAWN, Target(words=EntryWords(("e1",))), "x")
    with pytest.raises(WrongUse, match="either entries of the set or the whole set"):
        story.change(WITHDRAWN)
    with pytest.raises(WrongUse, match="no act of a person"):
        story.change(KnownAct.SUPERSEDED, "e1")
    assert story.matched() == [True, True, True]
