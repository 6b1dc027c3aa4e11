"""Decoder processes for many requests at once: the one thread that may use a pool, and room for so many to wait."""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from varde.core.errors import VardeError
from varde.media.pool import Failure, FailureKind, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.web.errors import refuse_for_now

_POLL_S = 0.005
_FULL = "The server shows as much as it can; this was not looked at. Send it again."
_STOPPING = "the server is stopping"


@dataclass(slots=True, eq=False)
class _Job:
    payload: bytes
    descriptor: int | None
    limit_s: float
    done: Future[bytes | Failure]
    attempts: int = 1


class Decoders:
    """A decoder pool and its thread, both started with the first request. Use as a context manager."""

    def __init__(self, target: str, workers: int, limits: SandboxLimits, *, waiting: int) -> None:
        """Prepares the pool.

        Args:
            target: see `varde.media.pool.Pool`.
            workers: number of processes.
            limits: what each may use.
            waiting: requests that may wait for an answer; more are refused.
        """
        self._target, self._workers, self._limits, self._most = target, workers, limits, waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = 0
        self._ended = False
        self.pids: tuple[int, ...] = ()
        """Process numbers of the decoders, while there are any."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._ended = True
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join()

    def ask(self, payload: bytes, *, limit_s: float, descriptor: int | None = None) -> Future[bytes | Failure]:
        """Returns what will hold the answer. A decoder that was killed from outside is asked once more.

        Args:
            payload: what the handler gets.
            limit_s: time after which the process is killed.
            descriptor: of a file the handler gets; it stays open and must, until the answer is there.

        Raises:
            HTTPException: 503 with ``Retry-After``, if too many wait.
        """
        done: Future[bytes | Failure] = Future()
        done.add_done_callback(self._count_out)
        with self._lock:
            if self._asked >= self._most or self._ended:
                raise refuse_for_now(_FULL)
            self._asked += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=f"varde-{self._target}", daemon=True)
                self._thread.start()
            self._jobs.put(_Job(payload, descriptor, limit_s, done))
        return done

    def _count_out(self, done: Future[bytes | Failure]) -> None:
        with self._lock:
            self._asked -= 1

    def _serve(self) -> None:
        while not self._ended and (job := self._jobs.get()) is not None:
            waiting = {job}
            try:
                with Pool(self._target, self._workers, self._limits) as pool:
                    self._use(pool, job, waiting)
            except VardeError as error:  # decoder processes cannot start; the next request tries again
                _fail(waiting, error)
            self.pids = ()
        _fail(self._drain(), VardeError(_STOPPING))

    def _use(self, pool: Pool, first: _Job, waiting: set[_Job]) -> None:
        """Serves requests until the server stops."""
        _submit(pool, first, waiting)
        try:
            while not self._ended:
                while pool.room > 0 or not waiting:
                    job = self._take(block=not waiting)
                    if job is None:
                        break
                    _submit(pool, job, waiting)
                self.pids = pool.pids
                for answer in pool.wait(_POLL_S):
                    _settle(pool, answer.key, answer.result, waiting)
        finally:
            if self._ended:
                _fail(waiting, VardeError(_STOPPING))

    def _take(self, *, block: bool) -> _Job | None:
        try:
            return self._jobs.get(block=block)
        except queue.Empty:
            return None

    def _drain(self) -> set[_Job]:
        left = set()
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                left.add(job)
        return left


def _submit(pool: Pool, job: _Job, waiting: set[_Job]) -> None:
    if job.attempts == 1 and not job.done.set_running_or_notify_cancel():
        waiting.discard(job)  # whoever asked has gone
        return
    waiting.add(job)
    files = () if job.descriptor is None else (os.dup(job.descriptor),)
    pool.submit(Request(job, job.payload, files, job.limit_s))


def _settle(pool: Pool, job: _Job, result: bytes | Failure, waiting: set[_Job]) -> None:
    if isinstance(result, Failure) and result.kind is FailureKind.CRASHED and job.attempts == 1:
        job.attempts += 1
        _submit(pool, job, waiting)
        return
    waiting.discard(job)
    job.done.set_result(result)


def _fail(jobs: set[_Job], error: VardeError) -> None:
    for job in jobs:
        with suppress(InvalidStateError):  # whoever asked has gone
            job.done.set_exception(error)
    jobs.clear()
