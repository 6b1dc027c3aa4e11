"""Examines uploaded files in sandboxed decoder processes, for many requests at once."""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

import anyio
import msgspec
from anyio.to_thread import run_sync

from varde.core.errors import VardeError
from varde.media.pool import Answer, Failure, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.pipeline.checking import read_examination
from varde.pipeline.examine import Examination, ExamineRequest
from varde.pipeline.machine import count_cores
from varde.store.settings import Settings

_encode = msgspec.msgpack.Encoder().encode
_POLL_S = 0.02
_STOP = None


class Examining(Protocol):
    """Something that examines an open file."""

    @property
    def is_working(self) -> bool:
        """Whether files can be examined."""
        ...

    async def examine(self, descriptor: int, request: ExamineRequest) -> Examination | Failure:
        """Returns what came of it, or what ended the process that tried; the descriptor stays open."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    descriptor: int
    request: ExamineRequest
    done: Future[Examination | Failure]


class Examiner:
    """A decoder pool with the one thread that may use it. Use as a context manager."""

    def __init__(self, settings: Settings) -> None:
        """Prepares the pool.

        Args:
            settings: limits and number of processes.
        """
        self._settings = settings
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="varde-examiner", daemon=True)
        self._failure: VardeError | None = None
        self._ended = False

    @property
    def is_working(self) -> bool:
        """Whether files can be examined."""
        return not self._ended

    def __enter__(self) -> Examiner:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._jobs.put(_STOP)
        self._thread.join()

    async def examine(self, descriptor: int, request: ExamineRequest) -> Examination | Failure:
        """Returns what came of a file, or what ended the process that tried; the descriptor stays open.

        Args:
            descriptor: of the file.
            request: which part of it, and which signals are wanted.

        Raises:
            VardeError: if decoder processes cannot start on this machine.
        """
        job = _Job(os.dup(descriptor), request, Future())
        self._jobs.put(job)
        if self._ended:
            self._refuse_all()
        # A thread of its own may wait: how many uploads there are at once was limited before.
        return await run_sync(job.done.result, limiter=anyio.CapacityLimiter(1))

    def _serve(self) -> None:
        settings = self._settings.processing
        workers = settings.workers or count_cores()
        try:
            with Pool(
                "varde.pipeline.examine:prepare", workers, SandboxLimits(settings.memory_limit_mib << 20)
            ) as pool:
                self._answer_all(pool)
        except VardeError as error:
            self._failure = error
        finally:
            self._ended = True
            self._refuse_all()

    def _answer_all(self, pool: Pool) -> None:
        waiting: set[Future[Examination | Failure]] = set()
        try:
            while True:
                job = self._next_job(block=not waiting)
                while job is not None:
                    waiting.add(job.done)
                    self._submit(pool, job)
                    job = self._next_job(block=False) if pool.room > 0 else None
                if self._ended:
                    return
                for answer in pool.wait(_POLL_S) if waiting else ():
                    waiting.discard(answer.key[0])
                    _resolve(answer)
        finally:
            for future in waiting:
                future.set_exception(self._failure or VardeError("the server is stopping"))

    def _next_job(self, *, block: bool) -> _Job | None:
        try:
            job = self._jobs.get(block=block)
        except queue.Empty:
            return None
        if job is _STOP:
            self._ended = True
        return job

    def _submit(self, pool: Pool, job: _Job) -> None:
        size_bytes = job.request.size_bytes
        limit_s = self._settings.processing.limit_s(size_bytes)
        pool.submit(Request((job.done, size_bytes), _encode(job.request), (job.descriptor,), limit_s))

    def _refuse_all(self) -> None:
        while True:
            try:
                job = self._jobs.get(block=False)
            except queue.Empty:
                return
            if job is not None:
                os.close(job.descriptor)
                job.done.set_exception(self._failure or VardeError("the server is stopping"))


def _resolve(answer: Answer) -> None:
    future, size_bytes = answer.key
    future.set_result(read_examination(answer.result, size_bytes))
