"""Every route, asked by every kind of person: without access to a case nothing of it is told, by no answer at all.

The routes are those of the application, not a list: a new one is asked without being named here. Its path, its query
and its body are filled with the case's own numbers, names and digests, as somebody would who knows what to look for.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking import Client
from fastapi.routing import APIRoute
from secret_case import SecretCase, Visitors, make_secret_case
from starlette.routing import Match

from varde.core.access import Right
from varde.core.account import Account, Permission, Role
from varde.store import audit
from varde.store.site import Site, open_site
from varde.web.access import find_declaration
from varde.web.app import create_app
from varde.web.openapi import describe
from varde.web.people import Allows
from varde.workflows.actor import Actor
from varde.workflows.manage_tokens import add_token

PAGE = {"Accept": "text/html"}
DEFAULTS = {"after", "grant", "field"}
"""Parts of a query that only this server can make, or that would narrow a search down."""

SLOW = {"/administration/health"}
"""Starts decoders each time; asked once by the negative control, and by nobody else who may."""

ROLES: list[tuple[Role, ...]] = [*((role,) for role in Role), tuple(Role)]


@dataclass
class Unit:
    """A served site with a case that nobody whom the tests add has access to, unless they say so."""

    site: Site
    client: Client
    visitors: Visitors
    secret: SecretCase
    document: dict[str, Any]

    def routes(self) -> list[tuple[str, APIRoute, Allows]]:
        """Returns method, route and declaration of everything that is for people."""
        found = []
        for route in self.client.app.routes:
            declared = find_declaration(route)
            if isinstance(route, APIRoute) and isinstance(declared, Allows):
                found += [(method, route, declared) for method in sorted(route.methods)]
        return found

    def fill(self, route: APIRoute, number: int = 0) -> str:
        """Returns a path with the case's own numbers in it."""
        others = {"level": str(number % 4), "kind": ["html", "csv", "vics"][number % 3], "digest": "0", "name": "x"}
        path = route.path_format
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", self.secret.numbers.get(name, others.get(name, "1")))
        return path

    def ask(
        self, method: str, route: APIRoute, headers: dict[str, str], *, number: int = 0, empty: bool = False
    ) -> httpx.Response:
        """Asks a route, with a query and a body that are made of the case's secrets."""
        query, body = ({}, {}) if empty else self.make_words(method, route, number)
        more: dict[str, Any] = {}
        if method not in ("GET", "HEAD"):
            is_form, content = body.pop("is form", False), body
            more = {"data": content} if is_form else {"json": content}
        return self.client.request(method, self.fill(route, number), headers=headers, params=query, **more)

    def make_words(self, method: str, route: APIRoute, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Returns values for a route's query and body as its description wants them, the number-th of each kind."""
        operation = self.document["paths"].get(route.path_format, {}).get(method.lower(), {})
        if method != "GET" and not route.path.startswith("/search"):
            number = -1 - number  # words that are no secrets: what is written must not be found again as a secret
        query = {
            one["name"]: self.make_value(one["schema"], one["name"], number)
            for one in operation.get("parameters", [])
            if one["in"] == "query" and one["name"] not in DEFAULTS
        }
        body: dict[str, Any] = {}
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            made = self.make_value(content["schema"], "", number)
            body = dict(made) if isinstance(made, dict) else {}
            body["is form"] = "form" in kind
        return query, body

    def make_value(self, schema: dict[str, Any], name: str, number: int) -> Any:
        """Returns a value that fits a schema, made of the case's secrets where it is a text."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            return self.make_value(schema, name, number)
        if "enum" in schema:
            return schema["enum"][number % len(schema["enum"])]
        if schema.get("type") == "object" or "properties" in schema:
            return {key: self.make_value(one, key, number) for key, one in schema.get("properties", {}).items()}
        if schema.get("type") == "array":
            return [self.make_value(schema["items"], name, number)]
        if schema.get("type") in ("integer", "number"):
            return self.make_number(schema, name, number)
        if schema.get("type") == "boolean":
            return number % 2 == 0
        if name == "case":
            return self.secret.numbers["case_id"] if number % 3 else "all"
        return "harmless" if number < 0 else list(self.secret.secrets.values())[number % len(self.secret.secrets)]

    def make_number(self, schema: dict[str, Any], name: str, number: int) -> int:
        known = [int(found) for found in self.secret.numbers.values()]
        singular = {"case": known[0], "cases": known[0], "item": known[1], "items": known[1], "item_id": known[1]}
        least = int(schema.get("minimum", 1))
        most = int(schema.get("maximum", 1 << 30))
        return min(max(singular.get(name, known[number % len(known)]), least), most)

    def find_told(self, said: httpx.Response) -> set[str]:
        """Returns what an answer tells of the case; a picture tells all."""
        text = said.text + str(said.headers)
        if said.headers.get("content-type", "").startswith(("image/", "video/")):
            return {"picture"}
        return {name for name, secret in self.secret.secrets.items() if secret in text}

    def count_acts(self) -> int:
        with self.site.database.read() as connection:
            return audit.get_head(connection).number


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Unit]:
    folder = tmp_path_factory.mktemp("routes")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    visitors = Visitors(site)
    visitors.add(Role.SUPERVISOR, name="leader")
    secret = make_secret_case(site, folder)
    app = create_app(site)
    with Client(app) as client:
        yield Unit(site, client, visitors, secret, describe(app))
    site.close()


def excuse(told: set[str], path: str, account: Account) -> set[str]:
    """Returns what must not have been told: of the rest, the rules of the roles say so.

    Administrators give access to cases, so they see their names. Auditors read the audit log, which names cases,
    exhibits and queues; nothing of what is in an exhibit. Who leads cases chooses one of the site's schemes.
    """
    if path.startswith("/administration/access") and Permission.ADMINISTER in account.permissions:
        told = told - {"case"}
    if path.startswith("/audit") and Permission.AUDIT in account.permissions:
        told = told - {"case", "authorisation", "place", "queue", "code"}
    if path in ("/cases/new", "/cases") and Permission.LEAD in account.permissions:
        told = told - {"code"}
    return told


def list_calls(unit: Unit, account: Account) -> Iterator[tuple[int, str, APIRoute, Allows]]:
    """Gives every call with the number of the words it is filled with: what reads gets all of them."""
    for method, route, declared in unit.routes():
        if route.path in SLOW and method == "POST" and declared.permission in account.permissions:
            continue
        reads = method == "GET" and not declared.in_case and "{" not in route.path
        for number in range(len(unit.secret.secrets) if reads else 4 if "{level}" in route.path else 2):
            yield number, method, route, declared


@pytest.mark.parametrize("roles", ROLES, ids=lambda roles: "+".join(roles) if len(roles) == 1 else "every role")
def test_without_access_nothing_of_a_case_is_told_by_any_route(unit: Unit, roles: tuple[Role, ...]) -> None:
    account = unit.visitors.add(*roles)
    faults = []
    for number, method, route, declared in list_calls(unit, account):
        headers = unit.visitors.log_in(account) | (PAGE if number % 2 else {})
        said = unit.ask(method, route, headers, number=number)
        told = excuse(unit.find_told(said) - sent_back(unit, method, route, number, said), route.path, account)
        fits = said.status_code in ({403, 404} if declared.in_case else range(500))
        if declared.permission is not None and declared.permission not in account.permissions:
            fits = said.status_code == 403
        if told or not fits:
            faults.append(f"{method} {route.path} #{number}: {said.status_code} tells {sorted(told)}")
    assert not faults, "\n".join(faults)


def sent_back(unit: Unit, method: str, route: APIRoute, number: int, said: httpx.Response) -> set[str]:
    """Returns what the answer holds because it was sent, such as the words in a search's field; never a picture."""
    query, body = unit.make_words(method, route, number)
    sent = json.dumps([query, body], ensure_ascii=False)
    return {name for name, secret in unit.secret.secrets.items() if secret in sent and said.text.count(secret) <= 3}


def test_with_access_the_same_calls_tell_everything(unit: Unit) -> None:
    """The walk would see what is told: without this, an empty case would pass."""
    account = unit.visitors.add(*Role, case=unit.secret.case)
    told: set[str] = set()
    reached = set()
    for number, method, route, declared in list_calls(unit, account):
        if method == "GET" and declared.in_case:
            said = unit.ask(method, route, unit.visitors.log_in(account) | PAGE, number=number, empty=True)
            told |= unit.find_told(said)
            reached |= {route.path} if said.status_code == 200 else set()
    assert told >= {"picture", "case", "name", "folder", "queue", "code", "note", "sha256", "broken"}
    assert len(reached) >= 8


def search(unit: Unit, account: Account) -> set[str]:
    """Returns what all kinds of searches tell, for all that is known of the case, without what was sent."""
    told: set[str] = set()
    headers = unit.visitors.log_in(account) | PAGE
    for name, secret in unit.secret.secrets.items():
        for case in ("", unit.secret.numbers["case_id"]):
            said = unit.client.get("/search", headers=headers, params={"q": secret, "case": case})
            told |= unit.find_told(said) - {name}
        fields = {"q": secret, "purpose": "test", "authorisation": "test"}
        begun = unit.client.post("/search", headers=headers, data=fields)
        if begun.status_code == 303:
            told |= unit.find_told(unit.client.get(begun.headers["location"], headers=headers)) - {name}
    for case in ("", "all", unit.secret.numbers["case_id"]):
        fields = {"case": case, "purpose": "test", "authorisation": "test"}
        files = {"picture": ("a.jpg", unit.secret.picture)}
        said = unit.client.post("/search/picture", headers=headers, data=fields, files=files)
        assert said.status_code in (200, 404, 403, 503), said.text
        told |= unit.find_told(said) - {"sha256", "sha1", "md5"}  # of the file that was sent
    return told


def test_no_search_finds_anything_without_access_and_every_search_does_with_it(unit: Unit) -> None:
    assert search(unit, unit.visitors.add(*Role)) == set()
    assert search(unit, unit.visitors.add(*Role, case=unit.secret.case)) >= {"case", "name", "folder"}


@pytest.mark.parametrize("accept", [{}, PAGE])
def test_strangers_are_told_to_log_in_by_every_route(unit: Unit, accept: dict[str, str]) -> None:
    for cookie in ({}, {"Cookie": "varde=guessed"}, {"Cookie": "__Host-varde=guessed; varde="}):
        for method, route, _ in unit.routes():
            said = unit.ask(method, route, cookie | accept)
            assert said.status_code == (303 if accept else 401), (method, route.path)
            assert not accept or said.headers["location"].startswith("/login")
            assert not unit.find_told(said) - sent_back(unit, method, route, 0, said)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/nothing", "/cases", "/cases/1/nothing", "/items/1/picture", "/favicon.ico", "/a//b", "/%2e"]
)
def test_unknown_paths_and_methods_tell_strangers_nothing(unit: Unit, method: str, path: str) -> None:
    said = unit.client.request(method, path, headers={})
    assert said.status_code == 401
    page = unit.client.request(method, path, headers=PAGE)
    assert (page.status_code, page.headers["location"].split("?")[0]) == (303, "/login")
    account = unit.visitors.add(Role.EXAMINER)
    known = unit.client.request(method, path, headers=unit.visitors.log_in(account))
    assert known.status_code in (403, 404, 405)
    assert known.status_code != 405 or known.headers["allow"]


