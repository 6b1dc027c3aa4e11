"""Behaviour of `varde.web.fetching`: what is fetched, and above all what is not."""

from __future__ import annotations

import http.server
import io
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from fastapi import HTTPException
from served_site import Served, serve

from varde.store.settings import Settings, WebSettings
from varde.store.site import Site
from varde.web.fetching import Target, _get, check_url, is_public

HERE = "127.0.0.1"


@dataclass
class Elsewhere:
    """Another server, on loopback.

    Attributes:
        asked: paths that it was asked for.
    """

    port: int
    asked: list[str]

    def url(self, path: str, host: str = HERE) -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def elsewhere(photo: bytes) -> Iterator[Elsewhere]:
    """A server that has a picture, sends to other places, dribbles and lies."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        pages: ClassVar = {
            "/photo": ("image/jpeg", photo),
            "/text": ("text/plain", b"x"),
            "/untyped": ("", photo),
            "/open": ("image/png", photo),
        }

        def do_GET(self) -> None:
            asked.append(self.path)
            path, _, target = self.path.partition("?to=")
            if path == "/moved":
                self.send_response(302)
                self.send_header("Location", target)
                self.end_headers()
            elif path == "/slow":
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", "100")
                self.end_headers()
                for _ in range(100):
                    self.wfile.write(b"a")
                    self.wfile.flush()
                    time.sleep(0.1)
            elif path == "/endless":
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(64 * 65536))
                self.end_headers()
                for _ in range(64):
                    self.wfile.write(b"a" * 65536)
            elif path == "/cut":
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"cut")
            elif path in self.pages:
                kind, data = self.pages[path]
                self.send_response(200)
                self.send_header("Content-Type", kind)
                if path != "/open":
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            else:
                self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

    with http.server.ThreadingHTTPServer((HERE, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Elsewhere(server.server_address[1], asked)
        server.shutdown()
        thread.join()


@pytest.fixture
def fetching(sqlite_site: Site, elsewhere: Elsewhere) -> Iterator[Served]:
    """A site that may fetch from there, 1 MiB within a second."""
    listed = (f"{HERE}:{elsewhere.port}",)
    web = WebSettings(fetch_hosts=listed, fetch_private_hosts=listed, max_body_mib=1, fetch_time_limit_s=1)
    sqlite_site.settings = Settings(web=web)
    yield from serve(sqlite_site)


def hash_url(served: Served, url: str, **more: str) -> tuple[int, dict[str, str]]:
    said = served.client.get("/h/hash", params={"url": url, **more})
    return said.status_code, said.json()


def test_a_picture_of_a_listed_host_is_hashed_like_an_uploaded_one(
    fetching: Served, elsewhere: Elsewhere, photo: bytes
) -> None:
    status, found = hash_url(fetching, elsewhere.url("/photo"))
    assert (status, found) == (200, fetching.client.post("/h/hash", files={"photo": ("a", photo)}).json())
    assert hash_url(fetching, elsewhere.url("/untyped"), content_type="photo", types="pdq")[1] == {"pdq": found["pdq"]}
    moved = elsewhere.url("/moved?to=/photo")
    assert hash_url(fetching, moved) == (200, found)
    assert list(fetching.site.spool.iterdir()) == []


def test_a_listed_host_serves_lookups_and_banks_too(fetching: Served, elsewhere: Elsewhere) -> None:
    client = fetching.client
    client.post("/c/banks", json={"name": "A"})
    url = elsewhere.url("/photo")
    added = client.post(
        "/c/bank/A/content", params={"url": url, "content_type": "photo"}, json={"metadata": {"content_id": "7"}}
    )
    assert (added.status_code, added.json()["id"]) == (200, 1)
    assert client.get("/c/bank/A/content/1").json()["metadata"] == {"content_id": "7"}
    found = client.get("/m/lookup", params={"url": url}).json()
    assert found["pdq"] == {"A": [{"bank_content_id": 1, "distance": "0"}]}
    assert client.get("/m/lookup", params={"url": url, "signal_type": "pdq"}).json() == found["pdq"]
    bad = client.post("/c/bank/A/content", params={"url": url}, json={"metadata": {"unknown": 5}})
    assert bad.status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/missing", 400, "answered 404"),
        ("/text", 400, "content_type"),
        ("/slow", 400, "too slow"),
        ("/cut", 400, "broke off"),
        ("/endless", 413, "larger"),
        ("/open", 400, "how long"),
        ("/moved?to=/moved?to=/moved?to=/moved?to=/photo", 400, "too often"),
        ("/moved?to=ftp://127.0.0.1/", 400, "no http or https"),
        ("/moved?to=http://169.254.169.254/latest/meta-data", 403, "not among web.fetch_hosts"),
        ("/moved?to=http://localhost/", 403, "not among web.fetch_hosts"),
        ("/moved?to=file:///etc/passwd", 400, "no http or https"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    fetching: Served, elsewhere: Elsewhere, path: str, status: int, says: str
) -> None:
    begun = time.monotonic()
    got, said = hash_url(fetching, elsewhere.url(path))
    assert (got, says in said["message"]) == (status, True), said
    assert time.monotonic() - begun < 5
    assert list(fetching.site.spool.iterdir()) == []


def test_a_listed_name_that_leads_to_a_private_address_is_refused(sqlite_site: Site, elsewhere: Elsewhere) -> None:
    sqlite_site.settings = Settings(web=WebSettings(fetch_hosts=(f"localhost:{elsewhere.port}",)))
    for served in serve(sqlite_site):
        status, said = hash_url(served, elsewhere.url("/photo", "localhost"))
        assert (status, "not public" in said["message"]) == (403, True)
    assert elsewhere.asked == []


def test_nothing_is_fetched_unless_hosts_are_listed(served: Served, elsewhere: Elsewhere) -> None:
    for path in ("/h/hash", "/m/lookup"):
        said = served.client.get(path, params={"url": elsewhere.url("/photo")})
        assert (said.status_code, "web.fetch_hosts" in said.json()["message"]) == (403, True)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/a",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://",
        "http:///path",
        "http://example.org:abc/",
        "http://example.org:99999/",
        "http://user:word@example.org/",
        "http://example.org@evil.test/",
        "http://example.org /",
        "http://example.org/\r\nHost: evil",
        "http://[::1",
        "http://exam\u2024ple.org/",
        "javascript:alert(1)",
        "data:text/html,x",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(HTTPException) as refused:
        check_url(WebSettings(fetch_hosts=("example.org",)), url)
    assert refused.value.status_code in (400, 403)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.test/",
        "http://example.org.evil.test/",
        "http://evil.test/example.org",
        "http://evil.test#example.org",
        "http://evil.test?example.org",
        "http://sub.example.org/",
        "http://example.org:8080/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_a_host_that_is_not_listed_is_refused_before_anybody_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it was resolved"))
    with pytest.raises(HTTPException) as refused:
        check_url(WebSettings(fetch_hosts=("example.org",)), url)
    assert refused.value.status_code == 403


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*addresses: str) -> None:
        answer = [(2, 1, 6, "", (address, 443)) for address in addresses]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answer)

    settings = WebSettings(fetch_hosts=("example.org",))
    resolve("93.184.215.14", "10.0.0.1")
    with pytest.raises(HTTPException):
        check_url(settings, "https://example.org/a?b=c")
    resolve("93.184.215.14")
    target = check_url(settings, "https://EXAMPLE.org/a?b=c")
    assert (target.address, target.host, target.port, target.path) == ("93.184.215.14", "example.org", 443, "/a?b=c")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "5f00::1",
        "2002:a00:1::",
        "2001:0:a00:1::",
    ],
)
def test_an_address_that_is_not_public_is_known_however_it_is_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(address)


def test_a_handshake_that_drips_ends_in_time() -> None:
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

    with socket.create_server((HERE, 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,))
        thread.start()
        start = time.monotonic()
        with pytest.raises(HTTPException, match="too slow"):
            _get(Target("https", HERE, listening.getsockname()[1], "/", HERE), io.BytesIO(), 1 << 20, 0.5)
        ended.set()
        thread.join()
    assert time.monotonic() - start < 5
