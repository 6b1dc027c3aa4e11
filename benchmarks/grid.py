"""Times the grid's requests against a served site: `benchmarks/grid.py DIR` after `benchmarks/large_case.py DIR`.

A real `varde serve` on loopback is asked over HTTP; figures are milliseconds as the client sees them.
"""

from __future__ import annotations

import argparse
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from varde.core.account import Role
from varde.store import accounts, case_access, cases, sessions
from varde.store.site import open_site
from varde.web.people import compute_csrf
from varde.workflows.actor import now

ROUNDS = 40
DEEP = 500
FEW = 40
QUERIES = {
    "relevance": "order=relevance",
    "folder": "order=folder",
    "place": "order=place",
    "relevance, open": "order=relevance&open=true",
    "relevance, decided": "order=relevance&open=false",
    "relevance, matched": "order=relevance&matched=true",
    "folder, matched": "order=folder&matched=true",
    "place, matched": "order=place&matched=true",
    "place, not matched": "order=place&matched=false",
    "place, archives (rare)": "order=place&kind=archive",
    "folder, videos, open": "order=folder&kind=video&open=true",
    "relevance, empty files (none)": "order=relevance&kind=empty",
    "one folder": "folder=3",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--largest", type=int, default=0, help="leader of a large stack to decide as one act")
    options = parser.parse_args()
    name = f"bench{secrets.token_hex(3)}"
    secret, case_id = log_in(options.site, name)
    with serve(options.site) as (process, address), Asking(process, base_url=address, timeout=120) as client:
        client.headers.update({"Cookie": f"varde={secret}", "x-csrf-token": compute_csrf(secret)})
        print(f"idle server: {measure_pss(process):.0f} MB")
        print(f"{'':52} {'p50 ms':>8} {'p95 ms':>8} {'most ms':>8} {'server CPU ms':>14}")
        time_pages(client, case_id)
        time_pictures(client, case_id)
        time_decisions(client, case_id)
        if options.largest:
            time_largest(client, case_id, options.largest)
        print(f"server after all of it: {measure_pss(process):.0f} MB (PSS with its decoder processes)")


def time_pages(client: Asking, case_id: int) -> None:
    for title, query in QUERIES.items():
        path = f"/cases/{case_id}/tiles?{query}"
        tell(client, f"{title}: first page", partial(client.get, path))
        after, turns = client.get(path).json()["next"], list[Took]()
        while after and len(turns) < (DEEP if title in ("relevance", "folder", "place") else FEW):
            answer = client.get(f"{path}&after={after}")
            turns.append(client.took)
            after = answer.json()["next"]
        if turns:
            show(f"{title}: next page, {len(turns)} pages on", turns)
        if len(turns) == DEEP:
            show(f"{title}: the last {FEW} of them", turns[-FEW:])
    tell(client, "relevance: first page of 200", lambda: client.get(f"/cases/{case_id}/tiles?limit=200"))
    tell(client, "folders: first 100", lambda: client.get(f"/cases/{case_id}/folders"))


def time_pictures(client: Asking, case_id: int) -> None:
    page, after = client.get(f"/cases/{case_id}/tiles?kind=picture").json(), ""
    each: list[Took] = []
    whole: list[Took] = []
    with (
        ThreadPoolExecutor(6) as pool,
        httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60) as plain,
    ):
        for _ in range(10):

            def fetch(tile: dict[str, Any]) -> float:
                began = time.perf_counter()
                answer = plain.get(f"/items/{tile['item_id']}/picture/0?k={tile['picture_key']}")
                assert answer.status_code == 200, answer.text
                return time.perf_counter() - began

            began, spent = time.perf_counter(), client.spent_s()
            taken = list(pool.map(fetch, page["tiles"]))
            cpu = client.spent_s() - spent
            each += [(one, cpu / len(taken)) for one in taken]
            whole.append((time.perf_counter() - began, cpu))
            after = page["next"]
            page = client.get(f"/cases/{case_id}/tiles?kind=picture&after={after}").json()
    show("one veiled picture, six at a time", each)
    show("the 60 veiled pictures of a page", whole)


