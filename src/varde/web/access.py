"""Who may call a route: every route declares a right, or that it is open, and is not served without either."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from varde.core.access import Right, Token
from varde.store import tokens
from varde.web.addresses import find_network
from varde.web.errors import refuse
from varde.web.services import Services, get_services
from varde.workflows.actor import Actor

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="varde"'}
_MOST_CHARACTERS = 512
_SHOW_ONE = "Show a token: `Authorization: Bearer SECRET`."
_LETS_NOBODY_IN = "This token lets nobody in: it is unknown, was revoked or has expired."
_NO_MULTIPART = "Send this form as application/x-www-form-urlencoded: it takes no files."
_TOO_OFTEN = "Too many requests without a valid token."


@runtime_checkable
class Declaration(Protocol):
    """What a route says about who may call it. `varde.web.people` has the one for people who logged in."""

    async def admit(self, request: Request) -> None:
        """Returns if the caller may call the route, and else raises what is to be answered; reads no more than needed.

        Raises:
            HTTPException: 401 or 403, or a redirect to the login.
        """
        ...


@dataclass(frozen=True, slots=True)
class Requires:
    """A dependency that lets in only callers whose token carries a right."""

    right: Right

    async def admit(self, request: Request) -> None:
        """Looks the token up and notes it."""
        token = await admit_token(request)
        if self.right not in token.rights:
            raise refuse(403, f"This token does not have the right {self.right.value!r}.")
        request.state.caller = token

    async def __call__(self, request: Request) -> Token:
        """Returns the caller's token, which was checked before the request's body was read."""
        return find_caller(request)


class Open:
    """A dependency that says that a route is open to everybody."""

    async def admit(self, request: Request) -> None:
        """Lets everybody in."""

    async def __call__(self) -> None:
        """Lets everybody in."""


class GuardedRoute(APIRoute):
    """A route that looks at the token before it reads the body: strangers cannot make the server read anything.

    Nor does it take files where it takes a form: whoever may call it, even the login, could fill the disk with them.
    Routes that take files read them themselves, see `varde.web.uploads`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns what serves a request."""
        handle = super().get_route_handler()
        declared = find_declaration(self)
        has_fields = self.body_field is not None

        async def guarded(request: Request) -> Response:
            if declared is not None:
                await declared.admit(request)
            if has_fields and request.headers.get("content-type", "").lower().startswith("multipart/"):
                raise refuse(400, _NO_MULTIPART, {"Connection": "close"})
            return await handle(request)

        return guarded


def require(right: Right) -> Any:
    """Returns the declaration of a route that needs a right."""
    return Depends(Requires(right))


def find_declaration(route: BaseRoute) -> Declaration | None:
    """Returns what a route declares about who may call it, None where it declares nothing."""
    if not isinstance(route, APIRoute):
        return None
    for dependency in route.dependencies:
        if isinstance(dependency.dependency, Declaration):
            return dependency.dependency
    return None


def check_declarations(routes: Iterable[BaseRoute]) -> None:
    """Does nothing if every route declares who may call it and is guarded.

    Raises:
        TypeError: naming the first that is not: a mistake in the program, found when it starts.
    """
    for route in routes:
        if not isinstance(route, GuardedRoute) or find_declaration(route) is None:
            raise TypeError(f"{getattr(route, 'path', route)} does not declare who may call it")


def find_caller(request: Request) -> Token:
    """Returns the token of the caller of a guarded route."""
    caller: Token = request.state.caller
    return caller


def find_actor(request: Request) -> Actor:
    """Returns who is recorded for what a request changes: the token, by name."""
    return Actor(f"token:{find_caller(request).name}", get_services(request).clock)


async def admit_token(request: Request) -> Token:
    """Returns the valid token that a request shows.

    Raises:
        HTTPException: 401 or 429, if it shows none.
    """
    services = get_services(request)
    secret = _read_secret(request)
    digest = tokens.compute_token_digest(secret)
    address = find_network(request)
    if wait_s := services.failures.find_wait(address, digest):
        raise refuse(429, _TOO_OFTEN, {"Retry-After": str(wait_s)})
    token = await services.admitting.run(_find_valid, services, digest)
    if token is None:
        wait_s = services.failures.record(address, digest)
        if wait_s:
            raise refuse(429, _TOO_OFTEN, {"Retry-After": str(wait_s)})
        raise refuse(401, _LETS_NOBODY_IN, _CHALLENGE)
    request.scope["varde.token"] = token.token_id
    return token


def _read_secret(request: Request) -> str:
    given = request.headers.getlist("authorization")
    scheme, _, secret = given[0].strip().partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not 0 < len(secret.strip()) <= _MOST_CHARACTERS:
        raise refuse(401, _SHOW_ONE, _CHALLENGE)
    return secret.strip()


def _find_valid(services: Services, digest: bytes) -> Token | None:
    with services.site.database.read() as connection:
        token = tokens.find_token(connection, digest)
    return token if token is not None and token.is_valid(services.clock()) else None
