"""Makes queues of a case, draws what they give out, and closes them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.core.media import MediaKind
from varde.core.review import GridOrder, QueuePurpose
from varde.review.drawing import Draw, compute_position, make_draw
from varde.store import assignments, audit, candidates, queues
from varde.store.candidates import NewDecision
from varde.store.queues import Queue
from varde.store.schemes import get_scheme
from varde.store.site import Site
from varde.workflows.actor import Actor

MOST_OPINIONS = 5
_MOST_CHARACTERS = 100
_WINDOW = 5_000
_MOST_WINDOWS = 4
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class FirstWork:
    """Which stacks a queue gives out for a first decision.

    Attributes:
        kinds: of content; () means all.
        folder_rank: only stacks led from this folder, in the order of place; None all.
        only_matched: only stacks with a match that a person has to look at.
    """

    order: GridOrder = GridOrder.RELEVANCE
    kinds: tuple[MediaKind, ...] = (MediaKind.PICTURE, MediaKind.VIDEO)
    folder_rank: int | None = None
    only_matched: bool = False


@dataclass(frozen=True, slots=True)
class SecondWork:
    """Which decided items a queue gives out for a second opinion.

    Attributes:
        percent: share of the decided items that is drawn, 0-100.
        codes: items decided so are all drawn.
        opinions: how many people are asked about each.
    """

    percent: float = 10.0
    codes: tuple[str, ...] = ()
    opinions: int = 1


def make_queue(site: Site, actor: Actor, *, case: Case, name: str, work: FirstWork | SecondWork) -> Queue:
    """Returns a new queue of a case; audited.

    Raises:
        WrongUse: if the name cannot be shown, or nothing could ever be drawn.
    """
    _check_name(name)
    if isinstance(work, FirstWork):
        return _make_first(site, actor, case, name, work)
    return _make_second(site, actor, case, name, work)


def close_queue(site: Site, actor: Actor, *, case: Case, queue_id: int) -> Queue:
    """Returns a queue that gives nothing out any more; what people hold goes back. Audited, once.

    Raises:
        NotFound: if the case has no such queue.
    """
    at = actor.clock()
    with site.database.write() as connection:
        if queues.close_queue(connection, queue_id, at):
            assignments.take_all_back(connection, queue_id, at)
            subject: dict[str, str | int | None] = {"case": case.name, "queue": queue_id}
            audit.append_event(connection, at=at, person=actor.person, act=Act.QUEUE_CLOSED, subject=subject)
        return queues.get_queue(connection, queue_id)


def draw_new(connection: Connection, queue: Queue) -> bool:
    """Draws from what was decided since the last draw, and returns whether more is still to be looked at.

    A bounded part of the decisions at a time, so that nobody waits for long.
    """
    draw, start = _read_draw(queue), _read_cursor(queue)
    last = candidates.find_last_decision(connection)
    end = min(start + _WINDOW * _MOST_WINDOWS, last)
    if end > start:
        made = candidates.list_new_decisions(connection, queue.case_id, start, end)
        candidates.add_drawn(connection, queue.queue_id, _draw(draw, made))
        queues.record_settings(connection, queue.queue_id, {**queue.settings, "up_to_decision": end})
    return end < last


def read_opinions_wanted(queue: Queue) -> int:
    """Returns how many people a queue asks about each item."""
    wanted = queue.settings.get("opinions")
    return wanted if isinstance(wanted, int) else 1


def _make_first(site: Site, actor: Actor, case: Case, name: str, work: FirstWork) -> Queue:
    settings: dict[str, object] = {
        "kinds": [kind.value for kind in work.kinds],
        "folder_rank": work.folder_rank,
        "only_matched": work.only_matched,
    }
    at = actor.clock()
    with site.database.write() as connection:
        return _add(connection, actor, case, name, QueuePurpose.FIRST, work.order, settings, at)


def _make_second(site: Site, actor: Actor, case: Case, name: str, work: SecondWork) -> Queue:
    if not 1 <= work.opinions <= MOST_OPINIONS:
        raise WrongUse(f"1 to {MOST_OPINIONS} people can be asked about an item, not {work.opinions}")
    if not 0 <= work.percent <= 100 or not (work.percent or work.codes):
        raise WrongUse("a share is more than 0 and up to 100 percent, or codes are given")
    draw = make_draw(secrets.token_bytes(_KEY_BYTES), work.codes, work.percent)
    with site.database.read() as connection:  # long before the write lock is taken: it may be a large case
        scheme = get_scheme(connection, case.scheme)[1]
        for code in work.codes:
            scheme.grade(code)
        last = candidates.find_last_decision(connection)
        drawn = _draw(draw, list(candidates.list_decided(connection, case.case_id)))
    settings = {"key": draw.key.hex(), "percent": work.percent, "codes": list(work.codes), "opinions": work.opinions}
    settings |= {"up_to_decision": last}
    at = actor.clock()
    with site.database.write() as connection:
        queue = _add(connection, actor, case, name, QueuePurpose.SECOND, GridOrder.PLACE, settings, at)
        candidates.add_drawn(connection, queue.queue_id, drawn)
        return queue


def _add(
    connection: Connection,
    actor: Actor,
    case: Case,
    name: str,
    purpose: QueuePurpose,
    order: GridOrder,
    settings: dict[str, object],
    at: datetime,
) -> Queue:
    queue = queues.add_queue(
        connection,
        case_id=case.case_id,
        name=name,
        purpose=purpose,
        order=order,
        settings=settings,
        person=actor.person,
        at=at,
    )
    subject: dict[str, str | int | None] = {"case": case.name, "queue": queue.queue_id, "purpose": purpose.value}
    audit.append_event(connection, at=at, person=actor.person, act=Act.QUEUE_MADE, subject=subject)
    return queue


def _draw(draw: Draw, made: list[NewDecision]) -> list[tuple[int, str, int]]:
    taken = (one for one in made if draw.takes(one.item_id, one.code))
    return [(one.item_id, one.person, compute_position(draw.key, one.item_id)) for one in taken]


def _read_draw(queue: Queue) -> Draw:
    key, codes, percent = (queue.settings[name] for name in ("key", "codes", "percent"))
    chosen = [str(code) for code in codes] if isinstance(codes, list) else []
    return make_draw(bytes.fromhex(str(key)), chosen, float(str(percent)))


def _read_cursor(queue: Queue) -> int:
    cursor = queue.settings["up_to_decision"]
    return cursor if isinstance(cursor, int) else 0


def _check_name(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > _MOST_CHARACTERS or not name.isprintable():
        raise WrongUse(f"the name of a queue needs 1 to {_MOST_CHARACTERS} printable characters")