def time_decisions(client: Asking, case_id: int) -> None:
    tiles = client.get(f"/cases/{case_id}/tiles?open=true&limit=200").json()["tiles"]
    path, acts, taken = f"/cases/{case_id}", [], []
    for tile in tiles[:ROUNDS]:
        answer = client.post(f"{path}/decisions", json={"items": [tile["item_id"]], "code": "1"})
        taken.append(client.took)
        assert answer.status_code == 200, answer.text
        acts.append(answer.json())
    show("decide one stack", taken)
    tell(
        client,
        "decide 60 stacks at once",
        lambda: client.post(f"{path}/decisions", json={"items": [t["item_id"] for t in tiles[60:120]], "code": "2"}),
        rounds=10,
    )
    undo = iter(acts)
    tell(
        client,
        "undo one stack",
        lambda: client.post(f"{path}/undo", json={k: v for k, v in next(undo).items() if k in ("first", "last")}),
    )


def time_largest(client: Asking, case_id: int, leader: int) -> None:
    for code in ("1", "2"):
        began = time.perf_counter()
        answer = client.post(f"/cases/{case_id}/decisions", json={"items": [leader], "code": code}).json()
        print(f"decide a stack of {answer['decided']:,}: {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    answer = client.post(f"/cases/{case_id}/undo", json={"first": answer["first"], "last": answer["last"]}).json()
    print(f"undo it: {answer['restored']:,} restored in {time.perf_counter() - began:.2f} s")


Took = tuple[float, float]
"""Seconds on the wall, and of the server's processors."""


class Asking(httpx.Client):
    """A client that notes what each request took."""

    def __init__(self, process: psutil.Process, **options: Any) -> None:
        super().__init__(**options)
        self._process = process
        self.took: Took = (0.0, 0.0)

    def send(self, *given: Any, **more: Any) -> httpx.Response:
        began, spent = time.perf_counter(), self.spent_s()
        answer = super().send(*given, **more)
        self.took = (time.perf_counter() - began, self.spent_s() - spent)
        return answer

    def spent_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def tell(client: Asking, title: str, ask: Callable[[], httpx.Response], rounds: int = ROUNDS) -> None:
    taken = []
    for _ in range(rounds):
        answer = ask()
        taken.append(client.took)
        assert answer.status_code == 200, answer.text
    show(title, taken)


def show(title: str, taken: list[Took]) -> None:
    ordered = sorted(wall for wall, _ in taken)
    p50, p95 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    cpu = sum(spent for _, spent in taken) / len(taken)  # a mean: the kernel counts in hundredths of a second
    print(f"{title:52} {1000 * p50:8.1f} {1000 * p95:8.1f} {1000 * ordered[-1]:8.1f} {1000 * cpu:14.1f}", flush=True)


def log_in(folder: Path, name: str) -> tuple[str, int]:
    site, secret = open_site(folder), secrets.token_urlsafe(16)
    with site.database.write() as connection:
        case = max(cases.list_cases(connection), key=lambda one: one.case_id)
        account = accounts.add_account(
            connection,
            name=name,
            full_name="",
            roles=[Role.INVESTIGATOR],
            must_change_password=False,
            password_hash="none",
            person="bench",
            at=now(),
        )
        account_id = account.account_id
        case_access.give_access(connection, case.case_id, account_id, person="bench", at=now())
        digest, ends_at = sessions.compute_session_digest(secret), now() + timedelta(hours=1)
        sessions.start_session(connection, account_id, digest=digest, at=now(), ends_at=ends_at)
    site.close()
    return secret, case.case_id


@contextmanager
def serve(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    command = [str(Path(sys.executable).with_name("varde")), "serve", "--site", str(folder), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        assert served.stderr
        lines = iter(served.stderr.readline, "")
        address = next(found[0] for line in lines if (found := re.search(r"https?://[\d.]+:\d+", line)))
        reader = threading.Thread(target=lambda: [None for _ in lines], daemon=True)  # or its log would fill the pipe
        reader.start()
        try:
            time.sleep(3)
            yield psutil.Process(served.pid), address
        finally:
            served.terminate()
            reader.join()


def measure_pss(process: psutil.Process) -> float:
    return sum(one.memory_full_info().pss for one in [process, *process.children(recursive=True)]) / 1e6


if __name__ == "__main__":
    main()
