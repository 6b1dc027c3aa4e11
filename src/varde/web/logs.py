"""The log: one line of JSON for each request, with only the keys of an allow-list; no hashes, names, paths or words."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Final, TextIO

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

ALLOWED_KEYS: Final = frozenset(
    {
        "event",
        "level",
        "at",
        "method",
        "route",
        "status",
        "duration_ms",
        "token_id",
        "account_id",
        "error",
        "place",
        "lookups",
        "hashed",
        "says",
    }
)
"""What may stand in the log. ``route`` is a route's pattern, never the path that was asked for."""

_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}


def set_up_logs(stream: TextIO | None = None) -> None:
    """Sends everything logged in this process through the allow-list to a stream, None to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            keep_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_LibraryLogs(logging.WARNING)]
    root.setLevel(logging.WARNING)


def get_logger() -> FilteringBoundLogger:
    """Returns the log."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def keep_allowed(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Returns an event without the keys that may not stand in the log."""
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def find_place(error: BaseException) -> str:
    """Returns file and line of our own code nearest to where an error came from, "" where there is none."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "/varde/" in f.filename.replace("\\", "/")]
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""


class _LibraryLogs(logging.Handler):
    """Writes what libraries log without its arguments and without traces: both may quote what was sent."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        error = record.exc_info[1] if record.exc_info else None
        facts = {"error": type(error).__name__, "place": find_place(error)} if error else {}
        get_logger().warning("library", says=str(record.msg).split("\n")[0], **facts)


class RequestLog:
    """Writes one line for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except BaseException as error:
            scope["varde.error"], scope["varde.place"] = type(error).__name__, find_place(error)
            raise
        finally:
            _write(scope, status, time.perf_counter() - start)


def _write(scope: Scope, status: int, duration_s: float) -> None:
    route = getattr(scope.get("route"), "path", "-")
    method = scope["method"] if scope["method"] in _METHODS else "-"
    facts = {key: scope[f"varde.{key}"] for key in ("error", "place") if f"varde.{key}" in scope}
    if "varde.token" in scope:
        facts["token_id"] = scope["varde.token"]
    if "varde.account" in scope:
        facts["account_id"] = scope["varde.account"]
    log = get_logger().info if status < 500 else get_logger().error
    log("request", method=method, route=route, status=status, duration_ms=round(duration_s * 1000, 1), **facts)
