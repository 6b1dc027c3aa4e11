"""Servers on this machine that behave as other organisations' exchanges do, and misbehave when they are told to.

Each holds a state that a test changes, and answers in its interface's own form. What a client must end up with is the
state, whatever happened on the way.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

TOKEN = f"12345678|{'a' * 24}"
"""What a made-up ThreatExchange server lets in."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a server was asked.

    Attributes:
        path: without the question.
        query: the first value of each field.
        headers: names in small letters.
        body: as it came.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers.

    Attributes:
        cut_after: bytes of the body after which the connection ends, None for all of them.
        drip_s: pause before each further byte, 0 for none.
        wait_s: pause before anything.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    drip_s: float = 0.0
    wait_s: float = 0.0


class ExchangeServer:
    """A server on the loopback address; use it as a context manager.

    Attributes:
        requests: everything it was asked.
        faults: answers to give instead of the right ones, the first first; None stands for the right answer.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Answer | Callable[[Answer], Answer] | None] = []
        self.clock_offset_s = 0.0

    def answer(self, request: Request) -> Answer:
        """Returns the right answer."""
        raise LookupError(f"nothing answers {request.path}")

    @contextmanager
    def run(self) -> Iterator[str]:
        """Yields the server's address while it answers."""
        owner = self
        ended = threading.Event()

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True  # the client has gone

            def _do(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, parts.path, query, headers, body)
                owner.requests.append(request)
                fault = owner.faults.pop(0) if owner.faults else None
                right = fault if isinstance(fault, Answer) else owner.answer(request)
                self._send(fault(right) if callable(fault) else right)

            def do_GET(self) -> None:
                self._do()

            def do_POST(self) -> None:
                self._do()

            def do_PUT(self) -> None:
                self._do()

            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate(time.time() + owner.clock_offset_s, usegmt=True)

            def _send(self, answer: Answer) -> None:
                ended.wait(answer.wait_s)
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                data = answer.body[: answer.cut_after]
                step = 1 if answer.drip_s else max(1, len(data))
                for start in range(0, len(data), step):
                    if answer.drip_s and ended.wait(answer.drip_s):
                        break
                    self.wfile.write(data[start : start + step])
                    self.wfile.flush()
                self.close_connection = answer.cut_after is not None or bool(answer.drip_s)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            server.server_close()
            thread.join()


class StopNciiServer(ExchangeServer):
    """StopNCII.org: both keys in headers, pages by token, records by the time of their last change.

    Attributes:
        records: by (signal type, hash).
        told: bodies of feedback.
    """

    def __init__(
        self, subscription_key: str = "sub-key", fetch_key: str = "fetch-key", *, page_size: int = 800
    ) -> None:
        super().__init__()
        self._keys = {"FetchHashes": fetch_key, "SubmitFeedback": "feedback-key"}
        self._subscription_key = subscription_key
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.page_size = page_size
        self.told: list[dict[str, Any]] = []

    def put(self, kind: str, value: str, changed_s: int, status: str = "Active", **more: Any) -> None:
        """Takes the present state of a hash."""
        record = {"lastModtimestamp": changed_s, "signalType": kind, "hashValue": value, "hashStatus": status}
        self.records[kind, value] = {**record, "caseNumbers": {}, **more}

    def answer(self, request: Request) -> Answer:
        """Returns the right answer."""
        endpoint = request.path.removeprefix("/v1/")
        keys = (request.headers.get("x-functions-key"), request.headers.get("ocp-apim-subscription-key"))
        if endpoint not in self._keys or keys != (self._keys[endpoint], self._subscription_key):
            return Answer(401)
        if endpoint == "SubmitFeedback":
            self.told.append(json.loads(request.body))
            return Answer(200, b"{}")
        since, offset = int(request.query["startTimestamp"]), int(request.query.get("nextPageToken", "t0")[1:])
        size = min(self.page_size, int(request.query["pageSize"]))
        chosen = [one for one in self.records.values() if one["lastModtimestamp"] >= since]
        page = chosen[offset : offset + size]
        has_more = offset + size < len(chosen)
        document = {
            "count": len(page),
            "nextPageToken": f"t{offset + size}" if has_more else None,
            "nextSetTimestamp": max((one["lastModtimestamp"] for one in self.records.values()), default=since),
            "hasMoreRecords": has_more,
            "hashRecords": page,
        }
        return Answer(200, json.dumps(document).encode())


class ThreatExchangeServer(ExchangeServer):
    """A privacy group of ThreatExchange: updates in order of time, tombstones, cursors with the token in them.

    Attributes:
        updates: by indicator's number.
        told: (path, body) of reactions.
    """

    def __init__(self, token: str = TOKEN, *, group: int = 42, page_size: int = 500) -> None:
        super().__init__()
        self.token, self.group, self.page_size = token, group, page_size
        self.updates: dict[int, dict[str, Any]] = {}
        self.told: list[tuple[str, dict[str, str]]] = []

    def put(self, number: int, changed_s: int, kind: str = "HASH_MD5", indicator: str = "", **more: Any) -> None:
        """Takes an indicator; ``opinions`` maps members to a status."""
        opinions = more.pop("opinions", {"1001": "MALICIOUS"})
        descriptors = [
            {"id": f"{number}{member}", "owner": {"id": member}, "status": status, **more}
            for member, status in opinions.items()
        ]
        update = {"id": str(number), "indicator": indicator or f"{number:032x}", "type": kind, "should_delete": False}
        self.updates[number] = {**update, "last_updated": changed_s, "descriptors": {"data": descriptors}}

    def delete(self, number: int, changed_s: int) -> None:
        """Makes an indicator a tombstone."""
        old = self.updates[number]
        self.updates[number] = {
            **{name: old[name] for name in ("id", "indicator", "type")},
            "last_updated": changed_s,
            "should_delete": True,
        }

    def answer(self, request: Request) -> Answer:
        """Returns the right answer."""
        fields = request.query | {name: one[0] for name, one in parse_qs(request.body.decode()).items()}
        if fields.get("access_token") != self.token:
            return Answer(400, b'{"error": {"message": "bad token"}}')
        if request.method == "POST":
            self.told.append((request.path, fields))
            return Answer(200, b'{"success": true}')
        if request.path != f"/{self.group}/threat_updates/":
            return Answer(404)
        since, offset = int(request.query.get("start_time", 0)), int(request.query.get("after", 0))
        chosen = sorted(
            (one for one in self.updates.values() if one["last_updated"] >= since), key=lambda one: one["last_updated"]
        )
        document: dict[str, Any] = {"data": chosen[offset : offset + self.page_size]}
        if offset + self.page_size < len(chosen):
            host = request.headers["host"]
            question = f"access_token={quote(self.token)}&start_time={since}&after={offset + self.page_size}"
            document["paging"] = {"next": f"http://{host}{request.path}?{question}"}
        return Answer(200, json.dumps(document).encode())
