"""Queues of a case: what is given out to people, for which purpose and in which order; and who must stay blind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Connection, bindparam, func, insert, select, union, update

from varde.core.errors import NotFound
from varde.core.review import AssignmentState, GridOrder, QueuePurpose
from varde.store import tables
from varde.store.people_tables import accounts, case_access
from varde.store.review_tables import assignments, queues, stack_items, stacks
from varde.store.types import AnyRow, AnySelect

_GIVEN = AssignmentState.GIVEN.value
_DONE = AssignmentState.DONE.value


@dataclass(frozen=True, slots=True)
class Queue:
    """Stacks of a case that are given out to people, each to one at a time.

    Attributes:
        order: in which stacks are given out for a first decision; second opinions are given out in a drawn order.
        settings: which stacks, as plain data; holds the key of the draw, so it never leaves the server.
        closed_at: UTC; None while it gives anything out.
    """

    queue_id: int
    case_id: int
    name: str
    purpose: QueuePurpose
    order: GridOrder
    settings: Mapping[str, object]
    made_at: datetime
    made_by: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Work:
    """A queue a person can work in.

    Attributes:
        held: items of it that are given to the person.
    """

    queue: Queue
    case_name: str
    held: int


def add_queue(
    connection: Connection,
    *,
    case_id: int,
    name: str,
    purpose: QueuePurpose,
    order: GridOrder,
    settings: Mapping[str, object],
    person: str,
    at: datetime,
) -> Queue:
    """Returns the queue that was added."""
    values = {"case_id": case_id, "name": name, "purpose": purpose.value, "ordering": order.value}
    values |= {"settings": dict(settings), "made_at": at, "made_by": person}
    return _read(connection.execute(insert(queues).values(**values).returning(queues)).one())


def close_queue(connection: Connection, queue_id: int, at: datetime) -> bool:
    """Ends a queue, so that nothing is given out of it any more, and returns whether it was open."""
    still_open = (queues.c.id == queue_id, queues.c.closed_at.is_(None))
    return connection.execute(update(queues).where(*still_open).values(closed_at=at)).rowcount > 0


def record_settings(connection: Connection, queue_id: int, settings: Mapping[str, object]) -> None:
    """Replaces what a queue is told."""
    connection.execute(update(queues).where(queues.c.id == queue_id).values(settings=dict(settings)))


def get_queue(connection: Connection, queue_id: int) -> Queue:
    """Returns a queue by its row number.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(_select_queue(), {"queue": queue_id}).first()
    if row is None:
        raise NotFound(f"there is no queue {queue_id}")
    return _read(row)


def list_queues(connection: Connection, case_id: int) -> list[Queue]:
    """Returns the queues of a case, the newest first."""
    query = select(queues).where(queues.c.case_id == case_id).order_by(queues.c.id.desc())
    return [_read(row) for row in connection.execute(query)]


def list_work(connection: Connection, account_id: int) -> list[Work]:
    """Returns the open queues of all cases a person has access to, by case and age."""
    cases, table = tables.cases.c, assignments.c
    mine = (table.queue_id == queues.c.id, table.account_id == account_id, table.state == _GIVEN)
    held = select(func.count()).where(*mine).scalar_subquery()
    query = (
        select(queues, cases.name.label("case_name"), held.label("held"))
        .join(case_access, case_access.c.case_id == queues.c.case_id)
        .join(tables.cases, cases.id == queues.c.case_id)
        .where(case_access.c.account_id == account_id, queues.c.closed_at.is_(None))
        .order_by(cases.name, queues.c.id)
    )
    return [Work(_read(row), row.case_name, int(row.held)) for row in connection.execute(query)]


def is_blind(connection: Connection, account_id: int, item_id: int) -> bool:
    """Returns whether a person must not be shown what others decided on an item, or said about it."""
    return bool(find_blind(connection, account_id, [item_id]))


def find_blind(connection: Connection, account_id: int, item_ids: Collection[int]) -> set[int]:
    """Returns those of some items of which a person must not be shown what others decided.

    These are the items of stacks that are given to the person for a second opinion, and of stacks the person gave one
    on while anything else of the same queue is still given to them: so long an opinion can be corrected.
    """
    at_hand = list(set(connection.execute(_select_at_hand(), {"account": account_id}).scalars()))
    if not at_hand:
        return set()
    wanted = {"account": account_id, "at_hand": at_hand, "items": list(item_ids)}
    return set(connection.execute(_select_blind(), wanted).scalars())


def find_blind_of(connection: Connection, person: str, item_ids: Collection[int]) -> set[int]:
    """Returns the same for a person by name; nothing for a name that is no account's, such as a program's."""
    account_id = connection.execute(_select_account(), {"person": person}).scalar()
    return set() if account_id is None else find_blind(connection, account_id, item_ids)


@cache
def _select_queue() -> AnySelect:
    return select(queues).where(queues.c.id == bindparam("queue"))


@cache
def _select_account() -> AnySelect:
    return select(accounts.c.id).where(accounts.c.name == bindparam("person"))


@cache
def _select_at_hand() -> AnySelect:
    table = assignments.c
    mine = (table.account_id == bindparam("account"), table.state == _GIVEN)
    return select(table.queue_id).where(*mine, table.purpose == QueuePurpose.SECOND.value)


@cache
def _select_blind() -> CompoundSelect[*tuple[Any, ...]]:
    table = assignments.c
    wanted: BindParameter[int] = bindparam("items", expanding=True)
    second = (table.account_id == bindparam("account"), table.purpose == QueuePurpose.SECOND.value)
    of_queues = (table.queue_id.in_(bindparam("at_hand", expanding=True)), table.state.in_([_GIVEN, _DONE]))
    leaders = select(table.item_id).where(*second, *of_queues)
    members = (
        select(stack_items.c.item_id)
        .join(stacks, stacks.c.id == stack_items.c.stack_id)
        .where(stack_items.c.item_id.in_(wanted), stacks.c.leader_id.in_(leaders))
    )
    return union(members, leaders.where(table.item_id.in_(wanted)))


def _read(row: AnyRow) -> Queue:
    return Queue(
        queue_id=row.id,
        case_id=row.case_id,
        name=row.name,
        purpose=QueuePurpose(row.purpose),
        order=GridOrder(row.ordering),
        settings=row.settings,
        made_at=row.made_at,
        made_by=row.made_by,
        closed_at=row.closed_at,
    )
