"""HTTP/1.1 as the server speaks it, with an end to waiting for a request that never comes."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD_LIMIT_S = 20.0


class TimedProtocol(H11Protocol):
    """Closes connections on which no request's head is complete in time: a slow sender holds no place for ever."""

    _waits: Any = None

    def connection_made(self, transport: Any) -> None:
        """Starts to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes what came, and waits on if it was not a whole request's head."""
        super().data_received(data)
        if self._is_busy():
            self._stop_waiting()
        elif self._waits is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._waits = self.loop.call_later(_HEAD_LIMIT_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def _give_up(self) -> None:
        self._waits = None
        if not self._is_busy() and not self.transport.is_closing():
            self.transport.close()
