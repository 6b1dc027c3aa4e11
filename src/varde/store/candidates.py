"""What a queue can give to a person next; nothing that is decided is walked over to find it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, func, literal, or_, select, update

from varde.core.account import Account
from varde.core.media import MediaKind
from varde.core.review import AssignmentState, QueuePurpose
from varde.store.database import insert_new, stream
from varde.store.grid import GridQuery, list_stacks
from varde.store.queues import Queue
from varde.store.review_tables import assignments, queue_items, stacks
from varde.store.tables import decisions
from varde.store.types import AnyRow

_PAGE = 200
_GIVEN = AssignmentState.GIVEN.value
_ESCALATED = AssignmentState.ESCALATED.value
_OVER_FOR_ONE = [AssignmentState.SKIPPED.value, AssignmentState.DONE.value]


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision in force on the leader of a stack, that may get a second opinion."""

    decision_id: int
    item_id: int
    code: str
    person: str


def find_open(connection: Connection, queue: Queue, account_id: int, count: int) -> list[int]:
    """Returns up to so many stacks, by their leaders, in the queue's order, that a person can be given to decide.

    Left out are stacks that are given to anybody, that somebody asked a more experienced person to decide, and that
    this person skipped. These alone are walked over.
    """
    found: list[int] = []
    after = None
    while len(found) < count:
        leaders, after = list_stacks(connection, read_query(queue), after, _PAGE)
        taken = _find_taken(connection, queue, account_id, leaders)
        found += [leader for leader in leaders if leader not in taken]
        if after is None:
            break
    return found[:count]


def find_closed(connection: Connection, item_ids: Collection[int]) -> list[int]:
    """Returns those of some items that lead no stack in which anything is undecided, or none at all any more."""
    table = stacks.c
    still_open = select(table.leader_id).where(table.leader_id.in_(list(item_ids)), table.is_open == 1)
    return list(set(item_ids) - set(connection.execute(still_open).scalars()))


def find_undecided(connection: Connection, item_ids: Collection[int]) -> list[int]:
    """Returns those of some items that have no grade in force: there is nothing to give a second opinion on."""
    table = decisions.c
    newest = select(func.max(table.id)).where(table.item_id.in_(list(item_ids))).group_by(table.item_id)
    graded = select(table.item_id).where(table.id.in_(newest), table.code.is_not(None))
    return list(set(item_ids) - set(connection.execute(graded).scalars()))


def find_waiting(connection: Connection, queue: Queue, account: Account, count: int) -> list[int]:
    """Returns up to so many drawn items on which a person can be asked for a second opinion.

    Left out are items the person ever decided, or gave an opinion on, skipped or holds; items given to somebody else;
    items that were escalated; and items whose decision was withdrawn.
    """
    table, made, own = queue_items.c, decisions.alias("made").c, decisions.alias("own").c
    last, given, here = decisions.alias("last").c, assignments.alias("given").c, assignments.alias("here").c
    newest = select(func.max(last.id)).where(last.item_id == table.item_id).scalar_subquery()
    is_given = given.state == _GIVEN
    mine = and_(here.account_id == account.account_id, here.state.in_(_OVER_FOR_ONE))
    is_over = or_(here.state == _ESCALATED, mine)
    query = (
        select(table.item_id)
        .where(table.queue_id == queue.queue_id, table.is_waiting == 1, table.decided_by != account.name)
        .where(exists().where(made.id == newest, made.code.is_not(None)))
        .where(~exists().where(own.item_id == table.item_id, own.person == account.name))
        .where(~exists().where(given.item_id == table.item_id, given.purpose == queue.purpose.value, is_given))
        .where(~exists().where(here.item_id == table.item_id, here.queue_id == queue.queue_id, is_over))
        .order_by(table.position)
        .limit(count)
    )
    return list(connection.execute(query).scalars())


