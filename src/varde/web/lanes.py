"""Lanes: bounded rooms for work in threads, so that load delays an answer or refuses it, and never changes it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync

from varde.web.errors import refuse_for_now

P = ParamSpec("P")
T = TypeVar("T")

_FULL = "The server has as much to do as it takes on; the request was not looked at. Send it again."


class Room:
    """A number of places. Whoever finds none free is told to come again; nobody waits."""

    def __init__(self, places: int) -> None:
        self._places = places
        self.taken = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Holds a place.

        Raises:
            HTTPException: 503 with ``Retry-After``, if none is free.
        """
        if self.taken >= self._places:
            raise refuse_for_now(_FULL)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Lane:
    """A few threads for one kind of work, and room for some more of it to wait."""

    def __init__(self, threads: int, waiting: int, *, patience_s: float = math.inf) -> None:
        """Prepares a lane; made inside the event loop.

        Args:
            threads: calls that run at once.
            waiting: further calls that may wait for a thread.
            patience_s: how long each of them may wait; what has begun is waited for.
        """
        self.room = Room(threads + waiting)
        self._limiter = anyio.CapacityLimiter(threads)
        self._turns = anyio.Semaphore(threads)
        self._patience_s = patience_s

    async def run(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Returns what a function returned, called in a thread; never stopped half-way.

        Raises:
            HTTPException: 503 with ``Retry-After``, if there is no room, or none in time; nothing was done then.
        """
        async with self.room.take():
            try:
                with anyio.fail_after(self._patience_s):
                    await self._turns.acquire()
            except TimeoutError as error:
                raise refuse_for_now(_FULL) from error
            try:
                return await run_sync(partial(function, *arguments, **options), limiter=self._limiter)
            finally:
                self._turns.release()
