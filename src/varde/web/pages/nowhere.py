"""Every path and method that no other route serves: strangers are not even told that there is nothing."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from varde.web.access import GuardedRoute, admit_token
from varde.web.errors import refuse
from varde.web.people import find_visit

_NOTHING = "There is nothing here."


class KnownCaller:
    """A dependency that lets in whoever shows a valid token or logged in, whatever they may do."""

    async def admit(self, request: Request) -> None:
        """Looks for a token where one is shown, and else for a person."""
        if "authorization" in request.headers:
            await admit_token(request)
        else:
            request.state.visitor, _ = await find_visit(request)

    async def __call__(self) -> None:
        """Does nothing: the caller was let in before."""


class _Everything(GuardedRoute):
    """A route that serves whatever is asked for, also paths that do not begin with a slash."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Returns that it serves the request, if it is one over HTTP."""
        if scope["type"] != "http":
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {}, "route": self}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request."""
        await self.app(scope, receive, send)


router = APIRouter(route_class=_Everything, include_in_schema=False)


@router.get("/{path:path}", dependencies=[Depends(KnownCaller())])
def find_nothing(request: Request) -> Response:
    """Say that there is nothing, or that it does not know this method."""
    methods = sorted(_find_methods(request))
    if methods:
        names = ", ".join(methods)
        raise refuse(405, f"This address takes {names} only.", {"Allow": names})
    raise refuse(404, _NOTHING)


def _find_methods(request: Request) -> set[str]:
    """Returns the methods of the routes that serve this path, none where no route does."""
    routes = [route for route in request.app.routes if isinstance(route, Route) and not isinstance(route, _Everything)]
    serving = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
    return {method for route in serving for method in route.methods or ()}