@pytest.mark.parametrize("path", ["*", "", "elsewhere.example:443", "/", "\x00"])
def test_whatever_a_path_is_made_of_some_route_guards_it(unit: Unit, path: str) -> None:
    scope = {"type": "http", "path": path, "root_path": "", "method": "OPTIONS", "headers": []}
    assert [route.path for route in unit.client.app.routes if route.matches(scope)[0] is Match.FULL]


def test_only_four_paths_answer_strangers(unit: Unit) -> None:
    answered = set()
    for route in unit.client.app.routes:
        assert isinstance(route, APIRoute)
        for method in sorted(route.methods):
            said = unit.client.request(method, unit.fill(route), headers={})
            if said.status_code not in (401, 403) and not (said.status_code == 303 and "/login" in str(said.headers)):
                answered.add(route.path)
    assert answered == {"/livez", "/readyz", "/login", "/openapi.json"}


def test_a_program_is_no_person_and_a_person_no_program(unit: Unit) -> None:
    token = add_token(unit.site, Actor("A. Operator"), name="program", rights=list(Right)).secret
    for method, route, _ in unit.routes():
        said = unit.ask(method, route, {"Authorization": f"Bearer {token}"})
        assert said.status_code == 401, (method, route.path)
    account = unit.visitors.add(*Role, case=unit.secret.case)
    for path in ("/m/index/status", "/c/banks", "/status", "/site-map"):
        assert unit.client.get(path, headers=unit.visitors.log_in(account)).status_code == 401


