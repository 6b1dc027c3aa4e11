"""20 reviewers at once on one server, who take items of a queue and decide; the same with a kill in the middle.

Every decision is checked afterwards from the reviewers' own records and from the site's: given twice, lost, doubled.

    python benchmarks/reviewers.py --items 20000 --seconds 20
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "web"))

from reviewing import Load, Reviewer, Server, add_queue, add_reviewers, check_records, list_answers_ms, run_load

from varde.core.case import Case
from varde.store import accounts
from varde.store.site import Site, create_site
from varde.testing.large_case import make_large_case
from varde.workflows.actor import Actor, now
from varde.workflows.take_items import take_items
from varde.workflows.work_queue import return_all

PEOPLE = 20


def main() -> None:
    """Prints one line for each way of working."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    chosen = parser.parse_args()
    for decided in (0.95, 0.05):
        with _make_case(chosen.items, decided) as (site, case):
            _time_takes(site, case)
            if decided < 0.5:
                _run(site, case, "one in 4 s each", Load(chosen.seconds, think_s=4.0))
                _run(site, case, "one a second each", Load(chosen.seconds, think_s=1.0))
                _run(site, case, "one a second each, kill -9", Load(chosen.seconds, think_s=1.0, kill_after=100))
                _run(site, case, "as fast as they can", Load(chosen.seconds))


@contextmanager
def _make_case(items: int, decided: float) -> Iterator[tuple[Site, Case]]:
    with tempfile.TemporaryDirectory() as folder:
        site, _ = create_site(Path(folder) / "site", name="reviewers", person="op", at=now())
        with closing(site):
            case = make_large_case(site, items=items, decided=decided)
            print(f"{items:,} items, {decided:.0%} decided; load {psutil.getloadavg()[0]:.1f}", flush=True)
            yield site, case


class _Control:
    """Asks for the trivial route ten times a second, for what the machine alone does to an answer."""

    def __init__(self, address: str) -> None:
        self.answers_ms: list[float] = []
        self._address = address
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def end(self) -> tuple[float, float]:
        """Returns p50 and p95 in ms."""
        self._is_over.set()
        self._thread.join()
        answers = sorted(self.answers_ms)
        return statistics.median(answers), answers[int(len(answers) * 0.95)]

    def _ask(self) -> None:
        with httpx.Client(base_url=self._address, timeout=30) as client:
            while not self._is_over.wait(0.1):
                begin = time.perf_counter()
                with suppress(httpx.TransportError):
                    client.get("/livez")
                    self.answers_ms.append((time.perf_counter() - begin) * 1000)


def _run(site: Site, case: Case, name: str, load: Load) -> None:
    reviewers = _choose_reviewers(site, case, name)
    queue_id = add_queue(site, case)
    server = Server(Path(site.folder))
    try:
        server.wait_until_ready()
        before = _read_cpu_s(server)
        control = _Control(server.address)
        begin = time.monotonic()
        run_load(server, reviewers, queue_id, case.case_id, load)
        passed = time.monotonic() - begin
        c50, c95 = control.end()
        memory = psutil.Process(server.process.pid).memory_info().rss >> 20
        cpu = _read_cpu_s(server) - (0 if load.kill_after else before)
    finally:
        server.stop()
    decided = check_records(site, reviewers, queue_id)
    p50, p95, p99, most = list_answers_ms(reviewers)
    takes = [one * 1000 for reviewer in reviewers for one in reviewer.takes_s]
    repeated = sum(reviewer.repeated for reviewer in reviewers)
    print(
        f"{name}: {decided:,} decisions in {passed:.0f} s ({decided / passed:.0f}/s), "
        f"p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} longest {most:.0f} ms; "
        f"/livez beside it p50 {c50:.0f} p95 {c95:.0f} ms; "
        f"takes p50 {statistics.median(takes):.0f} ms; sent again {repeated}; given twice 0, lost 0, doubled 0; "
        f"server {memory} MB, {cpu * 1000 / decided:.0f} CPU ms for each; load {psutil.getloadavg()[0]:.1f}",
        flush=True,
    )


def _read_cpu_s(server: Server) -> float:
    """Returns the processor time of the server itself, without its decoders."""
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


def _choose_reviewers(site: Site, case: Case, name: str) -> list[Reviewer]:
    return add_reviewers(site, case, PEOPLE, prefix="".join(name.split()))


def _time_takes(site: Site, case: Case) -> None:
    """Prints how long giving out 20 items takes in this process, and handing them back."""
    person = add_reviewers(site, case, 1, prefix="timer")[0]
    queue_id = add_queue(site, case)
    with site.database.read() as connection:
        account = accounts.get_account(connection, person.name)
    times = []
    for _ in range(15):
        begin = time.perf_counter()
        take_items(site, Actor(person.name), account, queue_id=queue_id, count=20)
        times.append((time.perf_counter() - begin) * 1000)
        return_all(site, Actor(person.name), account, queue_id=queue_id)
    print(f"giving out 20 items: median {statistics.median(times):.1f} ms", flush=True)


if __name__ == "__main__":
    main()
