"""Fetches a file that a request names by URL: only from hosts the site lists, at the address that was checked."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

from varde.store.settings import WebSettings
from varde.web.errors import refuse
from varde.web.services import Services
from varde.web.uploads import Upload, lend_reading

_MOST_REDIRECTS = 3
_PIECE_BYTES = 64 << 10
_OK = 200
_REDIRECTS = {301, 302, 303, 307, 308}
_PORTS = {"http": 80, "https": 443}
_OFF = "This server fetches nothing: its setting web.fetch_hosts is empty. Send the file itself with POST."
_NOT_LISTED = "This server does not fetch from there: the host is not among web.fetch_hosts."
_NOT_PUBLIC = "This server does not fetch from there: the host has an address that is not public."
_NO_URL = "The url is no http or https address that can be fetched."
_UNICAST = ipaddress.ip_network("2000::/3")
"""All IPv6 addresses that were ever given out; the rest, such as fec0:: and ::127.0.0.1, is the site's own or none."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to fetch, checked.

    Attributes:
        address: the one to connect to: whatever the name resolves to later is not asked.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: str


@asynccontextmanager
async def fetch_file(services: Services, url: str, content_type: str | None) -> AsyncIterator[Upload]:
    """Lends a file that was fetched; it is gone afterwards.

    Args:
        services: with the settings that say what may be fetched.
        url: as the request gives it.
        content_type: ``photo`` or ``video``; None takes what the other server says.

    Raises:
        HTTPException: 403 if it may not be fetched, 400 if it cannot be, 413 if it is too large.
    """
    settings = services.site.settings.web
    file, said = await services.fetching.run(_fetch, settings, url, services.site.spool)
    with file, lend_reading(file) as descriptor:
        yield Upload(content_type or _guess_content_type(said), descriptor, file.tell())


def check_url(settings: WebSettings, url: str) -> Target:
    """Returns what a URL names, with the address to connect to.

    Raises:
        HTTPException: 403 if it may not be fetched, 400 if it is none.
    """
    if not settings.fetch_hosts:
        raise refuse(403, _OFF)
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or parts.username is not None or any(char <= " " for char in url):
            raise refuse(400, _NO_URL)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower().rstrip(".")
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, UnicodeError) as error:
        raise refuse(400, _NO_URL) from error
    if not host or not url.isascii():
        raise refuse(400, _NO_URL)
    allowed = {host, f"{host}:{port}"} if port == _PORTS[parts.scheme] else {f"{host}:{port}"}
    if not allowed & {listed.lower() for listed in settings.fetch_hosts}:
        raise refuse(403, _NOT_LISTED)
    may_be_private = bool(allowed & {listed.lower() for listed in settings.fetch_private_hosts})
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, _resolve(host, port, may_be_private=may_be_private))


def is_public(address: str) -> bool:
    """Returns whether an address is one of the public internet, whatever way it is written."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast


def _resolve(host: str, port: int, *, may_be_private: bool) -> str:
    """Returns the first address of a host; all of them must be allowed, so that no answer can be mixed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise refuse(400, "The url's host has no address.") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not addresses or not (may_be_private or all(is_public(address) for address in addresses)):
        raise refuse(403, _NOT_PUBLIC)
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked; the name is only shown to the other side."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self._target = target
        self._opened: socket.socket | None = None
        self.was_cut = False

    def connect(self) -> None:
        self._opened = self.sock = socket.create_connection((self._target.address, self._target.port), self.timeout)
        if self._target.scheme == "https":
            # The handshake comes last, within reach of `cut`: a server may drip it too.
            tls = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self._opened = self.sock = tls  # the base class forgets it while the answer is still being read
            if not self.was_cut:
                tls.do_handshake()
        if self.was_cut:
            raise TimeoutError

    def cut(self) -> None:
        """Ends the connection; whoever reads from it sees an end, which `was_cut` tells from the real one."""
        self.was_cut = True
        if self._opened is not None:
            with suppress(OSError):  # gone already
                self._opened.shutdown(socket.SHUT_RDWR)


def _fetch(settings: WebSettings, url: str, spool: Path) -> tuple[IO[bytes], str]:
    """Returns an unnamed file with what is there, and what its server says it is."""
    end = time.monotonic() + settings.fetch_time_limit_s
    for _ in range(_MOST_REDIRECTS + 1):
        target = check_url(settings, url)
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile(dir=spool))
            moved, said = _get(target, file, settings.max_body_mib << 20, max(0.1, end - time.monotonic()))
            if not moved:
                stack.pop_all()
                return file, said
        url = urljoin(url, moved)
    raise refuse(400, "The url leads from one place to the next too often.")


def _get(target: Target, file: IO[bytes], most_bytes: int, limit_s: float) -> tuple[str, str]:
    """Writes what is there into the file; returns where else to look, "" if it was there, and what it is said to be."""
    connection = _Pinned(target, limit_s)
    deadline = threading.Timer(limit_s, connection.cut)  # a server may send one byte every now and then, for ever
    deadline.start()
    try:
        connection.request("GET", target.path, headers={"Accept-Encoding": "identity", "Connection": "close"})
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            return response.getheader("Location", ""), ""
        if response.status != _OK:
            raise refuse(400, f"The url could not be fetched: its server answered {response.status}.")
        if response.length is None and not response.chunked:
            raise refuse(400, "The url's server does not say how long the file is: a cut one could not be told.")
        _receive(response, file, most_bytes)
        if connection.was_cut:
            raise TimeoutError
        return "", response.getheader("Content-Type", "")
    except (OSError, http.client.HTTPException) as error:
        raise refuse(400, "The url could not be fetched: its server is away, too slow, or broke off.") from error
    finally:
        deadline.cancel()
        connection.close()


def _receive(response: http.client.HTTPResponse, file: IO[bytes], most_bytes: int) -> None:
    received = 0
    while piece := response.read(_PIECE_BYTES):
        received += len(piece)
        if received > most_bytes:
            raise refuse(413, "The file at the url is larger than this server takes.")
        file.write(piece)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


def _guess_content_type(said: str) -> str:
    kind = said.lower().strip()
    if kind.startswith("image/"):
        return "photo"
    if kind.startswith("video/"):
        return "video"
    raise refuse(400, "The url's server does not say that it is a picture or a video; say it with content_type.")
