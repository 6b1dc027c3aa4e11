"""The one connection through which exchanges talk: to one place, with limits, and without telling anybody's secrets.

The ThreatExchange library's clients build the requests and read the answers. Their own sessions follow redirects to
other hosts with the keys in the headers, wait without end (one client has no time limit at all, and all obey any
``Retry-After``), read answers of any size, and put addresses with tokens into error texts and log lines. A
`GuardedSession` takes their place.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR, socket
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from varde.core.errors import ExchangeFailure, Refused, WrongUse

_READ_BYTES = 1 << 16
_TRY_AGAIN = frozenset((429, 500, 502, 503, 504))
_SAFE_TO_REPEAT = frozenset(("GET", "HEAD"))
_STAYS = "What was fetched completely before stays; the same command goes on from there."
_MEANINGS = {
    400: "it did not understand the request",
    401: "it does not accept this site's credential",
    403: "it does not let this site in",
    404: "there is nothing at this address",
    429: "it was asked too often",
}


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """What one request may take.

    Attributes:
        idle_s: longest time without a byte.
        total_s: longest time for one answer, however steadily it drips.
        most_bytes: largest answer, unpacked.
        tries: how often a request that changes nothing is made.
        pause_s: time before the second try; doubled before each further one.
        longest_pause_s: the most that a ``Retry-After`` of the other side is obeyed.
    """

    idle_s: float = 60.0
    total_s: float = 300.0
    most_bytes: int = 1 << 26
    tries: int = 5
    pause_s: float = 1.0
    longest_pause_s: float = 60.0


LIMITS = TransportLimits()


def check_address(address: str) -> str:
    """Returns the address of an exchange without a slash at its end.

    Raises:
        WrongUse: if it is no plain web address.
        Refused: if a credential would travel to it in clear text.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise WrongUse(
            "the address of an exchange is https://HOST or https://HOST/PATH, without user, password or question mark",
            advice="A credential belongs into a file of mode 0600: --credential-file.",
        )
    if parts.scheme == "http" and not _is_this_machine(host):
        raise Refused(
            f"over http:// the credential and the hashes would travel to {host} in clear text",
            advice="Use the https:// address.",
        )
    return address.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class GuardedSession(requests.Session):
    """A session that talks to one address only, in bounded time and memory.

    Attributes:
        host: whom it talks to.
        server_time: what the other side's clock said last; None before it said anything.
    """

    def __init__(
        self, address: str, limits: TransportLimits = LIMITS, pause: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__()
        self.server_time: datetime | None = None
        self._base = urlsplit(check_address(address))
        self.host = self._base.hostname or ""
        self._limits = limits
        self._pause = pause
        self._adapter = _CuttableAdapter()
        self.trust_env = False  # no ~/.netrc; proxies and certificates of the environment are taken over here
        self.proxies = requests.utils.get_environ_proxies(address)
        found = requests.Session().merge_environment_settings(address, {}, None, None, None)["verify"]
        self.verify = found if found is not False else True
        for scheme in ("http://", "https://"):
            self.mount(scheme, self._adapter)

    def __exit__(self, *args: object) -> None:
        """Keeps the connection: the library's clients open and close a session for every request."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the whole answer to a request.

        Raises:
            ExchangeFailure: for every answer but a good one, and where there is none in time.
        """
        with keep_quiet():
            try:
                return super().request(*args, **kwargs)
            except (requests.RequestException, ValueError):
                self._fail("there is no such address")

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Returns the whole answer to a prepared request; see `request`."""
        self._check_place(request.url)
        tries = self._limits.tries if request.method in _SAFE_TO_REPEAT else 1
        for number in range(1, tries + 1):
            answer = self._try(request, kwargs, is_last=number == tries)
            if answer is not None and (answer.status_code not in _TRY_AGAIN or number == tries):
                break
            self._pause(self._choose_pause(answer, number))
        self._check_status(answer)
        return answer

    def _try(self, request: Any, kwargs: dict[str, Any], *, is_last: bool) -> Any:
        """Returns the answer, None where another try may help."""
        options = {**kwargs, "stream": True, "allow_redirects": False, "timeout": (10.0, self._limits.idle_s)}
        with self._adapter.cut_after(self._limits.total_s) as was_cut:
            try:
                answer = super().send(request, **options)
                self._read_whole(answer)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if not is_last and not was_cut():
                    return None
                self._fail(_explain(error, self._limits, was_cut=was_cut()))
        return answer

    def _read_whole(self, answer: Any) -> None:
        parts, size = [], 0
        for part in answer.iter_content(_READ_BYTES):
            parts.append(part)
            size += len(part)
            if size > self._limits.most_bytes:
                answer.close()
                self._fail(f"its answer is larger than {self._limits.most_bytes >> 20} MiB")
        answer._content, answer._content_consumed = b"".join(parts), True
        try:
            self.server_time = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            pass  # a server without a clock; who needs its time looks for it

    def _choose_pause(self, answer: Any, number: int) -> float:
        asked = answer.headers.get("Retry-After", "") if answer is not None else ""
        wanted = float(asked) if asked.isascii() and asked.isdigit() else self._limits.pause_s * 2 ** (number - 1)
        return float(min(wanted, self._limits.longest_pause_s))

    def _check_place(self, url: str) -> None:
        """Refuses addresses elsewhere, which an answer may name as the next page: the credential would go there."""
        try:
            parts = urlsplit(url)
            there = (parts.scheme, parts.hostname, parts.port, parts.username)
        except ValueError:
            self._fail("it sent an address that is none")
        here = (self._base.scheme, self._base.hostname, self._base.port, None)
        inside = parts.path == self._base.path or parts.path.startswith(self._base.path + "/")
        if there != here or not inside or "/../" in f"{parts.path}/":
            self._fail("it sent us to another place, and this site's credential goes nowhere else")

    def _check_status(self, answer: Any) -> None:
        status = answer.status_code
        if 300 <= status < 400:
            self._fail("it redirects to another place, and this site's credential goes nowhere else")
        if status >= 400:
            meaning = _MEANINGS.get(status, "it has a fault" if status >= 500 else "it refused the request")
            self._fail(f"{meaning} (HTTP status {status})")

    def _fail(self, what: str) -> NoReturn:
        """Raises without the original error: its text holds the address with the token in it."""
        raise ExchangeFailure(f"{self.host}: {what}", advice=_STAYS) from None


def _explain(error: BaseException, limits: TransportLimits, *, was_cut: bool) -> str:
    if was_cut:
        return f"it did not finish its answer within {limits.total_s:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be verified, so it may be somebody else"
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return f"it sent nothing for {limits.idle_s:g} s"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not let us through"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.ProtocolError):
        return "the connection was cut in the middle of its answer"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "it cannot be reached, or cuts the connection"
    return "its answer is no answer of a web server"


class _CuttableAdapter(HTTPAdapter):
    """Knows the sockets of its connections, so that an answer that drips for ever can be ended."""

    def __init__(self) -> None:
        self._sockets: list[socket] = []
        self._starting: list[socket] = []
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        sockets, starting = self._sockets, self._starting

        class _Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                sockets.append(self.sock)

        class _Secured(HTTPSConnection):
            def _new_conn(self) -> socket:
                made = super()._new_conn()
                starting.append(made.dup())  # TLS takes the first one over, and its handshake may drip for ever too
                return made

            def connect(self) -> None:
                try:
                    super().connect()
                finally:
                    while starting:
                        starting.pop().close()
                sockets.append(self.sock)

        class _PlainPool(HTTPConnectionPool):
            ConnectionCls = _Plain

        class _SecuredPool(HTTPSConnectionPool):
            ConnectionCls = _Secured

        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecuredPool}

    @contextmanager
    def cut_after(self, limit_s: float) -> Iterator[Callable[[], bool]]:
        """Yields a question, whether the limit has passed; every connection ends when it does."""
        passed = threading.Event()

        def cut() -> None:
            passed.set()
            for connected in [*self._sockets, *self._starting]:
                try:
                    socket.shutdown(connected, SHUT_RDWR)
                except OSError:
                    continue  # it had ended already

        timer = threading.Timer(limit_s, cut)
        timer.daemon = True
        timer.start()
        try:
            yield passed.is_set
        finally:
            timer.cancel()
            self._sockets[:] = [connected for connected in self._sockets if connected.fileno() >= 0]


class _Silence(logging.Filter):
    """Drops what the library and what carries its requests would log: addresses with tokens, records, whole answers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "threatexchange" not in record.pathname and not record.name.startswith("urllib3")


@contextmanager
def keep_quiet() -> Iterator[None]:
    """Keeps the library's log lines, in which hashes and tokens stand, out of every log while it works."""
    silence = _Silence()
    loggers = [logging.getLogger(name) for name in (None, "urllib3.connectionpool", "urllib3.util.retry")]
    for logger in loggers:
        logger.addFilter(silence)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(silence)
