"""The guarded connection against peers that are slow, cut off, huge, elsewhere or broken; and what it never tells."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from varde.core.errors import ExchangeFailure, Refused, WrongUse
from varde.known.exchanges.answers import read_json, read_xml
from varde.known.exchanges.transport import GuardedSession, TransportLimits, check_address
from varde.testing.exchange_servers import Answer, ExchangeServer, Request

QUICK = TransportLimits(idle_s=0.3, total_s=0.8, most_bytes=100_000, tries=3, pause_s=0.01, longest_pause_s=0.05)
SECRET = "s3cret-token"
QUESTION = f"/v1/x?access_token={SECRET}"


class _Server(ExchangeServer):
    def answer(self, request: Request) -> Answer:
        return Answer(200, b'{"fine": true}')


@pytest.fixture
def server() -> _Server:
    return _Server()


@pytest.fixture
def address(server: _Server) -> Iterator[str]:
    with server.run() as found:
        yield f"{found}/v1"


def ask(address: str, url: str = "", pause: list[float] | None = None) -> bytes:
    session = GuardedSession(address, QUICK, pause=(pause if pause is not None else []).append)
    session.headers["x-functions-key"] = SECRET
    with session:
        return bytes(session.get(url or address.removesuffix("/v1") + QUESTION).content)


def fail(address: str, url: str = "") -> str:
    """Returns what is said of a failure; whatever it is, it names no secret and keeps no error that does."""
    with pytest.raises(ExchangeFailure) as told:
        ask(address, url)
    assert SECRET not in f"{told.value}{told.value.advice}"
    assert told.value.__suppress_context__
    return str(told.value)


def test_good_answer_comes_whole(address: str) -> None:
    assert ask(address) == b'{"fine": true}'


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_fault_is_tried_again(server: _Server, address: str, status: int) -> None:
    server.faults = [Answer(status), Answer(status)]
    assert ask(address) == b'{"fine": true}'
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "says", "asked"),
    [
        (400, "did not understand", 1),
        (401, "credential", 1),
        (403, "let this site in", 1),
        (404, "nothing", 1),
        (418, "refused", 1),
        (500, "has a fault", 3),
        (429, "too often", 3),
    ],
)
def test_lasting_fault_says_what_it_means(server: _Server, address: str, status: int, says: str, asked: int) -> None:
    server.faults = [Answer(status, SECRET.encode())] * 3
    message = fail(address)
    assert says in message
    assert f"status {status}" in message
    assert len(server.requests) == asked


def test_wish_to_wait_is_obeyed_within_bounds(server: _Server, address: str) -> None:
    server.faults = [Answer(429, headers={"Retry-After": "99999999"}), Answer(503, headers={"Retry-After": "0"})]
    waits: list[float] = []
    ask(address, pause=waits)
    assert waits == [QUICK.longest_pause_s, 0]


def test_what_changes_something_is_never_sent_twice(server: _Server, address: str) -> None:
    server.faults = [Answer(503)] * 3
    with pytest.raises(ExchangeFailure), GuardedSession(address, QUICK) as session:
        session.post(f"{address}/x", data={"a": "b"})
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed_even_to_the_same_host(server: _Server, address: str, status: int) -> None:
    """The library's sessions follow, and take the keys in their headers along."""
    server.faults = [Answer(status, headers={"Location": f"{address}/elsewhere"})]
    assert "redirects" in fail(address)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:1/v1/x",
        "https://127.0.0.1/v1/x",
        "http://127.0.0.1:1/v1/x",
        "http://me@127.0.0.1:{port}/v1/x",
        "http://127.0.0.1:{port}/v2/x",
        "http://127.0.0.1:{port}/v1evil",
        "http://127.0.0.1:{port}/v1/../v2/x",
        "http://127.0.0.1:{port}.example/v1",
        "http://[/",
        "file:///etc/passwd",
    ],
)
def test_address_elsewhere_is_not_asked(server: _Server, address: str, url: str) -> None:
    port = address.rpartition(":")[2].partition("/")[0]
    fail(address, url.replace("{port}", port))
    assert not [request for request in server.requests if not request.path.startswith("/v1/")]