def test_disabled_people_and_ended_sessions_are_strangers(unit: Unit) -> None:
    member = unit.visitors.add(*Role, case=unit.secret.case)
    disabled = unit.visitors.add(*Role, case=unit.secret.case)
    of_disabled = unit.visitors.log_in(disabled)
    unit.visitors.disable(disabled)
    expired = unit.visitors.log_in(member, started=timedelta(hours=9))
    for headers in (of_disabled, expired):
        for method, route, _ in unit.routes():
            assert unit.ask(method, route, headers).status_code == 401, (method, route.path)


def test_idle_sessions_end(unit: Unit) -> None:
    account = unit.visitors.add(Role.EXAMINER)
    headers = unit.visitors.log_in(account)
    unit.visitors.see_last(unit.site.settings.web.session_idle_min - 1)
    assert unit.client.get("/account", headers=headers).status_code == 200
    idle = unit.visitors.log_in(account)
    unit.visitors.see_last(unit.site.settings.web.session_idle_min)
    assert unit.client.get("/account", headers=idle).status_code == 401
    assert unit.client.get("/account", headers=headers).status_code == 200, "it was used a moment ago"


def test_whoever_has_to_change_the_password_can_do_nothing_else(unit: Unit) -> None:
    account = unit.visitors.add(*Role, case=unit.secret.case, must_change=True)
    for (method, route, declared), accept in itertools.product(unit.routes(), ({}, PAGE)):
        if declared.with_old_password:
            continue
        said = unit.ask(method, route, unit.visitors.log_in(account) | accept)
        assert said.status_code == (303 if accept else 403), (method, route.path)
        assert not accept or said.headers["location"] == "/password"
        assert not unit.find_told(said) - sent_back(unit, method, route, 0, said)
    with_old = {route.path for _, route, declared in unit.routes() if declared.with_old_password}
    assert with_old == {"/password", "/second-factor", "/logout", "/logout/everywhere", "/static/{digest}/{name}"}


