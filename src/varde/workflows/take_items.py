"""Gives items of a queue to people: no item to two of them, the same ones again to whoever lost the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.review import QueuePurpose
from varde.store import accounts, assignments, candidates, queues
from varde.store.queues import Queue
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.make_queue import draw_new

MOST_TAKEN = 100
"""Items that one person holds of a queue at most."""


class Supply(StrEnum):
    """Why a person was given what they were."""

    GIVEN = "given"
    EMPTY = "empty"
    """Nothing is left for this person now; others may still hold some, or more may be decided."""

    CLOSED = "closed"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a person holds of a queue.

    Attributes:
        item_ids: leaders of stacks, in the order in which they were given.
    """

    item_ids: tuple[int, ...]
    supply: Supply


def take_items(site: Site, actor: Actor, account: Account, *, queue_id: int, count: int) -> Taken:
    """Returns what a person holds of a queue, filled up to a number; what they held comes first, in the same order.

    Args:
        site: where.
        actor: of the account.
        account: who takes; looked up again, since people may opt out at any time.
        queue_id: of a case the person has access to.
        count: 1 to `MOST_TAKEN`.
    """
    at = actor.clock()
    lease = timedelta(minutes=site.settings.review.lease_min)
    with site.database.write() as connection:
        queue, account = queues.get_queue(connection, queue_id), accounts.get_account(connection, account.name)
        if account.opted_out_at is not None:
            assignments.hand_back(connection, account.account_id, at)
            return Taken((), Supply.OPTED_OUT)
        if queue.closed_at is not None:
            return Taken((), Supply.CLOSED)
        assignments.take_forgotten_back(connection, queue, at, lease)
        held = _find_held(connection, queue, account, at)
        new = _choose(connection, queue, account, min(count, MOST_TAKEN) - len(held))
        assignments.give(connection, queue, account.account_id, new, at)
        found = (*held, *new)
        return Taken(found, Supply.GIVEN if found else Supply.EMPTY)


def _find_held(connection: Connection, queue: Queue, account: Account, at: datetime) -> list[int]:
    """Returns what a person holds already, less what was decided elsewhere, or withdrawn, in the meantime."""
    held = assignments.list_given(connection, queue.queue_id, account.account_id)
    is_first = queue.purpose is QueuePurpose.FIRST
    gone = set((candidates.find_closed if is_first else candidates.find_undecided)(connection, held))
    if gone:
        assignments.end_items(connection, queue.queue_id, account.account_id, list(gone), at)
    return [item_id for item_id in held if item_id not in gone]


def _choose(connection: Connection, queue: Queue, account: Account, count: int) -> list[int]:
    if count <= 0:
        return []
    if queue.purpose is QueuePurpose.FIRST:
        return candidates.find_open(connection, queue, account.account_id, count)
    found = candidates.find_waiting(connection, queue, account, count)
    if len(found) < count:
        draw_new(connection, queue)
        found = candidates.find_waiting(connection, queue, account, count)
    return found
