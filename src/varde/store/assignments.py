"""Assignments: which item of a queue is given to whom, and what became of it. Every act is kept; one is in force."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, select, update

from varde.core.review import AssignmentState, QueuePurpose
from varde.store.people_tables import accounts, case_access, sessions
from varde.store.queues import Queue
from varde.store.review_tables import assignments, queues
from varde.store.tables import decisions, items
from varde.store.types import AnyRow

LEASE_ENDED = "nothing was heard of the person for long"
DECIDED_ELSEWHERE = "decided elsewhere"
_GIVEN = AssignmentState.GIVEN.value
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Assignment:
    """An item that was given to a person.

    Attributes:
        ended_at: UTC; None while it is given.
        note: the person's own words, or why it went back.
    """

    assignment_id: int
    queue_id: int
    item_id: int
    account_id: int
    given_at: datetime
    state: AssignmentState
    ended_at: datetime | None
    note: str


def give(connection: Connection, queue: Queue, account_id: int, item_ids: Sequence[int], at: datetime) -> None:
    """Records that items are given to a person.

    Raises:
        IntegrityError: if one is given to somebody already: the caller chose badly, and the database refuses.
    """
    same = {"queue_id": queue.queue_id, "purpose": queue.purpose.value, "account_id": account_id, "given_at": at}
    rows = [same | {"item_id": item_id, "state": _GIVEN, "note": ""} for item_id in item_ids]
    if rows:
        connection.execute(insert(assignments), rows)


def list_given(connection: Connection, queue_id: int, account_id: int) -> list[int]:
    """Returns the items of a queue that are given to a person, in the order in which they were."""
    table = assignments.c
    mine = (table.account_id == account_id, table.state == _GIVEN, table.queue_id == queue_id)
    return list(connection.execute(select(table.item_id).where(*mine).order_by(table.id)).scalars())


def find_newest(connection: Connection, queue_id: int, item_id: int, account_id: int) -> Assignment | None:
    """Returns what became of an item of a queue that was last given to a person; None where it never was."""
    table = assignments.c
    same = (table.item_id == item_id, table.queue_id == queue_id, table.account_id == account_id)
    row = connection.execute(select(assignments).where(*same).order_by(table.id.desc()).limit(1)).first()
    return None if row is None else _read(row)


def is_given(connection: Connection, item_id: int, purpose: QueuePurpose) -> bool:
    """Returns whether an item is given to anybody for a purpose."""
    table = assignments.c
    same = (table.item_id == item_id, table.purpose == purpose.value, table.state == _GIVEN)
    return connection.execute(select(table.id).where(*same)).first() is not None


def has_opinions_to_give(connection: Connection, account_id: int, case_id: int) -> bool:
    """Returns whether a person holds anything of a case for a second opinion."""
    table = assignments.c
    mine = (table.account_id == account_id, table.state == _GIVEN, table.purpose == QueuePurpose.SECOND.value)
    query = select(table.id).join(queues, queues.c.id == table.queue_id).where(*mine, queues.c.case_id == case_id)
    return connection.execute(query.limit(1)).first() is not None


def end(connection: Connection, assignment_id: int, state: AssignmentState, at: datetime, note: str = "") -> None:
    """Records what became of an item that is given to somebody."""
    _end(connection, assignments.c.id == assignment_id, state=state, at=at, note=note)


def end_items(connection: Connection, queue_id: int, account_id: int, item_ids: Sequence[int], at: datetime) -> None:
    """Takes items of a person's back that were decided elsewhere in the meantime."""
    table = assignments.c
    mine = (table.queue_id == queue_id, table.account_id == account_id, table.item_id.in_(item_ids))
    _end(connection, *mine, state=AssignmentState.HANDED_BACK, at=at, note=DECIDED_ELSEWHERE)


def hand_back(connection: Connection, account_id: int, at: datetime, *, queue_id: int | None = None) -> int:
    """Takes everything back that is given to a person, of one queue or of all, and returns how many items."""
    of_queue = [] if queue_id is None else [assignments.c.queue_id == queue_id]
    mine = (assignments.c.account_id == account_id, *of_queue)
    return _end(connection, *mine, state=AssignmentState.HANDED_BACK, at=at)


def take_all_back(connection: Connection, queue_id: int, at: datetime) -> int:
    """Takes everything back that is given out of a queue, and returns how many items."""
    of_queue = assignments.c.queue_id == queue_id
    return _end(connection, of_queue, state=AssignmentState.HANDED_BACK, at=at, note="the queue was closed")


def take_forgotten_back(connection: Connection, queue: Queue, at: datetime, lease: timedelta) -> int:
    """Takes back what was given long ago to people of whom nothing was heard since, and returns how many items.

    A request of any kind is a sign of life. What was given more than a day ago goes back in any case, and what people
    hold who have no access to the case any more, may not log in or do not review.
    """
    table = assignments.c
    alive = select(sessions.c.account_id).where(sessions.c.seen_at >= at - lease, sessions.c.ends_at > at)
    forgotten = (table.given_at < at - lease) & table.account_id.not_in(alive)
    gone = table.account_id.not_in(_working(queue.case_id)) | (table.given_at < at - _LONGEST)
    of_queue = table.queue_id == queue.queue_id
    return _end(connection, of_queue, forgotten | gone, state=AssignmentState.HANDED_BACK, at=at, note=LEASE_ENDED)


def list_escalated(connection: Connection, case_id: int, limit: int) -> list[Assignment]:
    """Returns what people of a case asked a more experienced one to decide and nobody has yet, the newest first."""
    table = assignments.c
    decided = exists().where(decisions.c.item_id == table.item_id, decisions.c.at >= table.ended_at)
    query = select(assignments).join(queues, queues.c.id == table.queue_id).where(queues.c.case_id == case_id)
    query = query.where(table.state == AssignmentState.ESCALATED.value, ~decided)
    return [_read(row) for row in connection.execute(query.order_by(table.id.desc()).limit(limit))]


def name_items(connection: Connection, item_ids: Collection[int]) -> dict[int, str]:
    """Returns the file names of items."""
    query = select(items.c.id, items.c.name).where(items.c.id.in_(list(item_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def count_by_state(connection: Connection, queue_id: int) -> dict[AssignmentState, int]:
    """Returns how many assignments of a queue are in which state, over all people."""
    table = assignments.c
    query = select(table.state, func.count()).where(table.queue_id == queue_id).group_by(table.state)
    return {AssignmentState(state): int(count) for state, count in connection.execute(query)}


def _working(case_id: int) -> Select[tuple[int]]:
    """Returns a query for the accounts that review in a case."""
    table = accounts.c
    works = (table.disabled_at.is_(None), table.opted_out_at.is_(None), case_access.c.case_id == case_id)
    return select(table.id).join(case_access, case_access.c.account_id == table.id).where(*works)


def _end(
    connection: Connection, *which: ColumnElement[bool], state: AssignmentState, at: datetime, note: str = ""
) -> int:
    ended = update(assignments).where(assignments.c.state == _GIVEN, *which)
    return connection.execute(ended.values(state=state.value, ended_at=at, note=note)).rowcount


def _read(row: AnyRow) -> Assignment:
    state = AssignmentState(row.state)
    return Assignment(row.id, row.queue_id, row.item_id, row.account_id, row.given_at, state, row.ended_at, row.note)
