"""What letting a person in costs each request, and what a flood of logins costs those who are in.

Run as ``python benchmarks/visits.py``. A site in a temporary folder is served as its own process on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import psutil

from varde.core.account import Role
from varde.store import accounts, case_access, cases, sessions, visits
from varde.store.schemes import DEFAULT
from varde.store.site import Site, create_site
from varde.store.visits import Named
from varde.workflows.actor import Actor, now
from varde.workflows.manage_accounts import add_account

SECRET = "a secret of the benchmark"
PEOPLE, CASES, SESSIONS = 200, 500, 400


def make_site(folder: Path) -> Site:
    """Makes a site with people, cases that each has access to, and sessions; one of them is ours."""
    site, _ = create_site(folder, name="benchmark", person="p", at=now())
    at, ends_at = now(), now() + timedelta(hours=1)
    with site.database.write() as connection:
        for number in range(CASES):
            name = f"case {number}"
            cases.create_case(connection, name=name, authorisation="", scheme=DEFAULT, person="p", at=at)
        for number in range(PEOPLE):
            account = accounts.add_account(
                connection,
                name=f"person {number}",
                full_name="",
                roles=[Role.EXAMINER, Role.INVESTIGATOR],
                password_hash="!",
                must_change_password=False,
                person="p",
                at=at,
            )
            for case_id in range(1, CASES, 5):
                case_access.give_access(connection, case_id, account.account_id, person="p", at=at)
        for number in range(SESSIONS):
            digest = sessions.compute_session_digest(SECRET if not number else f"secret {number}")
            sessions.start_session(connection, 1 + number % PEOPLE, digest=digest, at=at, ends_at=ends_at)
    add_account(site, Actor("p"), name="anna", full_name="", roles=[Role.EXAMINER], password="seven quiet herons")
    return site


def time_ms(act: Callable[[], object], times: int) -> float:
    """Returns the median time of an act."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def time_lookups(site: Site, times: int) -> None:
    """Prints what the one read takes, beside a read that asks for nothing."""
    digest = sessions.compute_session_digest(SECRET)

    def read(named: Named | None, number: int) -> object:
        with site.database.read() as connection:
            return visits.find_visit(connection, digest, named, number)

    def read_nothing() -> object:
        with site.database.read() as connection:
            return connection.exec_driver_sql("SELECT 1").scalar()

    read(None, 0)
    nothing = time_ms(read_nothing, times)
    print("| read | median ms | over SELECT 1 |\n| --- | --- | --- |")
    print(f"| SELECT 1, in a transaction | {nothing:.3f} | 1.0x |")
    for label, named, number in (("session", None, 0), ("session and case", Named.CASE, 1)):
        found = time_ms(lambda named=named, number=number: read(named, number), times)  # type: ignore[misc]
        print(f"| {label} | {found:.3f} | {found / nothing:.1f}x |")


async def time_flood(
    address: str, process: psutil.Process, seconds: float, logins: int
) -> tuple[list[float], int, dict]:
    """Returns how long pages took for one who is in, the server's most memory, and the answers to logins."""
    took: list[float] = []
    statuses: dict[int, int] = {}
    most = process.memory_info().rss
    end = time.monotonic() + seconds

    async def guess(client: httpx.AsyncClient, number: int) -> None:
        while time.monotonic() < end:
            fields = {"name": f"name {number}", "password": "something wrong"}
            said = await client.post(f"{address}/login", data=fields)
            statuses[said.status_code] = statuses.get(said.status_code, 0) + 1
            await asyncio.sleep(3)

    async with httpx.AsyncClient(timeout=60, cookies={"varde": SECRET}) as client, asyncio.TaskGroup() as group:
        for number in range(logins):
            group.create_task(guess(client, number))
        while time.monotonic() < end:
            start = time.perf_counter()
            said = await client.get(f"{address}/account")
            took.append((time.perf_counter() - start) * 1000)
            if said.status_code != 200:
                raise SystemExit(f"the page answered {said.status_code}")
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.02)
    return took, most, statuses


def serve_and_flood(folder: Path, seconds: float) -> None:
    """Prints how pages fare while many log in at once."""
    command = [sys.executable, "-m", "varde.cli.main", "serve", "--site", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        said = ""
        while "}" not in said:
            said += server.stdout.readline()
        address, process = json.loads(said)["address"], psutil.Process(server.pid)
        while httpx.get(f"{address}/readyz").status_code != 200:
            time.sleep(0.1)
        print("\n| logins at once | page p50 ms | page p95 ms | pages | server's memory MiB | answers to logins |")
        print("| --- | --- | --- | --- | --- | --- |")
        for logins in (0, 50):
            took, most, statuses = asyncio.run(time_flood(address, process, seconds, logins))
            p95 = statistics.quantiles(took, n=20)[-1]
            told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())) or "-"
            line = f"| {logins} | {statistics.median(took):.1f} | {p95:.1f} | {len(took)} | {most >> 20} | {told} |"
            print(line)
        server.terminate()


def main() -> None:
    """Measures both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        time_lookups(site, given.times)
        site.close()
        serve_and_flood(Path(folder) / "site", given.seconds)


if __name__ == "__main__":
    main()