def test_silent_peer_is_given_up(server: _Server, address: str) -> None:
    server.faults = [Answer(200, b"{}", wait_s=5)] * 3
    begun = time.monotonic()
    assert "sent nothing for 0.3 s" in fail(address)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("size", [10, 70_000])
def test_peer_that_drips_for_ever_is_cut(server: _Server, address: str, size: int) -> None:
    """Each byte comes before the idle limit, so that only the limit on the whole answer ends it."""
    server.faults = [Answer(200, b"x" * size, drip_s=0.15)] * 3
    begun = time.monotonic()
    assert "did not finish its answer within 0.8 s" in fail(address)
    assert time.monotonic() - begun < 3


def test_a_handshake_that_drips_is_cut() -> None:
    ended = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB, of which a byte comes now and then
            try:
                while not ended.wait(0.05):
                    connection.sendall(b"\0")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        start = time.monotonic()
        place = f"https://127.0.0.1:{listening.getsockname()[1]}"
        assert "did not finish" in fail(f"{place}/v1", f"{place}/v1/x")
        assert time.monotonic() - start < 5
        ended.set()
        thread.join(5)


def test_cut_connection_is_tried_again_and_then_told(server: _Server, address: str) -> None:
    server.faults = [Answer(200, b"x" * 1000, cut_after=500)] * 2
    assert ask(address) == b'{"fine": true}'
    server.faults = [Answer(200, b"x" * 1000, cut_after=500)] * 3
    assert "cut" in fail(address)


def test_huge_answer_is_not_read_to_its_end(server: _Server, address: str) -> None:
    server.faults = [Answer(200, b"x" * 5_000_000)]
    assert "larger" in fail(address)


def test_bomb_is_stopped_at_its_unpacked_size(server: _Server, address: str) -> None:
    import gzip

    server.faults = [Answer(200, gzip.compress(b"\0" * 50_000_000), headers={"Content-Encoding": "gzip"})]
    assert "larger" in fail(address)


def test_nobody_there_says_so() -> None:
    assert "cannot be reached" in fail("http://127.0.0.1:9/v1")


def test_no_log_line_holds_an_address(
    server: _Server, address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = [Answer(503), Answer(200, b"x" * 10, cut_after=5), None]
    ask(address)
    assert SECRET not in caplog.text
    logging.getLogger("urllib3.connectionpool").debug("others may log afterwards")
    assert "others may log afterwards" in caplog.text


def test_netrc_is_not_read(server: _Server, address: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{tmp_path}/netrc"
    with open(path, "w") as file:
        file.write("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", path)
    ask(address)
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example",
        "ftp://example/",
        "https://user:word@example/",
        "https://example/?key=1",
        "https://[",
        "https://a:x/",
    ],
)
def test_strange_address_is_wrong_use(address: str) -> None:
    with pytest.raises(WrongUse):
        check_address(address)


def test_clear_text_is_refused_but_on_this_machine() -> None:
    with pytest.raises(Refused, match="clear text"):
        check_address("http://exchange.example/v1")
    assert check_address("http://localhost:8000/v1/") == "http://localhost:8000/v1"
    assert check_address("http://[::1]:8000") == "http://[::1]:8000"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"not xml",
        b"<a>" * 100,
        b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a>\xff\xfe</a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_hostile_xml_is_refused(data: bytes) -> None:
    with pytest.raises(ExchangeFailure):
        read_xml(data, "host")


def test_namespaces_are_taken_off() -> None:
    root = read_xml(b'<q xmlns="u" xmlns:v="w"><v:a b="1">t</v:a></q>', "host")
    assert (root.tag, root[0].tag, root[0].get("b"), root[0].text) == ("q", "a", "1", "t")


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{", b"[" * 100_000, b"\xff", b'{"a": ' * 100_000])
def test_hostile_json_is_refused(data: bytes) -> None:
    with pytest.raises(ExchangeFailure):
        read_json(data, "host")
