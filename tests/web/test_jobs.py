"""Behaviour of work in the background: one at a time, bounded, seen only by who started it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from fastapi import HTTPException

from varde.core.errors import WrongUse
from varde.web.jobs import Job, Jobs, JobState

AT = datetime(2026, 10, 1, tzinfo=UTC)


def make_jobs() -> Jobs:
    return Jobs(lambda: AT)


def wait(job: Job) -> Job:
    for _ in range(1000):
        if job.is_over:
            return job
        time.sleep(0.01)
    raise AssertionError("it did not end")


def test_what_came_of_a_job_is_told() -> None:
    job = wait(make_jobs().start("report", "a report", lambda job_id: f"done {len(job_id)}", account_id=1))
    assert (job.state, job.progress) == (JobState.DONE, "done 16")


def test_an_expected_failure_is_told_with_its_advice() -> None:
    def fail(job_id: str) -> str:
        raise WrongUse("it is full", advice="Make room.")

    job = wait(make_jobs().start("report", "a report", fail, account_id=1))
    assert (job.state, job.message) == (JobState.FAILED, "It is full. Make room.")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_is_told_without_what_it_was_about() -> None:
    def fail(job_id: str) -> str:
        raise KeyError("secret")

    job = wait(make_jobs().start("report", "a report", fail, account_id=1))
    assert job.state is JobState.FAILED and "secret" not in job.message and "fault" in job.message
    for thread in threading.enumerate():
        if thread.name == "varde-job":
            thread.join(5)  # its end is reported: during this test, which expects it


def test_jobs_wait_for_one_another_and_say_so() -> None:
    jobs, go, running = make_jobs(), threading.Event(), []

    def work(job_id: str) -> str:
        running.append(job_id)
        go.wait(5)
        return "done"

    first = jobs.start("report", "1", work, account_id=1, watch=lambda job_id: f"at {job_id[:4]}")
    second = jobs.start("report", "2", work, account_id=1)
    for _ in range(500):
        if running:
            break
        time.sleep(0.01)
    assert (len(running) == 1 and second.progress == "waits for others") or first.progress == "waits for others"
    go.set()
    assert wait(first).state is wait(second).state is JobState.DONE


def test_no_more_than_a_few_may_wait() -> None:
    jobs, go = make_jobs(), threading.Event()
    started = [jobs.start("report", "", lambda _: str(go.wait(5)), account_id=1) for _ in range(8)]
    with pytest.raises(HTTPException) as refused:
        jobs.start("report", "", lambda _: "", account_id=1)
    assert refused.value.status_code == 503
    go.set()
    for job in started:
        wait(job)
    wait(jobs.start("report", "", lambda _: "", account_id=1))


def test_only_who_started_a_job_sees_it() -> None:
    jobs = make_jobs()
    mine = wait(jobs.start("report", "", lambda _: "", account_id=1, case_id=7))
    assert jobs.find(1, mine.job_id) is mine and jobs.find(2, mine.job_id) is None
    assert jobs.list(1, "report", 7) == [mine]
    assert jobs.list(1, "report", 8) == jobs.list(1, "import", 7) == jobs.list(2, "report", 7) == []


def test_old_jobs_are_forgotten() -> None:
    jobs = make_jobs()
    for _ in range(80):
        wait(jobs.start("report", "", lambda _: "", account_id=1))
    assert len(jobs.list(1, "report")) == 64
