"""A visit of pages succeeds only where everything a person would see is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from varde.core.errors import VardeError
from varde.workflows.visit_pages import Visit, visit_pages

FORM = b'<form method="post"><input type="hidden" name="next" value="/"><input name="name"></form>'
TILES = [
    {"item_id": 7, "picture_key": "k7", "has_picture": True},
    {"item_id": 8, "picture_key": "", "has_picture": False},
]
Answers = dict[str, tuple[int, str, bytes]]
Start = Callable[[Answers], str]


def good() -> Answers:
    """Returns what pages answer that work."""
    page = (200, "text/html", b"<p>")
    return {
        "/login": (200, "text/html", FORM),
        "/": page,
        "/cases/3": page,
        "/cases/3/grid": page,
        "/cases/3/tiles?limit=60": (200, "application/json", json.dumps({"tiles": TILES}).encode()),
        "/items/7/picture/0?k=k7": (200, "image/png", b"\x89PNG"),
    }


@pytest.fixture
def start() -> Iterator[Start]:
    servers = []

    def make(answers: Answers) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                signed_in = "varde=secret" in self.headers.get("cookie", "")
                status, kind, body = answers.get(self.path, (404, "text/plain", b""))
                if not signed_in and self.path != "/login":
                    status, kind, body = 401, "text/plain", b""
                self.send_response(status)
                self.send_header("content-type", kind)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                right = form == {"next": ["/"], "name": ["anna"], "password": ["a few words"]}
                self.send_response(303)
                self.send_header("location", "/" if right else "/login")
                if right:
                    self.send_header("set-cookie", "varde=secret; Path=/")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def visit(address: str, password: str = "a few words") -> Visit:
    return visit_pages(address, name="anna", password=password, case_id=3)


def test_it_counts_tiles_and_the_pictures_it_fetched(start: Start) -> None:
    assert visit(start(good())) == Visit(tiles=2, pictures=1)


def test_a_wrong_password_is_not_let_in(start: Start) -> None:
    with pytest.raises(VardeError, match="do not let the person in"):
        visit(start(good()), password="others")


@pytest.mark.parametrize("path", ["/login", "/cases/3", "/cases/3/grid", "/cases/3/tiles?limit=60"])
def test_a_page_that_fails_is_named(start: Start, path: str) -> None:
    with pytest.raises(VardeError, match=r"status 500") as caught:
        visit(start(good() | {path: (500, "text/html", b"")}))
    assert path in str(caught.value)


def test_tiles_that_are_no_json_are_said_to_be(start: Start) -> None:
    with pytest.raises(VardeError, match="something else than JSON"):
        visit(start(good() | {"/cases/3/tiles?limit=60": (200, "text/html", b"<p>")}))


def test_a_picture_that_is_none_is_refused(start: Start) -> None:
    with pytest.raises(VardeError, match="'text/html', which is no picture"):
        visit(start(good() | {"/items/7/picture/0?k=k7": (200, "text/html", b"<p>")}))


def test_a_case_without_pictures_proves_nothing(start: Start) -> None:
    with pytest.raises(VardeError, match="no picture of the case"):
        visit(start(good() | {"/cases/3/tiles?limit=60": (200, "application/json", b'{"tiles": []}')}))


def test_a_server_that_is_not_there_is_said_not_to_answer() -> None:
    with pytest.raises(VardeError, match="did not answer /login"):
        visit("http://127.0.0.1:9")
