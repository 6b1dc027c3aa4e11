"""People who logged in: who may call a route, and what they may see of which case."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from varde.core.account import Account, Permission
from varde.core.case import Case
from varde.core.preferences import Preferences, read_preferences
from varde.store import visits
from varde.store.sessions import compute_session_digest
from varde.store.settings import SecondFactor
from varde.store.visits import Named, Visit
from varde.web.access import find_declaration
from varde.web.errors import refuse, wants_page
from varde.web.services import Services, get_services
from varde.workflows.actor import Actor

PASSWORD_PAGE: Final = "/password"  # noqa: S105 - a path
SECOND_FACTOR_PAGE: Final = "/second-factor"
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
"""Name of the hidden field of a form; scripts send the header."""

NOT_HERE: Final = "There is nothing here, or you have no access to it."

_PROTECTED = "__Host-varde"
_PLAIN = "varde"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_MOST_DIGITS = 18


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
        in_case: the path names a case, or something of one, and the person needs access to it.
        with_old_password: also lets in those who have to change their password, or set up a second factor, first.
    """

    permission: Permission | None
    in_case: bool = False
    with_old_password: bool = False

    async def admit(self, request: Request) -> None:
        """Finds the session, the permission and the access to the case, in this order, and notes visitor and case."""
        named, number = _read_named(request) if self.in_case else (None, 0)
        visitor, case = await find_visit(request, named, number)
        request.state.visitor = visitor
        if not self.with_old_password:
            _check_complete(request, visitor)
        if self.permission is not None and not visitor.may(self.permission):
            raise refuse(403, "Your roles do not permit this.")
        if self.in_case:
            if case is None:
                raise refuse(404, NOT_HERE)
            request.state.case = case
        if request.method not in _SAFE:
            await _check_csrf(request, visitor)

    async def __call__(self, request: Request) -> Visitor:
        """Returns the visitor, who was let in before the request's body was read."""
        return find_visitor(request)


def allow(permission: Permission | None, *, with_old_password: bool = False) -> Any:
    """Returns the declaration of a route for people; one about a case is declared by `allow_in_case`."""
    return Depends(Allows(permission, with_old_password=with_old_password))


def allow_in_case(permission: Permission) -> Any:
    """Returns the declaration of a route whose path names a case, or something of one (`Named`)."""
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
    return _PROTECTED if is_over_tls(request) else _PLAIN


def is_over_tls(request: Request) -> bool:
    """Returns whether the browser speaks TLS, to this server or to one in front of it."""
    origin = request.headers.get("origin", "")
    return request.url.scheme == "https" or origin.startswith("https://") or _PROTECTED in request.cookies


def check_origin(request: Request) -> None:
    """Does nothing if a request does not say that another site's page sent it.

    Only the host is compared: a server in front of this one may speak TLS where this one does not.

    Raises:
        HTTPException: 403, if it says so.
    """
    origin = request.headers.get("origin")
    if origin is not None and _find_host(origin) != request.headers.get("host", "").lower():
        raise refuse(403, "This request came from another site.")


def compute_csrf(secret: str) -> str:
    """Returns what requests of a session that change something bring with them, from the session's secret."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def _find_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _check_complete(request: Request, visitor: Visitor) -> None:
    """Does nothing if the visitor's account is all that the site wants of it."""
    if visitor.account.must_change_password:
        raise _send_to(request, PASSWORD_PAGE, "The password has to be changed first.")
    second_factor = get_services(request).site.settings.access.second_factor
    if second_factor is SecondFactor.REQUIRED and not visitor.account.has_second_factor:
        raise _send_to(request, SECOND_FACTOR_PAGE, "A second factor has to be set up first.")


def find_secret(request: Request) -> str:
    """Returns the secret of the session that a browser shows, "" where it shows none.

    The protected cookie counts first: a server behind one that speaks TLS does not see that it is spoken.
    """
    protected = request.cookies.get(_PROTECTED, "")
    if protected or request.url.scheme == "https":
        return protected
    return request.cookies.get(_PLAIN, "")


async def find_visit(request: Request, named: Named | None = None, number: int = 0) -> tuple[Visitor, Case | None]:
    """Returns who calls, and the case that something is of, if the visitor has access to it.

    Raises:
        HTTPException: 401, or a redirect to the login, where nobody is logged in.
    """
    services = get_services(request)
    secret = find_secret(request)
    if not secret:
        raise _ask_to_log_in(request)
    visit = await services.admitting.run(_load_visit, services, secret, named, number)
    if visit is None:
        raise _ask_to_log_in(request)
    session = visit.session
    request.scope["varde.account"] = session.account.account_id
    return Visitor(session.account, session.session_id, compute_csrf(secret)), visit.case


def _load_visit(services: Services, secret: str, named: Named | None, number: int) -> Visit | None:
    at = services.clock()
    with services.site.database.read() as connection:
        visit = visits.find_visit(connection, compute_session_digest(secret), named, number)
    if visit is None or at >= visit.session.ends_at or visit.session.account.disabled_at is not None:
        return None
    idle = at - services.sightings.find_last(visit.session)
    if idle >= timedelta(minutes=services.site.settings.web.session_idle_min):
        return None
    services.sightings.note(visit.session, at)
    return visit


def _ask_to_log_in(request: Request) -> Exception:
    if not wants_page(request):
        return refuse(401, "Log in first.")
    if request.method not in _SAFE:
        return refuse(303, "Log in first.", {"Location": "/login"})
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return refuse(303, "Log in first.", {"Location": f"/login?next={quote(path, safe='')}"})


def _send_to(request: Request, path: str, why: str) -> Exception:
    if wants_page(request):
        return refuse(303, why, {"Location": path})
    return refuse(403, f"{why} Do it at {path}.")


def _read_named(request: Request) -> tuple[Named, int]:
    """Returns what the path names whose case has to be open to the visitor; a number that none has for nonsense."""
    named = next(name for name in Named if name.value in request.path_params)
    number = str(request.path_params[named.value])
    is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    return named, int(number) if is_number else -1


async def _check_csrf(request: Request, visitor: Visitor) -> None:
    check_origin(request)
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise refuse(403, "This form is not of your session, or it is too old. Load the page again.")


def check_case_routes(routes: Iterable[BaseRoute]) -> None:
    """Does nothing if every route for people whose path names a case, or something of one, asks for access to it.

    Raises:
        TypeError: naming the first that does not, or that asks without naming one: a mistake in the program.
    """
    for route in routes:
        declared = find_declaration(route)
        if isinstance(route, APIRoute) and isinstance(declared, Allows):
            names_case = any(f"{{{name.value}" in route.path for name in Named)
            if names_case is not declared.in_case:
                raise TypeError(f"{route.path} names a case and does not ask for access to it, or the other way round")
