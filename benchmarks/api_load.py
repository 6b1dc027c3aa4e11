"""The HTTP interface under load: 50 clients at once over real sockets, each route beside a trivial one in the same run.

Usage: python benchmarks/api_load.py [--hashes N] [--clients N] [--seconds S]

One process serves (`varde serve`), another asks; both share the machine's cores. Each client keeps one connection and
sends the next request when it has the answer, so that the rate is what the server gives.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from varde.core.access import Right
from varde.core.known import KnownEntry, SetDelta, SetRole
from varde.store.site import Site, create_site
from varde.testing.picture_files import PictureFormat, encode_picture
from varde.testing.pictures import make_photo
from varde.workflows.actor import Actor, now
from varde.workflows.manage_tokens import add_token
from varde.workflows.update_known_set import apply_delta, create_set

ACTOR = Actor("benchmark")


@dataclass(frozen=True)
class Server:
    """Where it is, and its process without those of its decoders."""

    address: tuple[str, int]
    process: psutil.Process

    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


AT_ONCE = 100_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        site, _ = create_site(Path(folder) / "site", name="benchmark", person="benchmark", at=now())
        values = fill(site, arguments.hashes, random)
        secret = add_token(site, ACTOR, name="load", rights=list(Right)).secret
        site.close()
        with serving(Path(folder) / "site") as server:
            measure_all(server, secret, values, random, arguments.clients, arguments.seconds)


def fill(site: Site, count: int, random: np.random.Generator) -> np.ndarray:  # type: ignore[type-arg]
    """Returns the hashes of a bank it made."""
    set_id = create_set(
        site, ACTOR, name="BANK", version="1", owner="", role=SetRole.ALERT, scheme="", format="api", source=""
    )
    values = random.integers(0, 256, (count, 32), dtype=np.uint8)
    for start in range(0, count, AT_ONCE):
        some = values[start : start + AT_ONCE]
        entries = tuple(
            KnownEntry(
                number, md5=value.tobytes()[:16], pdq=((value.tobytes(), 100, None),), source_id=f"{start + number}"
            )
            for number, value in enumerate(some)
        )
        apply_delta(site, ACTOR, set_id, SetDelta(upserts=entries), "benchmark")
    return values


@contextmanager
def serving(site: Path) -> Iterator[Server]:
    """Gives a server of a site that is ready."""
    command = [sys.executable, "-m", "varde.cli.main", "serve", "--site", str(site), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "}" not in said:
            said += process.stdout.readline()
        host, _, port = json.loads(said)["address"].removeprefix("http://").rpartition(":")
        address = (host, int(port))
        while run(address, [b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"], 1, 0.1).statuses.keys() != {200}:
            time.sleep(0.2)
        yield Server(address, psutil.Process(process.pid))
        process.send_signal(signal.SIGTERM)


def measure_all(
    server: Server,
    secret: str,
    values: np.ndarray,  # type: ignore[type-arg]
    random: np.random.Generator,
    clients: int,
    seconds: float,
) -> None:
    near = values[random.integers(0, len(values), 2_000)].copy()
    near[:, 0] ^= 0b101  # two bits away
    far = random.integers(0, 256, (2_000, 32), dtype=np.uint8)
    photo = encode_picture(make_photo(random, 1_600, 1_200), PictureFormat.JPEG)
    head = f"Host: a\r\nAuthorization: Bearer {secret}\r\n"
    kinds = {
        "GET /livez (trivial, no token)": [b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"],
        "GET /site-map (trivial, token)": [f"GET /site-map HTTP/1.1\r\n{head}\r\n".encode()],
        "GET /m/lookup pdq, found": [ask("pdq", value.tobytes(), head) for value in near],
        "GET /m/lookup pdq, not found": [ask("pdq", value.tobytes(), head) for value in far],
        "GET /m/lookup md5, found": [ask("md5", value.tobytes()[:16], head) for value in values[:2_000]],
        "POST /h/hash, photo of 1.9 MP": [post("/h/hash?types=pdq", photo, head)],
    }
    print(
        f"{len(values):,} hashes, {clients} clients, {seconds:g} s each, {os.cpu_count()} cores shared with the clients"
    )
    print("| request | answers/s | p50 ms | p99 ms | p50 over the trivial route's | server's CPU ms | statuses |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    trivial = 0.0
    for name, requests in kinds.items():
        run(server.address, requests, min(clients, 4), 0.5)
        before = server.cpu_s()
        found = run(server.address, requests, clients, seconds)
        cpu_ms = (server.cpu_s() - before) * 1000 / sum(found.statuses.values())
        p50, p99 = np.percentile(found.times_s, [50, 99]) * 1000
        trivial = trivial or p50
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(found.statuses.items()))
        rate = len(found.times_s) / found.wall_s
        print(
            f"| {name} | {rate:,.0f} | {p50:.0f} | {p99:.0f} | {p50 / trivial:.1f}x | {cpu_ms:.1f} | {statuses} |",
            flush=True,
        )


def ask(signal_type: str, value: bytes, head: str) -> bytes:
    return f"GET /m/lookup?signal_type={signal_type}&signal={value.hex()} HTTP/1.1\r\n{head}\r\n".encode()


def post(path: str, data: bytes, head: str) -> bytes:
    body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + data + b"\r\n--x--\r\n"
    kind = "Content-Type: multipart/form-data; boundary=x\r\n"
    return f"POST {path} HTTP/1.1\r\n{head}{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class Measured:
    """What came of a run; times are of requests that were answered with 200."""

    times_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wall_s: float = 0.0


@dataclass
class Connection:
    """One client: its socket, what it still has to send, what it has received, and when it began."""

    socket: socket.socket
    begun: float = 0.0
    sending: memoryview = field(default_factory=lambda: memoryview(b""))
    received: bytearray = field(default_factory=bytearray)


def run(address: tuple[str, int], requests: list[bytes], clients: int, seconds: float) -> Measured:
    """Returns what so many clients measured; raw sockets, so that the clients cost little beside the server."""
    measured, number = Measured(), 0
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            connection = Connection(socket.create_connection(address))
            connection.socket.setblocking(False)
            selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)
            number = begin(connection, requests, number)
        begun = time.perf_counter()
        open_ones = clients
        while open_ones:
            is_over = time.perf_counter() - begun > seconds
            for key, events in selector.select(1.0):
                one: Connection = key.data
                if events & selectors.EVENT_WRITE and one.sending:
                    one.sending = one.sending[one.socket.send(one.sending[: 1 << 16]) :]
                    if not one.sending:
                        selector.modify(one.socket, selectors.EVENT_READ, one)
                if events & selectors.EVENT_READ:
                    piece = one.socket.recv(1 << 16)
                    one.received += piece
                    if (answered := is_whole(one.received)) or not piece:
                        note(measured, one, answered)
                        if is_over or not piece or b"connection: close" in one.received.lower():
                            selector.unregister(one.socket)
                            one.socket.close()
                            open_ones -= 1
                            continue
                        number = begin(one, requests, number)
                        selector.modify(one.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, one)
        measured.wall_s = time.perf_counter() - begun
    return measured


def begin(connection: Connection, requests: list[bytes], number: int) -> int:
    connection.sending = memoryview(requests[number % len(requests)])
    connection.received.clear()
    connection.begun = time.perf_counter()
    return number + 1


def is_whole(received: bytearray) -> bool:
    head, end, body = bytes(received).partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return bool(end) and len(body) >= length


def note(measured: Measured, connection: Connection, answered: bool) -> None:
    status = int(connection.received[9:12]) if answered else 0
    measured.statuses[status] = measured.statuses.get(status, 0) + 1
    if status == 200:
        measured.times_s.append(time.perf_counter() - connection.begun)


if __name__ == "__main__":
    main()
