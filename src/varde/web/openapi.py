"""The description of the interface for programs: what FastAPI finds out, and what every route declares besides.

Who may call an operation, and which answers follow from that, is read from the route's own declaration: it cannot say
anything else than what is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final, get_type_hints

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from varde.web.access import Open, Requires, find_declaration
from varde.web.people import CSRF_FIELD, CSRF_HEADER, Allows

Document = dict[str, Any]

_MESSAGE: Final = "Message"
_MESSAGE_SCHEMA: Final = {
    "type": "object",
    "description": "Why a request was not answered, in a sentence for a person.",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}
_SCHEMES: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "Of a program: `varde token add` makes one."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "varde",
        "description": "Of a person who logged in by `POST /login`; over TLS its name is `__Host-varde`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": f"What a page has in its `meta` element `csrf`. Forms send the field `{CSRF_FIELD}` instead.",
    },
}
_KINDS: Final[dict[type[Response], str]] = {
    HTMLResponse: "text/html",
    PlainTextResponse: "text/plain",
    JSONResponse: "application/json",
}
_SAFE = {"get", "head"}
_UNFIT = "422"
"""FastAPI names it everywhere; requests that do not fit are answered with 400 here."""


def describe(app: FastAPI) -> Document:
    """Returns the OpenAPI document of an application; it is made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        app.openapi_schema = _complete(made, app.routes)
    return app.openapi_schema


def _complete(document: Document, routes: Iterable[BaseRoute]) -> Document:
    components = document.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas[_MESSAGE] = _MESSAGE_SCHEMA
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                _complete_operation(operation, route, method.lower())
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document


def _complete_operation(operation: Document, route: APIRoute, method: str) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get(_UNFIT)):
        del answers[_UNFIT]
    _name_kind(answers, route)
    _name_path_parameters(operation, route)
    _say_who(operation, route, method)
    for status in {*_find_refusals(operation, route, method), *(int(each) for each in answers if each.isdigit())}:
        if status >= HTTPStatus.BAD_REQUEST or str(status) not in answers:
            answers[str(status)] = _describe_refusal(status) | answers.get(str(status), {})
    operation["responses"] = dict(sorted(answers.items()))


def _name_kind(answers: Document, route: APIRoute) -> None:
    """Says what kind of document an answer is, where the route's function returns a response of its own making."""
    returned = get_type_hints(route.endpoint).get("return")
    status = str(route.status_code or 200)
    if not isinstance(returned, type) or not issubclass(returned, Response) or status in route.responses:
        return
    if returned is RedirectResponse or status == "303":
        answers.pop(status, None)
        answers["303"] = {"description": HTTPStatus(303).phrase}
        return
    kind = _KINDS.get(returned)
    if kind != "application/json":
        answers[status]["content"] = {kind: {"schema": {"type": "string"}}} if kind else {"*/*": {}}


def _name_path_parameters(operation: Document, route: APIRoute) -> None:
    """Names the parts of the path that only the route's declaration reads: the number of a case or something of one."""
    named = operation.setdefault("parameters", [])
    for name in sorted(set(route.param_convertors) - {each["name"] for each in named if each["in"] == "path"}):
        named.append({"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}})
    if not named:
        del operation["parameters"]


def _say_who(operation: Document, route: APIRoute, method: str) -> None:
    declared = find_declaration(route)
    if isinstance(declared, Requires):
        operation["security"] = [{"token": []}]
        operation["x-varde-right"] = declared.right.value
        said = f"For programs whose token has the right `{declared.right.value}`."
    elif isinstance(declared, Allows):
        operation["security"] = [{"session": []} if method in _SAFE else {"session": [], "csrf": []}]
        operation["x-varde-permission"] = declared.permission.value if declared.permission else None
        operation["x-varde-in-case"] = declared.in_case
        said = _say_person(declared)
    else:
        operation["security"] = []
        said = "Open to everybody."
    operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()


def _say_person(declared: Allows) -> str:
    who = f"people whose roles permit `{declared.permission.value}`" if declared.permission else "people who logged in"
    return f"For {who}{' and who have access to the case' if declared.in_case else ''}."


def _find_refusals(operation: Document, route: APIRoute, method: str) -> Iterator[int]:
    """Gives the statuses that follow from what an operation takes and who may call it."""
    declared = find_declaration(route)
    yield 503
    if operation.get("parameters") or method not in _SAFE:
        yield from (400, 404)
    if method not in _SAFE:
        yield from (408, 413)
    if not isinstance(declared, Open):
        yield from (401, 403)
    if isinstance(declared, Requires):
        yield 429
    if isinstance(declared, Allows):
        yield 303  # to the login, and to the page where a password is changed


def _describe_refusal(status: int) -> Document:
    described: Document = {"description": HTTPStatus(status).phrase}
    if status >= HTTPStatus.BAD_REQUEST:
        message = {"schema": {"$ref": f"#/components/schemas/{_MESSAGE}"}}
        described["content"] = {"application/json": message, "text/html": {"schema": {"type": "string"}}}
    return described
