"""Runs the interface of a site on a socket until it is told to stop."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import uvicorn

from varde.core.errors import Refused, WrongUse
from varde.store.site import Site
from varde.web.app import create_app
from varde.web.logs import set_up_logs
from varde.web.protocol import TimedProtocol

_STOP_LIMIT_S = 20
_KEEP_ALIVE_S = 15
_BACKLOG = 512
_CACHE_KIB = 8 << 10
_MOST_HEAD_BYTES = 32 << 10


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where and how to serve.

    Attributes:
        host: an address of this machine.
        port: 0 takes any that is free.
        certificate, key: PEM files; None serves without TLS.
        allow_plain: serve without TLS also where others can reach it.
        log: where its log goes; None to standard error.
    """

    host: str = "127.0.0.1"
    port: int = 5100
    certificate: Path | None = None
    key: Path | None = None
    allow_plain: bool = False
    log: TextIO | None = None


def serve(
    site: Site, options: ServeOptions, started: Callable[[str], None], stop: threading.Event | None = None
) -> None:
    """Serves a site until the process is told to end; requests that are being answered are answered.

    Args:
        site: open.
        options: where and how.
        started: called with the address, such as ``https://127.0.0.1:5100``, once connections are taken.
        stop: ends it too, once it is set.

    Raises:
        WrongUse: if the address or the certificate cannot be used.
        Refused: if others could listen: it is no address of this machine alone, and there is no TLS.
    """
    _check(options)
    set_up_logs(options.log)
    site.database.share_memory(_CACHE_KIB)
    app = create_app(site)
    config = uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_LIMIT_S,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.key,
    )
    _load(config)
    with _listen(options) as listening:
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        address = f"http{'s' if options.certificate else ''}://{shown}:{port}"
        server = _Server(config, lambda: started(address), stop or threading.Event())
        with suppress(KeyboardInterrupt):  # raised again by the server once it has stopped in order
            server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it takes connections, and can be stopped by another thread."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stop: threading.Event) -> None:
        super().__init__(config)
        self._say_started = started
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say_started()

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stop.is_set()


def _check(options: ServeOptions) -> None:
    if bool(options.certificate) is not bool(options.key):
        raise WrongUse("a certificate and its key are needed together", advice="Give both --certificate and --key.")
    try:
        ip = ipaddress.ip_address(options.host)
    except ValueError as error:
        raise WrongUse(
            f"{options.host!r} is no address of a machine", advice="Give an address such as 127.0.0.1 or 0.0.0.0."
        ) from error
    if not ip.is_loopback and not options.certificate and not options.allow_plain:
        raise Refused(
            f"{options.host} can be reached by others, and without TLS they could read tokens and hashes",
            advice="Give --certificate and --key, or --without-tls if something in front of it speaks TLS.",
        )


def _load(config: uvicorn.Config) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise WrongUse(f"the certificate or its key cannot be used: {error.strerror or error}") from error
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2


def _listen(options: ServeOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listening = socket.create_server((options.host, options.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise WrongUse(
            f"{options.host}:{options.port} cannot be used: {error.strerror or error}",
            advice="Another program may use it: choose another --port.",
        ) from error
    # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms for a receipt.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
