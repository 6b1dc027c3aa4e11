"""Behaviour of decisions on stacks: what they decide, what undoing restores, and that the figures stay right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from recount import check_figures
from sqlalchemy import Connection, func, select

from site_copies import CopyFilled
from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.scheme import Grade
from varde.store import tables
from varde.store.audit import list_events, verify_chain
from varde.store.database import Database
from varde.store.decisions import record_decisions
from varde.store.review_tables import stack_items, stacks
from varde.store.site import Site
from varde.store.stacks import (
    MOST_LEADERS,
    DecisionAct,
    find_act,
    list_members,
    record_stack_decisions,
    undo_decisions,
)
from varde.store.standing_grades import read_codes
from varde.testing.large_case import make_large_case

AT = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
ERIN, IVAN = "erin", "ivan"


def grade(code: str) -> Grade:
    return Grade("vics-us", "2.0", code)


class Desk:
    """A case with stacks, and a clock that goes on with every act."""

    def __init__(self, site: Site, case: Case) -> None:
        self.site = site
        self.database: Database = site.database
        self.case = case
        self._ticks = 0

    def decide(self, code: str | None, *items: int, person: str = ERIN, whole: bool = True) -> DecisionAct:
        with self.database.write() as connection:
            return record_stack_decisions(
                connection,
                case=self.case,
                item_ids=items,
                grade=None if code is None else grade(code),
                whole_stacks=whole,
                person=person,
                at=self.tick(),
            )

    def undo(self, act: DecisionAct, person: str = ERIN) -> tuple[int, int]:
        with self.database.write() as connection:
            undone = undo_decisions(
                connection, case=self.case, first=act.first, last=act.last, person=person, at=self.tick()
            )
        return undone.restored, undone.kept

    def tick(self) -> datetime:
        self._ticks += 1
        return AT + timedelta(seconds=self._ticks)

    def codes(self, *items: int) -> list[str | None]:
        with self.database.read() as connection:
            found = read_codes(connection, items)
        return [found.get(item_id) for item_id in items]

    def stack(self, connection: Connection, at_least: int = 3) -> tuple[int, list[int]]:
        """Returns leader and members of a stack of some size."""
        query = select(stacks.c.leader_id).where(stacks.c["items"] >= at_least).order_by(stacks.c["items"])
        leader = connection.execute(query.limit(1)).scalar_one()
        return leader, [item_id for item_id, _ in list_members(connection, leader, limit=1000)]

    def check(self) -> None:
        with self.database.read() as connection:
            check_figures(connection, self.case.case_id)
            verify_chain(connection)


def fill(site: Site) -> Case:
    return make_large_case(site, items=160, decided=0, copies_of_one=20, is_searchable=False)


@pytest.fixture
def desk(copy_filled: CopyFilled) -> Desk:
    site, case = copy_filled(fill)
    return Desk(site, case)


@pytest.fixture
def stack(desk: Desk) -> tuple[int, list[int]]:
    with desk.database.read() as connection:
        return desk.stack(connection)


def test_one_decision_is_for_the_whole_stack(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    act = desk.decide("2", leader)
    assert act.decided == len(members) == act.last - act.first + 1
    assert desk.codes(*members) == ["2"] * len(members)
    desk.check()


def test_single_item_of_a_stack_can_be_decided_alone(desk: Desk, stack: tuple[int, list[int]]) -> None:
    _, members = stack
    assert desk.decide("1", members[-1], whole=False).decided == 1
    assert desk.codes(*members) == [None] * (len(members) - 1) + ["1"]
    desk.check()


def test_any_member_stands_for_its_stack(desk: Desk, stack: tuple[int, list[int]]) -> None:
    _, members = stack
    assert desk.decide("1", members[-1]).decided == len(members)


def test_what_has_the_grade_already_is_not_decided_again(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    desk.decide("3", members[1], person=IVAN, whole=False)
    assert desk.decide("3", leader).decided == len(members) - 1
    with desk.database.read() as connection:
        of_ivan = select(func.count()).where(tables.decisions.c.item_id == members[1])
        assert connection.execute(of_ivan).scalar_one() == 1


def test_undo_restores_exactly_what_was_in_force(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    desk.decide("3", members[1], person=IVAN, whole=False)
    act = desk.decide("1", leader)
    assert desk.undo(act) == (len(members), 0)
    assert desk.codes(*members) == [None, "3", *[None] * (len(members) - 2)]
    desk.check()


def test_undo_keeps_what_others_decided_since(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    act = desk.decide("1", leader)
    desk.decide("2", members[0], person=IVAN, whole=False)
    assert desk.undo(act) == (len(members) - 1, 1)
    assert desk.codes(*members) == ["2", *[None] * (len(members) - 1)]
    desk.check()


def test_undoing_twice_is_the_same_as_once(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    act = desk.decide("1", leader)
    assert desk.undo(act) == desk.undo(act) == (len(members), 0)
    with desk.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.decisions)).scalar_one() == 2 * len(members)


def test_acts_are_undone_one_after_the_other(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    acts = [desk.decide(code, leader) for code in "123"]
    assert desk.undo(acts[2]) == (len(members), 0)
    assert desk.codes(*members) == ["2"] * len(members)
    between = desk.decide("5", leader)
    for act, left in ((between, "2"), (acts[1], "1"), (acts[0], None)):
        assert desk.undo(act) == (len(members), 0)
        assert desk.codes(*members) == [left] * len(members)
    desk.check()


def test_undo_is_appended_and_audited(desk: Desk, stack: tuple[int, list[int]]) -> None:
    act = desk.decide("1", stack[0])
    desk.undo(act)
    with desk.database.read() as connection:
        *_, event = list_events(connection)
        notes = set(
            connection.execute(select(tables.decisions.c.note).where(tables.decisions.c.id > act.last)).scalars()
        )
    assert (event.act, event.subject["undoes"]) == (Act.GRADE_DECIDED.value, f"{act.first}-{act.last}")
    assert notes == {f"undoes decision {number}" for number in range(act.first, act.last + 1)}


def test_note_cannot_claim_to_undo(desk: Desk) -> None:
    decided = [(1, grade("1"), "undoes decision 1")]
    with pytest.raises(WrongUse, match="a note cannot begin with"), desk.database.write() as connection:
        record_decisions(connection, decided, case=desk.case.name, person=IVAN, at=desk.tick())


def test_nobody_undoes_what_another_decided(desk: Desk, stack: tuple[int, list[int]]) -> None:
    act = desk.decide("1", stack[0])
    with pytest.raises(Refused, match="only whoever made decisions"):
        desk.undo(act, person=IVAN)


def test_two_acts_are_not_undone_as_one(desk: Desk, stack: tuple[int, list[int]]) -> None:
    first, second = desk.decide("1", stack[0]), desk.decide("2", stack[0])
    with pytest.raises(Refused, match="one act at a time"):
        desk.undo(DecisionAct(first.first, second.last, 0))


@pytest.mark.parametrize(("first", "last"), [(1, 99), (2, 1), (400, 500), (0, 0), (-5, 3)])
def test_decisions_that_are_not_there_cannot_be_undone(
    desk: Desk, stack: tuple[int, list[int]], first: int, last: int
) -> None:
    desk.decide("1", stack[0])
    with pytest.raises(NotFound):
        desk.undo(DecisionAct(first, last, 0))


def test_decisions_of_another_case_cannot_be_undone_here(desk: Desk) -> None:
    act = desk.decide("1", 1)
    desk.case = make_large_case(desk.site, items=5, name="other", decided=0, is_searchable=False)
    with pytest.raises(NotFound):
        desk.undo(act)


def test_item_of_another_case_is_in_the_words_of_one_that_is_nowhere(desk: Desk) -> None:
    other = make_large_case(desk.site, items=5, name="other", decided=0, is_searchable=False)
    assert other.case_id != desk.case.case_id
    for item_id in (161, 9_999_999):
        with pytest.raises(NotFound, match=f"^there is no item {item_id} in this case$"):
            desk.decide("1", 1, item_id)
    assert desk.codes(1) == [None]


def test_withdrawal_takes_only_what_is_there(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, members = stack
    desk.decide("1", members[1], whole=False)
    assert desk.decide(None, leader).decided == 1
    with pytest.raises(WrongUse, match="there is no grade to withdraw"):
        desk.decide(None, leader)
    desk.check()


@pytest.mark.parametrize("count", [0, MOST_LEADERS + 1])
def test_too_many_at_once_are_refused(desk: Desk, count: int) -> None:
    with pytest.raises(WrongUse, match=f"one act decides 1 to {MOST_LEADERS}"):
        desk.decide("1", *range(1, count + 1))


def test_act_is_found_again_by_whoever_got_no_answer(desk: Desk, stack: tuple[int, list[int]]) -> None:
    leader, _ = stack
    act = desk.decide("1", leader)
    desk.decide("2", 1 if leader != 1 else 2, person=IVAN)
    with desk.database.read() as connection:
        same = {"case": desk.case, "item_ids": [leader]}
        assert find_act(connection, **same, code="1", person=ERIN) == act
        assert find_act(connection, **same, code="2", person=ERIN) is None
        assert find_act(connection, **same, code="1", person=IVAN) is None


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_right_after_any_acts(desk: Desk, seed: int) -> None:
    rng = np.random.default_rng(seed)
    acts: list[tuple[DecisionAct, str]] = []
    with desk.database.read() as connection:
        every = list(connection.execute(select(stack_items.c.item_id)).scalars())
    for _ in range(25):
        items = rng.choice(every, rng.integers(1, 8), replace=False).tolist()
        person = (ERIN, IVAN)[rng.integers(2)]
        match rng.integers(5):
            case 0 if acts:
                act, by = acts.pop(rng.integers(len(acts)))
                desk.undo(act, by)
            case 1:
                with desk.database.write() as connection:
                    decided = [(item, (None, grade("0"), grade("3"))[rng.integers(3)], "") for item in items * 2]
                    record_decisions(connection, decided, case=desk.case.name, person=person, at=desk.tick())
            case 2 if acts:
                try:
                    desk.decide(None, *items, person=person)
                except WrongUse as error:
                    assert str(error) == "there is no grade to withdraw"
            case _:
                code, whole = "0123"[rng.integers(4)], bool(rng.integers(2))
                acts.append((desk.decide(code, *items, person=person, whole=whole), person))
    desk.check()
