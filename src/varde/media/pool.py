"""The decoder pool: processes that may crash, hang or eat memory, and then cost exactly the file that did it.

Why not a library: answers of ready-made pools travel as pickles, which would let a decoder that hostile evidence has
taken over run code in the parent; and they open files in the worker, which keeps the worker from being shut off from
the file system (docs/decisions/0002-own-decoder-pool.md has the figures).
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from varde.core.errors import VardeError
from varde.media.decoder_process import describe_exit, read_last_complaint, start_process
from varde.media.outbox import Outbox
from varde.media.requests import Answer, Failure, FailureKind, Job, Request
from varde.media.sandbox import SandboxLimits
from varde.media.worker import HEADER, Frame

__all__ = ["MAX_ANSWER_BYTES", "Answer", "Failure", "FailureKind", "Pool", "Request"]

MAX_ANSWER_BYTES = 256 << 20
_RECEIVE_BYTES = 128 << 10
_DEPTH = 2
_MAX_FAILED_STARTS = 3
_START_LIMIT_S = 120.0
_ANNOUNCE_LIMIT_S = 60.0
_MAX_ATTEMPTS = 3
_LAST_WORDS_S = 5.0


@dataclass(slots=True, eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: socket.socket
    outbox: Outbox
    received: bytearray = field(default_factory=bytearray)
    assigned: deque[Job] = field(default_factory=deque)
    started: bool = False
    ready: bool = False
    deadline: float = 0.0
    """When it is killed: for not getting ready, not announcing its next request or not answering it; 0: never."""

    def expect_announcement(self) -> None:
        """Sets the time by which it must have taken up the next request, where it has one."""
        self.started = False
        self.deadline = time.monotonic() + _ANNOUNCE_LIMIT_S if self.assigned else 0.0


class Pool:
    """A fixed number of sandboxed processes that each serve one request after another. Use as a context manager.

    Not thread-safe: one thread submits and waits.
    """

    def __init__(self, target: str, workers: int, limits: SandboxLimits) -> None:
        """Starts the processes.

        Args:
            target: ``module:function`` or ``module:function:argument`` (see `varde.media.worker`): warms up and returns
                the handler.
            workers: number of processes, at least 1.
            limits: what each may use.
        """
        self._target = target
        self._limits = limits
        self._selector = selectors.DefaultSelector()
        self._queue: deque[Job] = deque()
        self._failed_starts = 0
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._workers = [self._start() for _ in range(max(1, workers))]
        self.layers: tuple[str, ...] = ()
        """Sandbox layers that are active, known once the first process is ready."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def room(self) -> int:
        """Number of requests that can be submitted now without waiting in line for long."""
        return _DEPTH * len(self._workers) - len(self._queue) - sum(len(worker.assigned) for worker in self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process numbers of the workers alive now."""
        return tuple(worker.process.pid for worker in self._workers)

    def submit(self, request: Request) -> None:
        """Takes a request; its answer comes out of `wait`."""
        self._queue.append(Job(request))
        self._dispatch()

    def wait(self, timeout_s: float) -> list[Answer]:
        """Returns the answers that arrived, waiting at most so long for the first one.

        Raises:
            VardeError: if processes die before they can start.
        """
        answers: list[Answer] = []
        now = time.monotonic()
        next_deadline = min((w.deadline for w in self._workers if w.deadline), default=now + timeout_s)
        for key, events in self._selector.select(max(0.0, min(timeout_s, next_deadline - now))):
            if events & selectors.EVENT_WRITE:
                self._flush(key.data)
            if events & selectors.EVENT_READ:
                answers += self._read(key.data)
        answers += self._kill_overdue()
        self._dispatch()
        return answers

    def ask(self, request: Request) -> bytes | Failure:
        """Submits one request to a pool that has nothing else to do, and returns its result when it is there."""
        self.submit(request)
        while not (answers := self.wait(1.0)):
            pass
        return answers[0].result

    def close(self) -> None:
        """Kills the processes and closes the descriptors of requests that were not answered."""
        for worker in self._workers:
            worker.process.kill()
            self._stop(worker)
        for job in (*self._queue, *(job for worker in self._workers for job in worker.assigned)):
            job.close_files()
        self._workers.clear()
        self._queue.clear()
        self._selector.close()
        self._complaints.close()

    def _start(self) -> _Worker:
        process, ours = start_process(self._target, self._limits, self._complaints)
        worker = _Worker(process, ours, Outbox(ours), deadline=time.monotonic() + _START_LIMIT_S)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def _dispatch(self) -> None:
        for depth in range(1, _DEPTH + 1):
            for worker in self._workers:
                if worker.ready and self._queue and len(worker.assigned) < depth:
                    self._assign(worker, self._queue.popleft())

    def _assign(self, worker: _Worker, job: Job) -> None:
        worker.assigned.append(job)
        if len(worker.assigned) == 1:
            worker.expect_announcement()
        worker.outbox.add(Frame.REQUEST, job.request.payload, job.request.files)
        self._flush(worker)

    def _flush(self, worker: _Worker) -> None:
        try:
            worker.outbox.flush()
        except OSError:
            worker.process.kill()  # reading its socket will tell, and hand the request to another
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.outbox else 0)
        if events != self._selector.get_key(worker.connection).events:
            self._selector.modify(worker.connection, events, worker)

    def _read(self, worker: _Worker) -> list[Answer]:
        try:
            piece = worker.connection.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            piece = b""
        if not piece:
            return self._bury(worker)
        worker.received += piece
        return self._parse(worker)

    def _parse(self, worker: _Worker) -> list[Answer]:
        answers: list[Answer] = []
        while len(worker.received) >= HEADER.size:
            kind, length = HEADER.unpack_from(worker.received)
            if length > MAX_ANSWER_BYTES or not self._may_say(worker, kind):
                worker.process.kill()  # no honest worker says this
                return answers + self._bury(worker)
            if len(worker.received) < HEADER.size + length:
                break
            payload = bytes(worker.received[HEADER.size : HEADER.size + length])
            del worker.received[: HEADER.size + length]
            answers += self._take_frame(worker, kind, payload)
        return answers

    def _may_say(self, worker: _Worker, kind: bytes) -> bool:
        if kind == Frame.HELLO.value:
            return not worker.ready
        if kind == Frame.STARTED.value:  # and only of what it was sent: an answer closes descriptors yet to be sent
            return not worker.started and len(worker.outbox) < len(worker.assigned)
        return worker.started and kind in (Frame.ANSWER.value, Frame.OUT_OF_MEMORY.value)

    def _take_frame(self, worker: _Worker, kind: bytes, payload: bytes) -> list[Answer]:
        if kind == Frame.HELLO.value:
            worker.ready, worker.deadline = True, 0.0
            self._failed_starts = 0
            self.layers = tuple(payload.decode("ascii", "replace").split(","))
        elif kind == Frame.STARTED.value:
            worker.started = True
            worker.deadline = time.monotonic() + worker.assigned[0].request.limit_s
        elif kind == Frame.ANSWER.value:
            return [self._finish(worker, payload)]
        else:
            limit = self._limits.memory_bytes >> 20
            failure = Failure(FailureKind.OUT_OF_MEMORY, f"It needs more than the {limit} MiB a decoder may use.")
            return [self._finish(worker, failure)]
        return []

    def _finish(self, worker: _Worker, result: bytes | Failure) -> Answer:
        job = worker.assigned.popleft()
        worker.expect_announcement()
        return job.answer(result)

    def _kill_overdue(self) -> list[Answer]:
        answers: list[Answer] = []
        now = time.monotonic()
        for worker in [w for w in self._workers if w.deadline and w.deadline <= now]:
            answers += self._read(worker)  # it may have answered just in time
            if worker not in self._workers or not 0.0 < worker.deadline <= now:
                continue
            if worker.started:
                limit = worker.assigned[0].request.limit_s
                failure = Failure(FailureKind.TIMED_OUT, f"It took longer than {limit:g} seconds.")
                answers.append(self._finish(worker, failure))
                self._queue.extendleft(reversed(worker.assigned))
                worker.assigned.clear()
            worker.process.kill()
            answers += self._bury(worker)
        return answers

    def _bury(self, worker: _Worker) -> list[Answer]:
        """Replaces a dead (or to be killed) worker; only a request it had announced is blamed at once."""
        self._stop(worker)
        answers = []
        if worker.started:
            crash = Failure(FailureKind.CRASHED, describe_exit(worker.process.returncode))
            answers.append(self._finish(worker, crash))
        elif worker.assigned:
            answers += self._count_attempt(worker)
        self._queue.extendleft(reversed(worker.assigned))
        if not worker.ready:
            self._failed_starts += 1
        self._workers.remove(worker)
        if self._failed_starts >= _MAX_FAILED_STARTS:
            complaint = read_last_complaint(self._complaints) or "they end without a word"
            raise VardeError(
                f"decoder processes cannot start: {complaint}",
                advice="`varde doctor` says what is missing on this machine.",
            )
        self._workers.append(self._start())
        return answers

    def _count_attempt(self, worker: _Worker) -> list[Answer]:
        worker.assigned[0].attempts += 1
        if worker.assigned[0].attempts < _MAX_ATTEMPTS:
            return []
        detail = f"{_MAX_ATTEMPTS} decoders in a row ended before they took it up."
        return [self._finish(worker, Failure(FailureKind.CRASHED, detail))]

    def _stop(self, worker: _Worker) -> None:
        self._selector.unregister(worker.connection)
        worker.connection.close()
        try:
            worker.process.wait(_LAST_WORDS_S)  # one that closed its socket is about to end: its status says why
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
