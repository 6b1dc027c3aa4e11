"""Behaviour of `varde.web.protocol`: whoever sends no request keeps no connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import anyio
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from varde.web import protocol

LIMIT_S = 0.5


async def answer_late(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes three times as long as a request's head may."""
    await anyio.sleep(3 * LIMIT_S)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that waits half a second for a request's head."""
    monkeypatch.setattr(protocol, "_HEAD_LIMIT_S", LIMIT_S)
    config = uvicorn.Config(
        answer_late, http=protocol.TimedProtocol, ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(4096):
        received += piece
    return received


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(begun)
        started = time.monotonic()
        assert read_all(connection) == b""
        assert time.monotonic() - started < 5


def test_a_head_that_dribbles_ends_the_connection(port: int) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        pytest.raises(OSError, match=r"pipe|reset"),
    ):
        for _ in range(100):
            connection.sendall(b"A")
            time.sleep(0.05)


def test_an_answer_that_takes_longer_is_waited_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert read_all(connection).endswith(b"\r\n\r\nok")