@pytest.mark.parametrize(
    "change",
    [
        {"X-CSRF-Token": None},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://site.test.elsewhere.example"},
        {"Origin": "http://[::1"},
    ],
    ids=str,
)
def test_nothing_is_changed_from_another_sites_page(unit: Unit, change: dict[str, str | None]) -> None:
    account = unit.visitors.add(*Role, case=unit.secret.case)
    before = unit.count_acts()
    for method, route, _ in unit.routes():
        if method == "GET":
            continue
        headers = {name: value for name, value in (unit.visitors.log_in(account) | change).items() if value is not None}
        said = unit.ask(method, route, headers)
        assert said.status_code == 403, (method, route.path)
        assert not unit.find_told(said) - sent_back(unit, method, route, 0, said)
    assert unit.count_acts() == before


def test_the_token_of_another_session_changes_nothing(unit: Unit) -> None:
    account = unit.visitors.add(*Role, case=unit.secret.case)
    other = unit.visitors.log_in(account)["X-CSRF-Token"]
    for method, route, _ in unit.routes():
        if method != "GET":
            said = unit.ask(method, route, unit.visitors.log_in(account) | {"X-CSRF-Token": other})
            assert said.status_code == 403, (method, route.path)


def test_access_that_is_taken_away_ends_with_the_next_request(unit: Unit) -> None:
    from varde.workflows.give_access import give_access, take_access

    account = unit.visitors.add(Role.EXAMINER)
    headers, operator = unit.visitors.log_in(account), Actor("A. Operator")
    words = {"case_name": unit.secret.case.name, "account_name": account.name}
    path = f"/items/{unit.secret.numbers['item_id']}/picture/1"
    for _ in range(3):
        assert unit.client.get(path, headers=headers).status_code == 404
        assert give_access(unit.site, operator, **words)
        assert unit.client.get(path, headers=headers).status_code == 200
        assert take_access(unit.site, operator, **words)
    assert unit.client.get(path, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "number", ["0", "-1", "999999", "9" * 18, "9" * 30, "9" * 4000, "1e3", "0x1", "٣", "1%00", "1.0"]
)
def test_what_is_not_there_is_answered_as_what_is_not_open(unit: Unit, number: str) -> None:
    account = unit.visitors.add(*Role)
    headers = unit.visitors.log_in(account)
    for path in ("/cases/{}/grid", "/items/{}", "/items/{}/picture/0"):
        real = unit.secret.numbers["case_id" if "cases" in path else "item_id"]
        absent = unit.client.get(path.format(number), headers=headers)
        closed = unit.client.get(path.format(real), headers=headers)
        assert absent.status_code == closed.status_code == 404
        assert absent.text == closed.text
