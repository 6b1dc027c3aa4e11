"""Keeps known sets in step with exchanges: each consistent range is recorded with its checkpoint, or not at all."""

from __future__ import annotations

import hashlib
import shlex
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from varde.core.errors import Refused, VardeError
from varde.core.known import SetDelta
from varde.known.exchange import FetchedRange
from varde.store import exchanges, known_sets
from varde.store.exchanges import Exchange
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.manage_exchanges import Connect, connect, lock_exchange, open_exchange
from varde.workflows.update_known_set import DeltaResult, apply_delta

_MOST_REMOVALS = 20_000
_FEW = 100
_SIGNED = ("site",)
"""Interfaces whose statement of everything is signed by those whose set it is."""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What a fetch brought.

    Attributes:
        added, superseded, removed, disputed: entries, as `DeltaResult`.
        unreadable: records that could not be read.
        ranges: how many transactions it took.
        checkpoint: where the next fetch goes on.
        notes: what a person should know.
    """

    added: int = 0
    superseded: int = 0
    removed: int = 0
    disputed: int = 0
    unreadable: int = 0
    ranges: int = 0
    checkpoint: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def plus(self, result: DeltaResult, fetched: FetchedRange) -> FetchResult:
        """Returns the sum of this and one more range."""
        return FetchResult(
            self.added + result.added,
            self.superseded + result.superseded,
            self.removed + result.removed,
            self.disputed + result.disputed,
            self.unreadable + fetched.unreadable,
            self.ranges + 1,
            fetched.delta.checkpoint,
            (*self.notes, *(note for note in fetched.notes if note not in self.notes)),
        )


def fetch_exchange(
    site: Site,
    actor: Actor,
    name: str,
    progress: Callable[[FetchResult, str], None],
    *,
    everything: bool = False,
    connect: Connect = connect,
) -> FetchResult:
    """Returns what a fetch brought; every range of it is recorded with its checkpoint in one transaction.

    Args:
        site, actor: where and who.
        name: of the exchange.
        progress: called after every range, with how far the fetch is in words.
        everything: start from the beginning, and withdraw what does not come any more.
        connect: opens the exchange.

    Raises:
        ExchangeFailure: if the other side is away or cannot be read; ranges recorded before stay.
        Refused: if the exchange is disabled, or has lost most of its set without being asked for everything.
        SiteBusy: if it is being fetched by another process.
        NotFound: if there is none of that name.
    """
    with site.database.read() as connection:
        exchange = exchanges.get_exchange(connection, name)
    if not exchange.is_enabled:
        raise Refused(
            f"the exchange {name} is disabled", advice=f"Enable it: varde exchange enable {shlex.quote(name)}"
        )
    with lock_exchange(site, exchange):
        try:
            result = _fetch(site, actor, exchange, progress, connect, everything=everything)
        except VardeError as error:
            _record_end(site, actor, exchange, str(error))
            raise
        _record_end(site, actor, exchange, "")
    return result


def _fetch(
    site: Site,
    actor: Actor,
    exchange: Exchange,
    progress: Callable[[FetchResult, str], None],
    connect: Connect,
    *,
    everything: bool,
) -> FetchResult:
    with site.database.read() as connection:
        checkpoint = exchanges.read_checkpoint(connection, exchange)
    opened = open_exchange(exchange, connect)
    result = FetchResult(checkpoint=checkpoint)
    try:
        now = actor.clock()
        is_wanted = everything or exchange.api in _SIGNED
        everything = everything or opened.needs_all(checkpoint, now)
        seen = Seen()
        for fetched in opened.fetch(checkpoint, now, everything=everything):
            if everything:
                seen.add(fetched.delta)
                if fetched.is_last:
                    removed = withdraw_rest(site, actor, exchange, seen, is_wanted=is_wanted)
                    result = replace(result, removed=result.removed + removed)
                else:  # what is gone is known at the end only, so that an interrupted fetch must begin again
                    fetched = replace(fetched, delta=replace(fetched.delta, checkpoint=checkpoint))
            result = result.plus(apply_delta(site, actor, exchange.set_id, fetched.delta, exchange.source), fetched)
            progress(result, fetched.reached)
    finally:
        opened.close()
    return result


class Seen:
    """Which entries a fetch of everything named, in eight bytes each."""

    def __init__(self) -> None:
        self._named = array("Q")

    def add(self, delta: SetDelta) -> None:
        """Takes what a range named."""
        self._named.extend(_shorten(entry.source_id) for entry in delta.upserts)

    def find_rest(self, source_ids: Iterator[str]) -> Iterator[str]:
        """Yields those that no range named; a chance of one in 2^64 for each pair that one is overlooked."""
        named = np.sort(np.frombuffer(self._named, dtype=np.uint64))
        for source_id in source_ids:
            short = _shorten(source_id)
            place = bisect_left(named, short, key=int)
            if place == len(named) or int(named[place]) != short:
                yield source_id


def withdraw_rest(site: Site, actor: Actor, exchange: Exchange, seen: Seen, *, is_wanted: bool) -> int:
    """Withdraws what a fetch of everything did not name any more, and returns how many entries that were.

    Raises:
        Refused: if it is more than half of a set, and nobody asked for it: a file that was cut off looks like that.
    """
    with site.database.read() as connection:
        gone = list(seen.find_rest(exchanges.list_source_ids(connection, exchange.set_id)))
        counting = known_sets.get_set_by_id(connection, exchange.set_id).entries
    if not is_wanted and len(gone) > _FEW and len(gone) * 2 > counting:
        again = shlex.join(["varde", "exchange", "fetch", exchange.name, "--everything"])
        raise Refused(
            f"{exchange.name} has {len(gone):,} of the {counting:,} entries of its set no more; none was withdrawn",
            advice=f"Find out whether that is meant. If so: {again}",
        )
    removed = 0
    for start in range(0, len(gone), _MOST_REMOVALS):
        delta = SetDelta(removals=tuple(gone[start : start + _MOST_REMOVALS]))
        removed += apply_delta(site, actor, exchange.set_id, delta, exchange.source).removed
    return removed


def _shorten(source_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(source_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _record_end(site: Site, actor: Actor, exchange: Exchange, failure: str) -> None:
    with site.database.write() as connection:
        exchanges.record_fetch(connection, exchange.exchange_id, actor.clock(), failure)