def count_left(connection: Connection, queue: Queue, most: int) -> int:
    """Returns how many items of a queue wait or are given, counted no further than to `most`."""
    if queue.purpose is QueuePurpose.FIRST:
        return len(list_stacks(connection, read_query(queue), None, most)[0])
    table = queue_items.c
    waiting = select(literal(1)).where(table.queue_id == queue.queue_id, table.is_waiting == 1).limit(most)
    return int(connection.execute(select(func.count()).select_from(waiting.subquery())).scalar_one())


def read_query(queue: Queue) -> GridQuery:
    """Returns which stacks a queue for first decisions gives out, and in which order."""
    settings = queue.settings
    kinds = tuple(MediaKind(kind) for kind in _list(settings.get("kinds")))
    folder = settings.get("folder_rank")
    return GridQuery(
        queue.case_id,
        queue.order,
        kinds,
        is_open=True,
        is_matched=True if settings.get("only_matched") else None,
        folder_rank=folder if isinstance(folder, int) else None,
    )


def list_new_decisions(connection: Connection, case_id: int, after: int, until: int) -> list[NewDecision]:
    """Returns the grades among decisions after..until that are on leaders of a case, by number of the decision."""
    table = decisions.c
    query = (
        select(table.id, table.item_id, table.code, table.person)
        .join(stacks, stacks.c.leader_id == table.item_id)
        .where(table.id > after, table.id <= until, stacks.c.case_id == case_id, table.code.is_not(None))
        .order_by(table.id)
    )
    return [_read_decision(row) for row in connection.execute(query)]


def list_decided(connection: Connection, case_id: int) -> Iterator[NewDecision]:
    """Yields the grades in force on the leaders of a case's stacks: all of them, so not for every request."""
    other = decisions.alias("other").c
    newest = select(func.max(other.id)).where(other.item_id == stacks.c.leader_id).scalar_subquery()
    query = (
        select(decisions.c.id, decisions.c.item_id, decisions.c.code, decisions.c.person)
        .select_from(stacks.join(decisions, decisions.c.item_id == stacks.c.leader_id))
        .where(stacks.c.case_id == case_id, decisions.c.id == newest, decisions.c.code.is_not(None))
    )
    return (_read_decision(row) for row in stream(connection, query))


def find_last_decision(connection: Connection) -> int:
    """Returns the number of the newest decision of the site, 0 where there is none."""
    return connection.execute(select(func.max(decisions.c.id))).scalar() or 0


def add_drawn(connection: Connection, queue_id: int, drawn: Iterable[tuple[int, str, int]]) -> None:
    """Adds drawn (item, who decided it, position) to a queue for second opinions; those already in it stay."""
    rows = [
        {"queue_id": queue_id, "item_id": item_id, "decided_by": person, "is_waiting": 1, "position": position}
        for item_id, person, position in drawn
    ]
    for start in range(0, len(rows), 5000):
        connection.execute(insert_new(connection, queue_items), rows[start : start + 5000])


def set_waiting(connection: Connection, queue_id: int, item_id: int, *, is_waiting: bool) -> None:
    """Records whether a drawn item still waits for an opinion."""
    table = queue_items.c
    same = (table.queue_id == queue_id, table.item_id == item_id)
    connection.execute(update(queue_items).where(*same).values(is_waiting=int(is_waiting)))


def _find_taken(connection: Connection, queue: Queue, account_id: int, item_ids: Sequence[int]) -> set[int]:
    table = assignments.c
    skipped = and_(
        table.queue_id == queue.queue_id,
        table.account_id == account_id,
        table.state == AssignmentState.SKIPPED.value,
    )
    taken = or_(table.state.in_([_GIVEN, _ESCALATED]), skipped)
    same = (table.item_id.in_(item_ids), table.purpose == queue.purpose.value)
    return set(connection.execute(select(table.item_id).where(*same, taken)).scalars())


def _read_decision(row: AnyRow) -> NewDecision:
    return NewDecision(row.id, row.item_id, row.code, row.person)


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
