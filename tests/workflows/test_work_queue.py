"""Queues: who is given what, on both databases; nobody gets what another holds, and nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from people import Clock, list_acts
from queue_case import QueueCase, make_queue_case
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from site_copies import CopyFilled
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.media import MediaKind
from varde.core.review import AssignmentState, GridOrder, QueuePurpose
from varde.store import assignments, audit, candidates, case_access, opinions, queues, sessions, tables
from varde.store.people_tables import sessions as session_rows
from varde.store.site import Site
from varde.workflows.make_queue import FirstWork, SecondWork, close_queue, make_queue
from varde.workflows.own_account import opt_out
from varde.workflows.take_items import MOST_TAKEN, Supply
from varde.workflows.work_queue import Finish, return_all, return_item, undo_item


@pytest.fixture
def work(copy_filled: CopyFilled) -> QueueCase:
    """A stacked case of which nothing is decided, with people."""
    site, before = copy_filled(make_queue_case)
    return replace(before, site=site, clock=Clock())


def give_back(work: QueueCase, queue_id: int, name: str, item_id: int, how: AssignmentState) -> Finish:
    who = work.people[name]
    return return_item(
        work.site, work.actor(name), who, case=work.case, queue_id=queue_id, item_id=item_id, how=how, note="tired"
    ).how


def undo(work: QueueCase, queue_id: int, name: str, item_id: int, act: tuple[int, int] | None = None) -> Finish:
    who = work.people[name]
    return undo_item(work.site, work.actor(name), who, case=work.case, queue_id=queue_id, item_id=item_id, act=act).how


def test_people_get_different_items_in_the_order_of_the_queue(work: QueueCase) -> None:
    queue = work.make_first(FirstWork(GridOrder.PLACE, ()))
    first, second = work.take(queue, "ann"), work.take(queue, "ben")
    assert [*first.item_ids, *second.item_ids] == work.list_leaders()[:10]
    assert first.supply is Supply.GIVEN


def test_take_gives_the_same_again_and_fills_up(work: QueueCase) -> None:
    queue = work.make_first()
    first = work.take(queue, "ann").item_ids
    assert work.take(queue, "ann").item_ids == first
    work.done(queue, "ann", first[1])
    again = work.take(queue, "ann").item_ids
    assert again[:4] == (first[0], *first[2:])
    assert len(again) == 5
    assert first[1] not in again


def test_count_is_capped(work: QueueCase) -> None:
    queue = work.make_first()
    assert len(work.take(queue, "ann", 10_000).item_ids) <= MOST_TAKEN


def test_database_itself_refuses_to_give_an_item_twice(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    with work.site.database.read() as connection:
        stored = queues.get_queue(connection, queue)
    with pytest.raises(IntegrityError), work.site.database.write() as connection:
        assignments.give(connection, stored, work.people["ben"].account_id, [item_id], work.clock())


def test_queue_keeps_to_its_kinds_folder_and_matches(work: QueueCase) -> None:
    with work.site.database.read() as connection:
        rows = connection.execute(candidates.stacks.select()).all()
    kinds = {row.leader_id: row.kind for row in rows}
    videos = work.take(work.make_first(FirstWork(kinds=(MediaKind.VIDEO,))), "ann", 50).item_ids
    assert videos
    assert {kinds[item_id] for item_id in videos} == {"video"}
    rank = rows[0].folder_rank
    in_folder = work.take(work.make_first(FirstWork(kinds=(), folder_rank=rank)), "ben", 50).item_ids
    assert {row.folder_rank for row in rows if row.leader_id in in_folder} == {rank}
    matched = work.take(work.make_first(FirstWork(kinds=(), only_matched=True)), "cam", 50).item_ids
    assert all(row.matched for row in rows if row.leader_id in matched)


def test_done_decides_the_whole_stack_once(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    done = work.done(queue, "ann", item_id, "3")
    assert done.how is Finish.NOW
    assert done.act is not None
    assert work.list_grades(item_id) == [("ann", "3")]


def test_done_sent_again_is_one_decision_and_another_code_is_refused(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    work.done(queue, "ann", item_id, "3")
    assert work.done(queue, "ann", item_id, "3").how is Finish.BEFORE
    with pytest.raises(Refused, match="another code"):
        work.done(queue, "ann", item_id, "1")
    assert work.list_grades(item_id) == [("ann", "3")]


def test_item_that_is_not_given_is_not_decided(work: QueueCase) -> None:
    queue = work.make_first()
    mine, others = work.take(queue, "ann").item_ids, work.take(queue, "ben").item_ids
    assert work.done(queue, "ann", others[0]).how is Finish.NOT_GIVEN
    give_back(work, queue, "ann", mine[0], AssignmentState.HANDED_BACK)
    assert work.done(queue, "ann", mine[0]).how is Finish.NOT_GIVEN
    assert work.list_grades(others[0]) == work.list_grades(mine[0]) == []


def test_unknown_code_and_queue_are_refused_and_change_nothing(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    with pytest.raises(WrongUse, match="no code"):
        work.done(queue, "ann", item_id, "nonsense")
    with pytest.raises(NotFound):
        work.take(10**9, "ann")
    assert work.take(queue, "ann").item_ids[0] == item_id


def test_handed_back_item_goes_to_others_and_a_skipped_one_not_to_whoever_skipped_it(work: QueueCase) -> None:
    queue = work.make_first()
    first, second = work.take(queue, "ann").item_ids[:2]
    assert give_back(work, queue, "ann", first, AssignmentState.HANDED_BACK) is Finish.NOW
    assert give_back(work, queue, "ann", second, AssignmentState.SKIPPED) is Finish.NOW
    assert give_back(work, queue, "ann", second, AssignmentState.SKIPPED) is Finish.BEFORE
    assert second not in work.take(queue, "ann", 50).item_ids
    return_all(work.site, work.actor("ann"), work.people["ann"], queue_id=queue)
    assert {first, second} <= set(work.take(queue, "ben", 50).item_ids)


def test_escalated_item_goes_to_nobody_until_somebody_decides(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    give_back(work, queue, "ann", item_id, AssignmentState.ESCALATED)
    assert item_id not in work.take(queue, "ben", 50).item_ids
    with work.site.database.read() as connection:
        found = assignments.list_escalated(connection, work.case.case_id, 10)
    assert [(one.item_id, one.note) for one in found] == [(item_id, "tired")]
    assert [subject for _, subject in list_acts(work.site, "item_escalated")] == [
        {"case": "harbour", "item": item_id, "queue": queue}
    ]
    work.clock.forward(minutes=1)
    work.decide("lee", item_id)
    with work.site.database.read() as connection:
        assert assignments.list_escalated(connection, work.case.case_id, 10) == []


@pytest.mark.parametrize("how", [AssignmentState.GIVEN, AssignmentState.DONE])
def test_item_cannot_be_returned_as_done(work: QueueCase, how: AssignmentState) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    with pytest.raises(WrongUse, match="not returned"):
        give_back(work, queue, "ann", item_id, how)


def test_what_is_decided_elsewhere_leaves_the_hand_and_is_not_given(work: QueueCase) -> None:
    queue = work.make_first()
    held = work.take(queue, "ann").item_ids
    work.decide("lee", held[2])
    again = work.take(queue, "ann").item_ids
    assert held[2] not in again
    assert again[:2] == held[:2]
    assert held[2] not in work.take(queue, "ben", 50).item_ids


def test_who_opted_out_holds_nothing_and_is_given_nothing(work: QueueCase) -> None:
    queue = work.make_first()
    held = work.take(queue, "ann").item_ids
    opt_out(work.site, work.actor("ann"), out=True)
    assert work.list_given() == []
    assert work.take(queue, "ann") == work.take(queue, "ann")
    assert work.take(queue, "ann").supply is Supply.OPTED_OUT
    assert work.take(queue, "ben").item_ids == held
    opt_out(work.site, work.actor("ann"), out=False)
    assert work.take(queue, "ann").supply is Supply.GIVEN
    assert not list_acts(work.site, "account_changed")


def test_closing_takes_everything_back_and_gives_nothing_more(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    for _ in range(2):
        assert close_queue(work.site, work.actor("lee"), case=work.case, queue_id=queue).closed_at is not None
    assert work.take(queue, "ann").supply is Supply.CLOSED
    assert work.done(queue, "ann", item_id).how is Finish.NOT_GIVEN
    assert work.list_given() == []
    assert [subject for _, subject in list_acts(work.site, "queue_closed")] == [{"case": "harbour", "queue": queue}]


def test_items_of_somebody_who_went_away_go_back_after_the_lease(work: QueueCase) -> None:
    queue = work.make_first()
    held = work.take(queue, "ann").item_ids
    work.clock.forward(minutes=61)
    assert work.take(queue, "ben").item_ids == held
    assert not set(work.take(queue, "ann").item_ids) & set(held)


def test_any_request_is_a_sign_of_life_and_a_day_is_the_end_of_it(work: QueueCase) -> None:
    queue = work.make_first()
    held = work.take(queue, "ann").item_ids
    account_id = work.people["ann"].account_id
    work.clock.forward(minutes=61)
    with work.site.database.write() as connection:
        ends_at = work.clock() + timedelta(days=3)
        sessions.start_session(connection, account_id, digest=b"x" * 32, at=work.clock(), ends_at=ends_at)
    assert not set(work.take(queue, "ben").item_ids) & set(held)
    assert work.take(queue, "ann").item_ids == held
    work.clock.forward(hours=24)
    with work.site.database.write() as connection:
        connection.execute(update(session_rows).values(seen_at=work.clock()))
    assert held[0] in work.take(queue, "cam").item_ids


def test_items_of_somebody_without_access_go_back_at_once(work: QueueCase) -> None:
    queue = work.make_first()
    held = work.take(queue, "ann").item_ids
    with work.site.database.write() as connection:
        case_access.take_access(connection, work.case.case_id, work.people["ann"].account_id)
    assert work.take(queue, "ben").item_ids == held


def test_empty_queue_says_so(work: QueueCase) -> None:
    for item_id in work.list_leaders():
        work.decide("lee", item_id)
    assert work.take(work.make_first(), "ann").supply is Supply.EMPTY
    assert work.take(work.make_second(), "lee").supply is Supply.EMPTY


def test_undo_gives_the_item_back_undecided(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    act = work.done(queue, "ann", item_id, "3").act
    assert act is not None
    assert undo(work, queue, "ann", item_id, (act.first, act.last)) is Finish.NOW
    assert undo(work, queue, "ann", item_id, (act.first, act.last)) is Finish.BEFORE
    assert work.list_grades(item_id) == [("ann", "3"), ("ann", None)]
    assert item_id in work.take(queue, "ann").item_ids
    assert work.done(queue, "ann", item_id, "1").how is Finish.NOW
    assert work.list_grades(item_id)[-1] == ("ann", "1")


def test_undo_of_what_was_never_ones_own_is_refused(work: QueueCase) -> None:
    queue = work.make_first()
    item_id = work.take(queue, "ann").item_ids[0]
    act = work.done(queue, "ann", item_id, "3").act
    assert act is not None
    with pytest.raises(Refused):
        undo(work, queue, "ben", item_id, (act.first, act.last))
    assert work.list_grades(item_id) == [("ann", "3")]


def decide_some(work: QueueCase, name: str = "ann", count: int = 10, code: str = "2") -> list[int]:
    decided = work.list_leaders()[:count]
    for item_id in decided:
        work.decide(name, item_id, code)
    return decided


def test_second_opinion_is_never_asked_of_who_decided(work: QueueCase) -> None:
    decided = decide_some(work)
    queue = work.make_second()
    assert work.take(queue, "ann").supply is Supply.EMPTY
    assert set(work.take(queue, "ben", 50).item_ids) == set(decided)


def test_who_ever_decided_is_not_asked_even_after_somebody_else_did(work: QueueCase) -> None:
    decided = decide_some(work, count=2)
    work.decide("lee", decided[0], "1")
    queue = work.make_second()
    assert work.take(queue, "ann").item_ids == ()
    assert work.take(queue, "lee").item_ids == (decided[1],)


def test_opinion_is_recorded_beside_the_decision_and_pinned_by_the_log(work: QueueCase) -> None:
    decided = decide_some(work, count=3, code="2")
    queue = work.make_second()
    work.take(queue, "ben")
    assert work.done(queue, "ben", decided[0], "3").how is Finish.NOW
    assert work.done(queue, "ben", decided[0], "3").how is Finish.BEFORE
    work.done(queue, "ben", decided[1], "2")
    with work.site.database.read() as connection:
        compared = opinions.list_compared(connection, queue)
        assert [(one.item_id, one.first, one.second) for one in compared] == [
            (decided[0], "2", "3"),
            (decided[1], "2", "2"),
        ]
        assert [one.item_id for one in opinions.list_disagreements(connection, work.case.case_id)] == [decided[0]]
        assert [one.person for one in opinions.list_of_item(connection, decided[0])] == ["ben"]
    assert [subject["opinion"] for _, subject in list_acts(work.site, "opinion_given")] == [1, 2]
    assert work.list_grades(decided[0]) == [("ann", "2")]


def test_disagreement_is_settled_by_a_decision(work: QueueCase) -> None:
    item_id = decide_some(work, count=1)[0]
    queue = work.make_second()
    work.take(queue, "ben")
    work.done(queue, "ben", item_id, "3")
    work.decide("lee", item_id, "3")
    with work.site.database.read() as connection:
        assert opinions.list_disagreements(connection, work.case.case_id) == []
        assert [one.first for one in opinions.list_compared(connection, queue)] == ["2"]


def test_one_opinion_for_each_item_unless_more_are_asked_for(work: QueueCase) -> None:
    item_id = decide_some(work, count=1)[0]
    one, two = work.make_second(), work.make_second(SecondWork(percent=100, opinions=2))
    for name in ("ben", "cam"):
        for queue in (one, two):
            if item_id in work.take(queue, name).item_ids:
                work.done(queue, name, item_id, "1")
    with work.site.database.read() as connection:
        assert opinions.count_people(connection, one, item_id) == 1
        assert opinions.count_people(connection, two, item_id) == 2


def test_share_of_later_decisions_is_drawn_too_and_withdrawn_ones_wait(work: QueueCase) -> None:
    queue = work.make_second()
    assert work.take(queue, "ben").supply is Supply.EMPTY
    decided = decide_some(work, count=4)
    assert set(work.take(queue, "ben").item_ids) == set(decided)
    work.decide("ann", decided[0], None)
    assert set(work.take(queue, "ben").item_ids) == set(decided[1:])
    work.decide("ann", decided[0], "1")
    assert set(work.take(queue, "ben").item_ids) == set(decided)


def test_codes_are_drawn_whole(work: QueueCase) -> None:
    leaders = work.list_leaders()
    work.decide("ann", leaders[0], "1")
    work.decide("ann", leaders[1], "2")
    queue = work.make_second(SecondWork(percent=0, codes=("1",)))
    assert work.take(queue, "ben").item_ids == (leaders[0],)


@pytest.mark.parametrize(
    ("name", "work_of"),
    [
        ("", FirstWork()),
        (" x", FirstWork()),
        ("a\nb", FirstWork()),
        ("x" * 101, FirstWork()),
        ("x", SecondWork(percent=0)),
        ("x", SecondWork(percent=-1)),
        ("x", SecondWork(percent=101)),
        ("x", SecondWork(opinions=0)),
        ("x", SecondWork(opinions=6)),
        ("x", SecondWork(codes=("nonsense",))),
    ],
)
def test_unfit_queues_are_refused(sqlite_site: Site, name: str, work_of: FirstWork | SecondWork) -> None:
    work = make_queue_case(sqlite_site, items=2)
    with pytest.raises(WrongUse):
        make_queue(work.site, work.actor("lee"), case=work.case, name=name, work=work_of)
    assert not list_acts(work.site, "queue_made")


def test_person_is_blind_to_the_whole_stack_until_done_with_everything(work: QueueCase) -> None:
    decided = decide_some(work, count=3)
    queue = work.make_second()
    held = work.take(queue, "ben").item_ids
    account_id = work.people["ben"].account_id
    with work.site.database.read() as connection:
        members = [
            row.item_id
            for row in connection.execute(
                candidates.stacks.join(
                    queues.stack_items, queues.stack_items.c.stack_id == candidates.stacks.c.id
                ).select()
            )
            if row.leader_id in decided
        ]
        every = [row.id for row in connection.execute(tables.items.select())]
        assert queues.find_blind(connection, account_id, every) == set(members)
        assert queues.find_blind(connection, work.people["ann"].account_id, every) == set()
    work.done(queue, "ben", held[0], "1")
    with work.site.database.read() as connection:
        assert queues.is_blind(connection, account_id, held[0])
    for item_id in held[1:]:
        work.done(queue, "ben", item_id, "1")
    with work.site.database.read() as connection:
        assert queues.find_blind(connection, account_id, every) == set()


def test_opinion_can_be_corrected_while_blind_and_not_after(work: QueueCase) -> None:
    decide_some(work, count=2)
    queue = work.make_second()
    first, second = work.take(queue, "ben").item_ids
    work.done(queue, "ben", first, "1")
    assert undo(work, queue, "ben", first) is Finish.NOW
    assert set(work.take(queue, "ben").item_ids) == {first, second}
    work.done(queue, "ben", first, "3")
    work.done(queue, "ben", second, "3")
    with pytest.raises(Refused, match="stands"):
        undo(work, queue, "ben", second)
    with work.site.database.read() as connection:
        assert {(one.item_id, one.second) for one in opinions.list_compared(connection, queue)} == {
            (first, "3"),
            (second, "3"),
        }
        assert len(opinions.list_of_item(connection, first)) == 2
        assert queues.get_queue(connection, queue).purpose is QueuePurpose.SECOND
        audit.verify_chain(connection)


def test_progress_counts_no_further_than_asked(work: QueueCase) -> None:
    queue = work.make_first()
    with work.site.database.read() as connection:
        stored = queues.get_queue(connection, queue)
        assert candidates.count_left(connection, stored, 7) == 7
        assert candidates.count_left(connection, stored, 1000) == len(work.list_leaders())
    work.take(queue, "ann")
    with work.site.database.read() as connection:
        assert assignments.count_by_state(connection, queue) == {AssignmentState.GIVEN: 5}
