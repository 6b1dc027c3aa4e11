"""How a case's queues go: sums over people, what was escalated, where people disagree, and how far they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.case import Case
from varde.core.errors import Refused
from varde.core.outcome import NotComparable
from varde.core.review import AssignmentState, QueuePurpose
from varde.review.agreement import Kappa, Share, compute_cohen, compute_fleiss, compute_share
from varde.store import assignments, candidates, opinions, queues, schemes, stacks
from varde.store.assignments import Assignment
from varde.store.opinions import Compared
from varde.store.queues import Queue
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.make_queue import read_opinions_wanted

MOST_LISTED = 200
_SEED = 17


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far second opinions agree with the decisions they were given on.

    Attributes:
        fleiss: where several opinions on each item are asked for; None where one is.
        spoilt: opinions beside which no decision was in force any more; left out.
    """

    share: Share | NotComparable
    cohen: Kappa | NotComparable
    fleiss: Kappa | NotComparable | None
    spoilt: int


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How a queue goes, over all people: what one person did is for nobody else.

    Attributes:
        left: what waits or is given, counted up to a limit.
        by_state: assignments.
        agreement: of queues for second opinions.
    """

    queue: Queue
    left: int
    by_state: dict[AssignmentState, int]
    agreement: Agreement | None


@dataclass(frozen=True, slots=True)
class CaseQueues:
    """Everything somebody who leads a case sees of its queues.

    Attributes:
        disagreements: not of items the reader is to give an opinion on.
        has_more: whether there are more escalated items or disagreements than are listed.
    """

    queues: list[QueueProgress]
    escalated: list[Assignment]
    disagreements: list[Compared]
    has_more: bool


def read_case_queues(site: Site, account: Account, case: Case, *, most_counted: int) -> CaseQueues:
    """Returns how the queues of a case go, for somebody who leads it."""
    with site.database.read() as connection:
        found = queues.list_queues(connection, case.case_id)
        escalated = assignments.list_escalated(connection, case.case_id, MOST_LISTED + 1)
        differing = opinions.list_disagreements(connection, case.case_id)
        named = [one.item_id for one in escalated] + [one.item_id for one in differing]
        blind = queues.find_blind(connection, account.account_id, named)
        seen = [one for one in differing if one.item_id not in blind]
        return CaseQueues(
            [_read_progress(connection, queue, most_counted) for queue in found],
            [one for one in escalated if one.item_id not in blind][:MOST_LISTED],
            seen[:MOST_LISTED],
            max(len(escalated), len(seen)) > MOST_LISTED,
        )


def settle(site: Site, actor: Actor, account: Account, *, case: Case, item_id: int, code: str, note: str) -> None:
    """Records the decision of somebody who leads the case, on an item that was escalated or that people disagree on.

    Raises:
        NotFound: if the case has no such item.
        WrongUse: if the case's scheme has no such code.
        Refused: if the person is to give an opinion on it and must not know the others'.
    """
    with site.database.write() as connection:
        if queues.is_blind(connection, account.account_id, item_id):
            raise Refused("you were asked for a second opinion on this item", advice="Give it in its queue first.")
        stacks.record_stack_decisions(
            connection,
            case=case,
            item_ids=[item_id],
            grade=schemes.get_scheme(connection, case.scheme)[1].grade(code),
            whole_stacks=True,
            person=actor.person,
            at=actor.clock(),
            note=note,
        )


def compute_agreement(compared: Sequence[Compared], opinions_wanted: int) -> Agreement:
    """Returns how far people agree; same opinions, same figures."""
    pairs = [(one.first, one.second) for one in compared if one.first is not None]
    agreeing = sum(first == second for first, second in pairs)
    fleiss = None
    if opinions_wanted > 1:
        fleiss = compute_fleiss(_group(compared, opinions_wanted), np.random.default_rng(_SEED))
    return Agreement(compute_share(agreeing, len(pairs)), compute_cohen(pairs), fleiss, len(compared) - len(pairs))


def _group(compared: Sequence[Compared], opinions_wanted: int) -> list[list[str]]:
    """Returns decision and opinions of each item that has all that were asked for."""
    grouped: defaultdict[int, list[Compared]] = defaultdict(list)
    for one in compared:
        grouped[one.item_id].append(one)
    whole = [found for found in grouped.values() if len(found) >= opinions_wanted and found[0].first is not None]
    return [[str(found[0].first), *(one.second for one in found[:opinions_wanted])] for found in whole]


def _read_progress(connection: Connection, queue: Queue, most_counted: int) -> QueueProgress:
    is_second = queue.purpose is QueuePurpose.SECOND
    agreement = None
    if is_second:
        agreement = compute_agreement(opinions.list_compared(connection, queue.queue_id), read_opinions_wanted(queue))
    left = 0 if queue.closed_at else candidates.count_left(connection, queue, most_counted)
    return QueueProgress(queue, left, assignments.count_by_state(connection, queue.queue_id), agreement)
