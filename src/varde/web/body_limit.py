"""Limits how large a request's body may be and how long it may take to arrive."""

from __future__ import annotations

import time

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from varde.web.errors import refuse

SMALL_BODY_BYTES = 1 << 20
"""Largest body of a request that carries no file."""

_TOO_LARGE = "The request's body is larger than this server takes."
_TOO_SLOW = "The request's body took too long to arrive."


class BodyLimit:
    """Refuses bodies that say they are too large before reading them, and stops reading those that lied."""

    def __init__(self, app: ASGIApp, *, most_bytes: int, time_limit_s: float) -> None:
        """Prepares the limit.

        Args:
            app: what is called.
            most_bytes: of a body that carries a file; others may have `SMALL_BODY_BYTES`.
            time_limit_s: from the first byte of the request to the last of its body.
        """
        self._app = app
        self._most_bytes = most_bytes
        self._time_limit_s = time_limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, self._limit(scope, receive), send)

    def _limit(self, scope: Scope, receive: Receive) -> Receive:
        headers = {name.lower(): value for name, value in scope["headers"]}
        has_file = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        most_bytes = self._most_bytes if has_file else min(self._most_bytes, SMALL_BODY_BYTES)
        length = headers.get(b"content-length", b"0")
        end = time.monotonic() + self._time_limit_s
        received, complete = 0, False

        async def receive_within_limits() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            if length.isdigit() and int(length[:20]) > most_bytes:
                raise refuse(413, _TOO_LARGE, {"Connection": "close"})
            try:
                with anyio.fail_after(end - time.monotonic()):
                    message = await receive()
            except TimeoutError as error:
                raise refuse(408, _TOO_SLOW, {"Connection": "close"}) from error
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > most_bytes:
                raise refuse(413, _TOO_LARGE, {"Connection": "close"})
            return message

        return receive_within_limits
