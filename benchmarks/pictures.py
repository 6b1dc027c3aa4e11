"""Measures what pictures cost: making veils beside decoding, and a page of 60 of each level from a running server.

`benchmarks/pictures.py SITE` with the folder of a site that `benchmarks/large_case.py` made. The server is a process of
its own on loopback; browsers open six connections, so that is how the pages are asked for.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import select

from varde.core.account import Role
from varde.core.errors import WrongUse
from varde.core.limits import DecodeLimits
from varde.hashing import pdq
from varde.media.picture import read_picture, warm_up
from varde.media.thumbnails import make_veil
from varde.media.veil import write_veil_png
from varde.store import accounts, case_access, cases, sessions, tables
from varde.store.site import Site, open_site
from varde.testing.pictures import make_photo
from varde.workflows.actor import now

_CONNECTIONS = 6
_PAGE = 60
_ROUNDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    options = parser.parse_args()
    measure_making()
    site = open_site(options.site)
    cookie, items = _prepare(site)
    site.close()
    with _serve(options.site) as (port, pid):
        _tell_pages("trivial (/livez)", port, pid, cookie, ["/livez"] * _PAGE * _ROUNDS)
        for level in (0, 0, 1, 2, 3):
            _tell_pages(f"level {level}", port, pid, cookie, [f"/items/{item}/picture/{level}" for item in items])
        _tell_pages("item page", port, pid, cookie, [f"/items/{item}" for item in items], page=6)
        print(
            f"server {_read_memory_mib(pid):.0f} MiB; its decoders {sum(map(_read_memory_mib, _children(pid))):.0f} MiB"
        )


def measure_making() -> None:
    """Prints what a veil costs beside decoding and hashing one picture."""
    warm_up()
    for width, height in ((640, 480), (4000, 3000)):
        rng = np.random.default_rng(3)
        _tell_making(width, height, [_encode(make_photo(rng, width, height)) for _ in range(4 if width > 1000 else 20)])


def _tell_making(width: int, height: int, files: list[bytes]) -> None:
    readings = [read_picture(data, DecodeLimits()) for data in files]
    small = [Image.open(io.BytesIO(one.thumbnail.data)).convert("RGB") for one in readings]
    decode_ms = _time(lambda: [read_picture(data, DecodeLimits()) for data in files]) / len(files)
    hash_ms = _time(lambda: [pdq.compute_pdq(one.grey) for one in readings]) / len(files)
    veil_ms = _time(lambda: [make_veil(one) for one in small]) / len(files)
    veils = [one.thumbnail.veiled for one in readings]
    sent = statistics.mean(len(write_veil_png(veil)) for veil in veils)
    thumbnail = statistics.mean(len(one.thumbnail.data) for one in readings)
    print(
        f"{width} x {height}: decode {decode_ms:.2f} ms, PDQ {hash_ms:.2f} ms, veil {veil_ms:.3f} ms "
        f"({veil_ms / (decode_ms + hash_ms):.1%}); stored {len(veils[0])} bytes, sent {sent:.0f}, "
        f"thumbnail {thumbnail:.0f}"
    )


def _tell_pages(what: str, port: int, pid: int, cookie: str, paths: list[str], page: int = _PAGE) -> None:
    pages, each = [], []
    began_cpu_ms = _read_cpu_ms(pid)
    for number in range(_ROUNDS):
        start = (number * page) % max(1, len(paths) - page)
        began = time.perf_counter()
        each += _ask_all(port, cookie, paths[start : start + page])
        pages.append((time.perf_counter() - began) * 1e3)
    cpu_ms = (_read_cpu_ms(pid) - began_cpu_ms) / len(each)
    pages, each = pages[2:], each[2 * page :]
    print(
        f"{what}: {page} over {_CONNECTIONS} connections: median {statistics.median(pages):.0f} ms, "
        f"p95 {_p95(pages):.0f} ms; one request median {statistics.median(each):.1f} ms, p95 {_p95(each):.1f} ms; "
        f"server's CPU {cpu_ms:.2f} ms",
        flush=True,
    )


def _ask_all(port: int, cookie: str, paths: list[str]) -> list[float]:
    spent: list[float] = []
    waiting = list(paths)

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", port)
        while waiting:
            try:
                path = waiting.pop()
            except IndexError:
                break
            began = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": f"varde={cookie}", "Accept": "*/*"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise WrongUse(f"{path} answered {answer.status}")
            spent.append((time.perf_counter() - began) * 1e3)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent


def _prepare(site: Site) -> tuple[str, list[int]]:
    secret, at = secrets.token_urlsafe(16), now()
    with site.database.write() as connection:
        (case, *_) = cases.list_cases(connection)
        account = accounts.add_account(
            connection,
            name=f"measuring-{secret[:8].lower()}",
            full_name="",
            roles=(Role.EXAMINER,),
            password_hash="none",  # nobody logs in with it
            must_change_password=False,
            person="A. Examiner",
            at=at,
        )
        case_access.give_access(connection, case.case_id, account.account_id, person="A. Examiner", at=at)
        digest = sessions.compute_session_digest(secret)
        sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=at + timedelta(hours=1))
        items, thumbnails = tables.items.c, tables.thumbnails.c
        query = select(items.id).join(tables.thumbnails, thumbnails.content_id == items.content_id)
        found = list(connection.execute(query.order_by(items.id).limit(_PAGE * _ROUNDS)).scalars())
    return secret, found


@contextmanager
def _serve(folder: Path) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "varde.cli.main", "serve", "--site", str(folder), "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while "}" not in said:
            said += process.stdout.readline()
        yield int(str(json.loads(said)["address"]).rsplit(":", 1)[1]), process.pid
    finally:
        process.terminate()
        process.wait()


def _encode(pixels: np.ndarray) -> bytes:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=88)
        return file.getvalue()


def _time(act: Callable[[], object], rounds: int = 5) -> float:
    """Returns the median of some rounds in milliseconds of CPU time."""
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        act()
        spent.append((time.process_time() - began) * 1e3)
    return statistics.median(spent)


def _read_cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] or _find_children(pid)


def _find_children(pid: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(place.parent.name))
    return found


def _read_memory_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
