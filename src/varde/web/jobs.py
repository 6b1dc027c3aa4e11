"""Work that takes longer than a page may: done in the background, one job after the other, while people go on.

Jobs live in the server's memory: whoever reloads a page finds them again, and if the server is killed they are gone,
with all that they had not finished. What they finished is recorded by the workflows they called.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from varde.core.errors import VardeError
from varde.web.errors import explain, refuse_for_now
from varde.web.logs import find_place, get_logger

_MOST_WAITING = 8
_KEPT = 64
_FULL = "The server has enough to do in the background for now. Try again when some of it is done."
_FAULT = "This is a fault of the server; its log says more."


class JobState(StrEnum):
    """How far a job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Job:
    """Something that is done in the background.

    Attributes:
        job_id: opaque.
        kind: what sort of work it is: ``report``, ``import``, ``verify``.
        title: what it is, for a person.
        account_id: who started it, and alone sees it.
        case_id: of the case it is about, None for none.
        message: what came of it, or why it failed.
    """

    job_id: str
    kind: str
    title: str
    account_id: int
    case_id: int | None
    started_at: datetime
    state: JobState = JobState.WAITING
    message: str = ""
    _watch: Callable[[], str] = field(default=lambda: "", repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        if self.state is JobState.WAITING:
            return "waits for others"
        return self._watch() if self.state is JobState.RUNNING else self.message


class Jobs:
    """The background of a running server: one job at a time, and room for a few to wait."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Prepares it; threads are made when there is something to do."""
        self._clock = clock
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def start(
        self,
        kind: str,
        title: str,
        work: Callable[[str], str],
        *,
        account_id: int,
        case_id: int | None = None,
        watch: Callable[[str], str] = lambda job_id: "",
    ) -> Job:
        """Returns a job that is done when its turn comes.

        Args:
            kind, title: what it is.
            work: given the job's id, does it and returns what came of it in words.
            account_id, case_id: whose it is and what it is about.
            watch: given the job's id, says how far it is; called from other threads.

        Raises:
            HTTPException: 503, if too many wait.
        """
        job_id = secrets.token_hex(8)
        job = Job(job_id, kind, title, account_id, case_id, self._clock(), _watch=lambda: watch(job_id))
        with self._lock:
            if sum(not one.is_over for one in self._jobs.values()) >= _MOST_WAITING:
                raise refuse_for_now(_FULL, 30)
            self._jobs[job_id] = job
            self._forget_oldest()
        # A daemon: a server that is told to stop does not wait for it, and nothing half done counts.
        threading.Thread(target=self._run, args=(job, work), name="varde-job", daemon=True).start()
        return job

    def find(self, account_id: int, job_id: str) -> Job | None:
        """Returns a job of an account, None where it has none of that id."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.account_id == account_id else None

    def list(self, account_id: int, kind: str, case_id: int | None = None) -> list[Job]:
        """Returns an account's jobs of a kind and case, newest first."""
        with self._lock:
            jobs = list(self._jobs.values())
        return [job for job in reversed(jobs) if (job.account_id, job.kind, job.case_id) == (account_id, kind, case_id)]

    def _forget_oldest(self) -> None:
        over = [job_id for job_id, job in self._jobs.items() if job.is_over]
        for job_id in over[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[job_id]

    def _run(self, job: Job, work: Callable[[str], str]) -> None:
        with self._turn, _Ending(job) as ending:
            job.state = JobState.RUNNING
            try:
                ending.message, ending.state = work(job.job_id), JobState.DONE
            except VardeError as error:
                ending.message = explain(error)
                get_logger().warning("job", error=error.code)


class _Ending:
    """Ends a job whatever happens; of a fault only its kind and place are told, in the log."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.message, self.state = _FAULT, JobState.FAILED

    def __enter__(self) -> _Ending:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._job.message, self._job.state = self.message, self.state
        if error is not None:
            get_logger().error("job", error=type(error).__name__, place=find_place(error))
            raise SystemExit from error  # ends this thread without a trace that might quote what was handled
