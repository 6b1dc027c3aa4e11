"""Reviewers as programs: they take items of a queue from a real server and decide on them, whatever happens to it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
from sqlalchemy import select

from varde.core.account import Role
from varde.core.case import Case
from varde.store import accounts, audit, case_access, sessions
from varde.store.review_tables import assignments
from varde.store.site import Site
from varde.store.tables import decisions
from varde.web.people import CSRF_HEADER, compute_csrf
from varde.workflows.actor import Actor, now
from varde.workflows.make_queue import FirstWork, make_queue

CODES = ("0", "1", "2", "3")
_PAUSE_S = 0.1
_START_LIMIT_S = 60
_STOP_LIMIT_S = 60


@dataclass
class Reviewer:
    """Somebody who reviews, and what they remember of it.

    Attributes:
        taken: items they were given.
        decided: item to code, each answered by the server.
        answers_s: how long each decision took that was answered at once.
        repeated: decisions that had to be sent again.
        refused: decisions the server did not take.
    """

    name: str
    secret: str
    taken: set[int] = field(default_factory=set)
    decided: dict[int, str] = field(default_factory=dict)
    answers_s: list[float] = field(default_factory=list)
    takes_s: list[float] = field(default_factory=list)
    repeated: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """What reviewers do.

    Attributes:
        think_s: between two decisions, on average.
        seconds: at most.
        decisions: of each, at most.
        batch: items taken at a time.
        kill_after: decisions of all, after which the server is killed and started again; 0 leaves it alone.
    """

    seconds: float
    decisions: int = 1_000_000
    kill_after: int = 0
    think_s: float = 0.0
    batch: int = 10
    sees: bool = True


class Server:
    """A `varde serve` of its own process that can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self.address = ""
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "varde.cli.main", "serve", "--json"]
        command += ["--site", str(self._folder), "--port", str(self._port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self._read_address()
        self._port = int(self.address.rsplit(":", 1)[1])

    def wait_until_ready(self) -> None:
        """Returns once the server has its decoders and indexes, which take the machine for a while."""
        end = time.monotonic() + _START_LIMIT_S
        while httpx.get(f"{self.address}/readyz", timeout=30).status_code != 200:
            assert time.monotonic() < end
            time.sleep(_PAUSE_S)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        self.process.terminate()
        self._wait()

    def _wait(self) -> None:
        """Waits for the end, and closes what the process said."""
        self.process.communicate(timeout=_STOP_LIMIT_S)

    def _read_address(self) -> str:
        assert self.process.stdout is not None
        said = ""
        end = time.monotonic() + _START_LIMIT_S
        while "}" not in said:
            line = self.process.stdout.readline()
            assert line, "varde serve ended"
            assert time.monotonic() < end
            said += line
        return str(json.loads(said)["address"])


def add_reviewers(site: Site, case: Case, count: int, *, prefix: str = "reviewer") -> list[Reviewer]:
    """Adds people with access to a case, who are logged in already: a password takes long on purpose."""
    made, at = [], now()
    with site.database.write() as connection:
        for number in range(count):
            account = accounts.add_account(
                connection,
                name=f"{prefix}{number}",
                full_name="",
                roles=[Role.EXAMINER],
                password_hash="!",
                must_change_password=False,
                person="op",
                at=at,
            )
            case_access.give_access(connection, case.case_id, account.account_id, person="op", at=at)
            reviewer = Reviewer(account.name, secrets.token_urlsafe(32))
            digest = sessions.compute_session_digest(reviewer.secret)
            ends_at = at + timedelta(hours=2)
            sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=ends_at)
            made.append(reviewer)
    return made


def add_queue(site: Site, case: Case) -> int:
    """Returns a queue of everything in a case."""
    return make_queue(site, Actor("op"), case=case, name="all", work=FirstWork(kinds=())).queue_id


def run_load(server: Server, reviewers: Sequence[Reviewer], queue_id: int, case_id: int, load: Load) -> None:
    """Lets everybody review for a while."""
    asyncio.run(_run(server, reviewers, queue_id, case_id, load))


def check_records(site: Site, reviewers: Sequence[Reviewer], queue_id: int) -> int:
    """Returns how many items were decided, after comparing what people remember with what the site knows."""
    for reviewer in reviewers:
        assert not reviewer.refused, reviewer.refused[:3]
    taken = Counter(item_id for reviewer in reviewers for item_id in reviewer.taken)
    assert not [item_id for item_id, people in taken.items() if people > 1], "given to two people"
    with site.database.read() as connection:
        table, made = assignments.c, decisions.c
        rows = connection.execute(select(assignments).where(table.queue_id == queue_id)).all()
        given = Counter(row.item_id for row in rows)
        assert max(given.values(), default=1) == 1, "given twice, by the database"
        done = {row.item_id for row in rows if row.state == "done"}
        names = [reviewer.name for reviewer in reviewers]
        found = connection.execute(select(made.item_id, made.person, made.code).where(made.person.in_(names))).all()
        remembered = {(item_id, r.name): code for r in reviewers for item_id, code in r.decided.items()}
        stored = Counter((row.item_id, row.person) for row in found if (row.item_id, row.person) in remembered)
        assert set(stored) == set(remembered), "a decision was lost"
        assert max(stored.values(), default=1) == 1, "a decision was doubled"
        assert {key: row.code for row in found if (key := (row.item_id, row.person)) in remembered} == remembered
        assert done == {item_id for item_id, _ in remembered}
        audit.verify_chain(connection)
    return len(remembered)


def list_answers_ms(reviewers: Sequence[Reviewer]) -> list[float]:
    """Returns 50, 95 and 99 % of the decisions were answered within these, and the longest, in ms."""
    answers = np.concatenate([reviewer.answers_s for reviewer in reviewers]) * 1000
    return [float(np.percentile(answers, percent)) for percent in (50, 95, 99, 100)]


async def _run(server: Server, reviewers: Sequence[Reviewer], queue_id: int, case_id: int, load: Load) -> None:
    end = time.monotonic() + load.seconds
    work = [asyncio.create_task(_review(server, one, queue_id, case_id, load, end)) for one in reviewers]
    while load.kill_after and sum(len(one.decided) for one in reviewers) < load.kill_after and time.monotonic() < end:
        await asyncio.sleep(_PAUSE_S / 10)
    if load.kill_after:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    await asyncio.gather(*work)


async def _review(server: Server, me: Reviewer, queue_id: int, case_id: int, load: Load, end: float) -> None:
    rng = np.random.default_rng(abs(hash(me.name)) % 2**32)
    headers = {CSRF_HEADER: compute_csrf(me.secret)}
    limits = httpx.Limits(max_connections=2)
    async with httpx.AsyncClient(
        base_url=server.address, cookies={"varde": me.secret}, headers=headers, timeout=30, limits=limits
    ) as client:
        while time.monotonic() < end and len(me.decided) < load.decisions:
            begin = time.monotonic()
            given = (await _post(client, f"/queues/{queue_id}/take", {"count": load.batch}, me))["tiles"]
            me.takes_s.append(time.monotonic() - begin)
            items = [tile["item_id"] for tile in given]
            me.taken.update(items)
            if not items:
                return
            await _decide(client, me, queue_id, items, load, end, rng)
            if load.sees:
                seen = [{"item_id": item_id, "level": 0, "seconds": 0.5} for item_id in items]
                await _post(client, f"/cases/{case_id}/exposure", {"seen": seen}, me)


async def _decide(
    client: httpx.AsyncClient,
    me: Reviewer,
    queue_id: int,
    items: Sequence[int],
    load: Load,
    end: float,
    rng: np.random.Generator,
) -> None:
    for item_id in items:
        if load.think_s:
            await asyncio.sleep(float(rng.exponential(load.think_s)))
        if time.monotonic() >= end or len(me.decided) >= load.decisions:
            return
        code = CODES[int(rng.integers(len(CODES)))]
        repeated, begin = me.repeated, time.monotonic()
        answer = await _post(client, f"/queues/{queue_id}/done", {"item_id": item_id, "code": code}, me)
        if answer:
            me.decided[item_id] = code
            if me.repeated == repeated:
                me.answers_s.append(time.monotonic() - begin)


async def _post(
    client: httpx.AsyncClient, path: str, body: dict[str, object], me: Reviewer
) -> dict[str, list[dict[str, int]]]:
    """Returns the answer; sends again until there is one, as the page does."""
    while True:
        with suppress(httpx.TransportError):
            answer = await client.post(path, json=body)
            if answer.status_code < 400:
                return dict(answer.json())
            if answer.status_code < 500:
                me.refused.append(f"{path} {body}: {answer.status_code} {answer.text[:200]}")
                return {}
        me.repeated += 1
        await asyncio.sleep(_PAUSE_S)
