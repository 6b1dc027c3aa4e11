"""Behaviour of `varde.web.lanes` and `varde.web.failed_attempts`: limits without surprises."""

from __future__ import annotations

import threading

import anyio
import pytest
from fastapi import HTTPException

from varde.web.failed_attempts import FailedAttempts
from varde.web.lanes import Lane, Room


def test_a_room_refuses_when_it_is_full_and_takes_again_afterwards() -> None:
    async def use() -> None:
        room = Room(1)
        async with room.take():
            with pytest.raises(HTTPException) as refused:
                async with room.take():
                    pass
        assert (refused.value.status_code, refused.value.headers) == (503, {"Retry-After": "1"})
        with pytest.raises(ValueError, match="x"):
            async with room.take():
                raise ValueError("x")
        assert room.taken == 0

    anyio.run(use)


def test_a_lane_runs_so_many_at_once_and_lets_so_many_wait() -> None:
    running = highest = 0
    lock = threading.Lock()
    answers: list[int | str] = []

    def work(number: int) -> int:
        nonlocal running, highest
        with lock:
            running += 1
            highest = max(highest, running)
        threading.Event().wait(0.05)
        with lock:
            running -= 1
        return number

    async def use() -> None:
        lane = Lane(2, 3)

        async def ask(number: int) -> None:
            try:
                answers.append(await lane.run(work, number))
            except HTTPException as refused:
                answers.append(f"{refused.status_code}")

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(ask, number)

    anyio.run(use)
    assert highest == 2
    assert sorted(map(str, answers)) == ["0", "1", "2", "3", "4", "503", "503", "503"]


def test_failures_of_one_secret_stop_that_secret_only() -> None:
    failures = FailedAttempts(lambda: 0.0)
    for _ in range(10):
        assert failures.find_wait("a", b"old") == 0
        failures.record("a", b"old")
    assert failures.find_wait("a", b"old") == 60
    assert failures.find_wait("a", b"other") == 0
    assert failures.find_wait("b", b"old") == 0


def test_failures_of_an_address_are_told_to_wait_after_ten() -> None:
    failures = FailedAttempts(lambda: 0.0)
    assert [failures.record("a", bytes([number])) > 0 for number in range(12)] == [False] * 10 + [True] * 2
    assert failures.record("b", b"x") == 0


def test_failures_are_forgotten_after_a_minute() -> None:
    now = [0.0]
    failures = FailedAttempts(lambda: now[0])
    for _ in range(20):
        failures.record("a", b"old")
    now[0] = 59.5
    assert failures.find_wait("a", b"old") == 1
    now[0] = 60.0
    assert failures.find_wait("a", b"old") == 0
    assert failures.record("a", b"old") == 0


def test_memory_is_bounded_whoever_fails() -> None:
    failures = FailedAttempts(lambda: 0.0)
    for number in range(20_000):
        failures.record(f"address {number}", b"x")
    for number in range(1_000):
        failures.record("one", number.to_bytes(2, "big"))
    assert len(failures._failures) <= 10_000
    assert len(failures._failures["one"].by_secret) <= 10


def test_a_lane_tells_those_who_waited_for_long_to_come_again_and_does_nothing_of_theirs() -> None:
    done: list[int] = []
    go_on = threading.Event()

    def work(number: int) -> None:
        go_on.wait(60)
        done.append(number)

    async def use() -> None:
        lane = Lane(1, 10, patience_s=0.05)
        async with anyio.create_task_group() as group:
            group.start_soon(lane.run, work, 1)
            await anyio.sleep(0.01)
            with pytest.raises(HTTPException) as refused:
                await lane.run(work, 2)
            assert (refused.value.status_code, refused.value.headers) == (503, {"Retry-After": "1"})
            go_on.set()
        await lane.run(work, 3)

    anyio.run(use)
    assert done == [1, 3]
