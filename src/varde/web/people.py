"""People who logged in: who may call a route, and what they may see of which case."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from varde.core.account import Account, Permission
from varde.core.case import Case
from varde.core.preferences import Preferences, read_preferences
from varde.store import case_access, sessions
from varde.store.sessions import Session, compute_session_digest
from varde.web.access import find_declaration
from varde.web.errors import refuse
from varde.web.services import Services, get_services
from varde.workflows.actor import Actor

PASSWORD_PAGE: Final = "/password"  # noqa: S105 - a path
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
"""Name of the hidden field of a form; scripts send the header."""

_CASE_PARAMETERS = ("case_id", "item_id", "queue_id")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_SEEN_EVERY = timedelta(minutes=1)
_NOT_HERE = "There is nothing here, or you have no access to it."


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who logged in.

    Attributes:
        csrf: what every request that changes something has to bring with it.
    """

    account: Account
    session_id: int
    csrf: str

    def may(self, permission: Permission) -> bool:
        """Returns whether the person's roles permit something."""
        return permission in self.account.permissions


@dataclass(frozen=True, slots=True)
class Allows:
    """A dependency that lets in only people who logged in and whose roles permit it.

    Attributes:
        permission: None for everybody who logged in.
        in_case: the path names a case, item or queue, and the person needs access to its case.
        with_old_password: also lets in those who have to change their password first.
    """

    permission: Permission | None
    in_case: bool = False
    with_old_password: bool = False

    async def admit(self, request: Request) -> None:
        """Finds the session, the permission and the access to the case, in this order, and notes visitor and case."""
        visitor = await _find_visitor(request)
        request.state.visitor = visitor
        request.scope["varde.account"] = visitor.account.account_id
        if visitor.account.must_change_password and not self.with_old_password:
            raise refuse(303, "The password has to be changed first.", {"Location": PASSWORD_PAGE})
        if self.permission is not None and not visitor.may(self.permission):
            raise refuse(403, "Your roles do not permit this.")
        if self.in_case:
            request.state.case = await _find_case(request, visitor.account)
        if request.method not in _SAFE:
            await _check_csrf(request, visitor)

    async def __call__(self, request: Request) -> Visitor:
        """Returns the visitor, who was let in before the request's body was read."""
        return find_visitor(request)


def allow(permission: Permission | None, *, with_old_password: bool = False) -> Any:
    """Returns the declaration of a route for people; one about a case is declared by `allow_in_case`."""
    return Depends(Allows(permission, with_old_password=with_old_password))


def allow_in_case(permission: Permission) -> Any:
    """Returns the declaration of a route whose path names a case, an item or a queue."""
    return Depends(Allows(permission, in_case=True))


def find_visitor(request: Request) -> Visitor:
    """Returns who called a route that is for people."""
    visitor: Visitor = request.state.visitor
    return visitor


def find_preferences(visitor: Visitor) -> Preferences:
    """Returns what a visitor chose for the pages."""
    return read_preferences(visitor.account.preferences)


def find_case(request: Request) -> Case:
    """Returns the case that a route declared by `allow_in_case` is about; the visitor has access to it."""
    case: Case = request.state.case
    return case


def find_person(request: Request) -> Actor:
    """Returns who is recorded for what a request changes: the account, by name."""
    return Actor(find_visitor(request).account.name, get_services(request).clock)


def find_cookie_name(request: Request) -> str:
    """Returns the name of the session's cookie: over TLS one that browsers protect further."""
    return "__Host-varde" if request.url.scheme == "https" else "varde"


def compute_csrf(secret: str) -> str:
    """Returns what requests of a session that change something bring with them, from the session's secret."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


async def _find_visitor(request: Request) -> Visitor:
    services = get_services(request)
    secret = request.cookies.get(find_cookie_name(request), "")
    session = await services.admitting.run(_find_session, services, secret) if secret else None
    if session is None:
        raise _ask_to_log_in(request)
    return Visitor(session.account, session.session_id, compute_csrf(secret))


def _find_session(services: Services, secret: str) -> Session | None:
    at = services.clock()
    with services.site.database.read() as connection:
        session = sessions.find_session(connection, compute_session_digest(secret))
    if session is None or at >= session.ends_at or session.account.disabled_at is not None:
        return None
    if at - session.seen_at >= timedelta(minutes=services.site.settings.web.session_idle_min):
        return None
    if at - session.seen_at >= _SEEN_EVERY:
        with services.site.database.write() as connection:
            sessions.record_seen(connection, session.session_id, at)
    return session


def _ask_to_log_in(request: Request) -> Exception:
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if not wants_page:
        return refuse(401, "Log in first.")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return refuse(303, "Log in first.", {"Location": f"/login?next={quote(path, safe='')}"})


async def _find_case(request: Request, account: Account) -> Case:
    services = get_services(request)
    name = next(name for name in _CASE_PARAMETERS if name in request.path_params)
    number = str(request.path_params[name])
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise refuse(404, _NOT_HERE)
    case = await services.reading.run(_load_case, services, account.account_id, name, int(number))
    if case is None:
        raise refuse(404, _NOT_HERE)
    return case


def _load_case(services: Services, account_id: int, name: str, number: int) -> Case | None:
    with services.site.database.read() as connection:
        case_id: int | None = number
        if name == "item_id":
            case_id = case_access.find_case_of_item(connection, number)
        elif name == "queue_id":
            case_id = case_access.find_case_of_queue(connection, number)
        return None if case_id is None else case_access.find_open_case(connection, account_id, case_id)


async def _check_csrf(request: Request, visitor: Visitor) -> None:
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise refuse(403, "This request came from another site.")
    given = request.headers.get(CSRF_HEADER)
    if given is None and "form" in request.headers.get("content-type", ""):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise refuse(403, "This form is not of your session, or it is too old. Load the page again.")


def check_case_routes(routes: Iterable[BaseRoute]) -> None:
    """Does nothing if every route for people whose path names a case, item or queue asks for access to its case.

    Raises:
        TypeError: naming the first that does not, or that asks without naming one: a mistake in the program.
    """
    for route in routes:
        declared = find_declaration(route)
        if isinstance(route, APIRoute) and isinstance(declared, Allows):
            names_case = any(f"{{{name}" in route.path for name in _CASE_PARAMETERS)
            if names_case is not declared.in_case:
                raise TypeError(f"{route.path} names a case and does not ask for access to it, or the other way round")
