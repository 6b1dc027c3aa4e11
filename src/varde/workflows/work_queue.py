"""Works in a queue: decides on items or gives an opinion, hands them back, and takes a slip back.

Each act is one transaction: an item is decided and its assignment ended, or neither. Acts may be sent twice, since
whoever lost the answer cannot know whether the act was done.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import Refused, WrongUse
from varde.core.review import AssignmentState, QueuePurpose
from varde.core.scheme import Grade
from varde.store import accounts, assignments, audit, candidates, decisions, opinions, queues
from varde.store.assignments import Assignment
from varde.store.queues import Queue
from varde.store.schemes import get_scheme
from varde.store.site import Site
from varde.store.stacks import DecisionAct, record_stack_decisions, undo_decisions
from varde.workflows.actor import Actor
from varde.workflows.make_queue import read_opinions_wanted

_MOST_CHARACTERS = 2_000


class Finish(StrEnum):
    """What came of an act on an item that was given to a person."""

    NOW = "now"
    BEFORE = "before"
    """The same act was done already: this is a repetition."""

    NOT_GIVEN = "not_given"
    """The item is not given to the person any more; nothing was done."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of an act.

    Attributes:
        act: the decisions that were made, to be taken back by; None for opinions and repetitions.
    """

    how: Finish
    act: DecisionAct | None = None


def finish_item(
    site: Site, actor: Actor, account: Account, *, case: Case, queue_id: int, item_id: int, code: str, note: str = ""
) -> Finished:
    """Records a person's decision or second opinion on an item they were given, and that they are done with it.

    Raises:
        WrongUse: if the case's scheme has no such code, or the note is too long.
        Refused: if the person was done with it before, with another code.
    """
    _check_note(note)
    with site.database.write() as connection:
        queue = queues.get_queue(connection, queue_id)
        grade = get_scheme(connection, case.scheme)[1].grade(code)
        held = assignments.find_newest(connection, queue_id, item_id, account.account_id)
        if held is not None and held.state is AssignmentState.DONE:
            return _repeat(connection, queue, account, item_id, code)
        if held is None or held.state is not AssignmentState.GIVEN:
            return Finished(Finish.NOT_GIVEN)
        assignments.end(connection, held.assignment_id, AssignmentState.DONE, actor.clock())
        if queue.purpose is QueuePurpose.FIRST:
            return Finished(Finish.NOW, _decide(connection, actor, case, item_id, grade, note))
        _give_opinion(connection, actor, account, case, queue, item_id, code, note)
        return Finished(Finish.NOW)


def return_item(
    site: Site,
    actor: Actor,
    account: Account,
    *,
    case: Case,
    queue_id: int,
    item_id: int,
    how: AssignmentState,
    note: str = "",
) -> Finished:
    """Records that a person hands an item back, skips it, or asks a more experienced one to decide; this is audited.

    Raises:
        WrongUse: if it is no way to return an item, or the note is too long.
    """
    _check_note(note)
    if how in {AssignmentState.GIVEN, AssignmentState.DONE}:
        raise WrongUse(f"an item is not returned as {how.value!r}")
    at = actor.clock()
    with site.database.write() as connection:
        held = assignments.find_newest(connection, queue_id, item_id, account.account_id)
        if held is not None and held.state is how:
            return Finished(Finish.BEFORE)
        if held is None or held.state is not AssignmentState.GIVEN:
            return Finished(Finish.NOT_GIVEN)
        assignments.end(connection, held.assignment_id, how, at, note)
        if how is AssignmentState.ESCALATED:
            subject: dict[str, str | int | None] = {"case": case.name, "item": item_id, "queue": queue_id}
            audit.append_event(connection, at=at, person=actor.person, act=Act.ITEM_ESCALATED, subject=subject)
        return Finished(Finish.NOW)


def return_all(site: Site, actor: Actor, account: Account, *, queue_id: int) -> int:
    """Takes back everything of a queue that a person holds, and returns how many items."""
    with site.database.write() as connection:
        return assignments.hand_back(connection, account.account_id, actor.clock(), queue_id=queue_id)


def undo_item(
    site: Site,
    actor: Actor,
    account: Account,
    *,
    case: Case,
    queue_id: int,
    item_id: int,
    act: tuple[int, int] | None = None,
) -> Finished:
    """Gives an item back to a person who has just been done with it, to decide anew.

    A decision is taken back. An opinion stays, and the next one takes its place; only for as long as the person was
    shown nothing of what others decided.

    Raises:
        Refused: if it cannot be taken back any more.
    """
    at = actor.clock()
    with site.database.write() as connection:
        queue, account = queues.get_queue(connection, queue_id), accounts.get_account(connection, account.name)
        held = assignments.find_newest(connection, queue_id, item_id, account.account_id)
        if held is not None and held.state is AssignmentState.GIVEN:
            return Finished(Finish.BEFORE)
        _check_undo(connection, queue, account, held)
        if queue.purpose is QueuePurpose.FIRST:
            if act is None:
                raise WrongUse("say which decisions are to be taken back")
            undo_decisions(connection, case=case, first=act[0], last=act[1], person=actor.person, at=at)
        assignments.give(connection, queue, account.account_id, [item_id], at)
        return Finished(Finish.NOW)


def _decide(connection: Connection, actor: Actor, case: Case, item_id: int, grade: Grade, note: str) -> DecisionAct:
    return record_stack_decisions(
        connection,
        case=case,
        item_ids=[item_id],
        grade=grade,
        whole_stacks=True,
        person=actor.person,
        at=actor.clock(),
        note=note,
    )


def _give_opinion(
    connection: Connection,
    actor: Actor,
    account: Account,
    case: Case,
    queue: Queue,
    item_id: int,
    code: str,
    note: str,
) -> None:
    at = actor.clock()
    number = opinions.add_opinion(
        connection,
        item_id=item_id,
        queue_id=queue.queue_id,
        account_id=account.account_id,
        code=code,
        at=at,
        note=note,
    )
    if opinions.count_people(connection, queue.queue_id, item_id) >= read_opinions_wanted(queue):
        candidates.set_waiting(connection, queue.queue_id, item_id, is_waiting=False)
    subject = {"case": case.name, **opinions.describe_opinion(connection, number)}
    audit.append_event(connection, at=at, person=actor.person, act=Act.OPINION_GIVEN, subject=subject)


def _repeat(connection: Connection, queue: Queue, account: Account, item_id: int, code: str) -> Finished:
    """Answers an act on an item that the person is done with: the same again is a repetition, another is refused."""
    if queue.purpose is QueuePurpose.SECOND:
        before = opinions.find_own(connection, queue.queue_id, item_id, account.account_id)
    else:
        made = [one for one in decisions.read_decisions(connection, [item_id])[item_id] if one.person == account.name]
        before = made[-1].grade.code if made and made[-1].grade else None
    if before != code:
        raise Refused("you were done with this item before, with another code", advice="Take that back first.")
    return Finished(Finish.BEFORE)


def _check_undo(connection: Connection, queue: Queue, account: Account, held: Assignment | None) -> None:
    if held is None or held.state is not AssignmentState.DONE or account.opted_out_at is not None:
        raise Refused("this item was not yours last, so there is nothing of yours to take back")
    if queue.closed_at is not None or assignments.is_given(connection, held.item_id, queue.purpose):
        raise Refused("the queue was closed or has given this item to somebody else", advice="Ask who leads the case.")
    is_second = queue.purpose is QueuePurpose.SECOND
    if is_second and not queues.is_blind(connection, account.account_id, held.item_id):
        raise Refused(
            "this opinion stands: you were done with everything, so you may have seen what others decided since",
            advice="Ask who leads the case to settle it.",
        )


def _check_note(note: str) -> None:
    if len(note) > _MOST_CHARACTERS:
        raise WrongUse(f"a note has {_MOST_CHARACTERS} characters at most")
