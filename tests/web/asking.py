"""A program that asks the interface in this process, through the whole application."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI


class Client:
    """Sends requests to an application that was started, and stops it again. Use as a context manager."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.headers: dict[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._stack.enter_context(self._portal.wrap_async_context_manager(self.app.router.lifespan_context(self.app)))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://site.test", timeout=60)
        self._client = self._stack.enter_context(self._portal.wrap_async_context_manager(client))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Sends a request with this program's token, or with other headers instead."""
        sent = self.headers if headers is None else headers

        async def send() -> httpx.Response:
            return await self._client.request(method, path, headers=sent, **more)

        return self._portal.call(send)

    def together(self, *requests: Callable[[httpx.AsyncClient], Any]) -> list[httpx.Response]:
        """Sends several requests at once and returns the answers in order."""
        import anyio

        async def send() -> list[httpx.Response]:
            answers: dict[int, httpx.Response] = {}

            async def one(number: int, make: Callable[[httpx.AsyncClient], Any]) -> None:
                answers[number] = await make(self._client)

            async with anyio.create_task_group() as group:
                for number, make in enumerate(requests):
                    group.start_soon(one, number, make)
            return [answers[number] for number in range(len(requests))]

        return self._portal.call(send)

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Sends a GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Sends a POST."""
        return self.request("POST", path, **more)

    def put(self, path: str, **more: Any) -> httpx.Response:
        """Sends a PUT."""
        return self.request("PUT", path, **more)

    def delete(self, path: str, **more: Any) -> httpx.Response:
        """Sends a DELETE."""
        return self.request("DELETE", path, **more)
