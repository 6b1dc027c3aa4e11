"""Behaviour of `varde.web.access`: who may call what, on every route there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asking import Client
from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from served_site import OPERATOR, Served

from varde.core.access import Right
from varde.store.site import Site
from varde.web.access import GuardedRoute, Open, Requires, check_declarations, find_declaration
from varde.web.app import create_app
from varde.web.pages.nowhere import KnownCaller
from varde.web.people import Allows
from varde.workflows.manage_tokens import add_token, revoke_token

OPEN = {"/livez", "/readyz", "/login", "/openapi.json"}
RIGHTS = {
    "/h/": {Right.HASH},
    "/m/index/status": {Right.STATUS},
    "/m/": {Right.LOOKUP},
    "/c/exchange": {Right.EXCHANGE},
    "/c/": {Right.CURATE},
    "/": {Right.STATUS},
}
"""The right a path needs: the longest beginning counts."""


def routes(site: Site) -> list[APIRoute]:
    return [route for route in create_app(site).routes if isinstance(route, APIRoute)]


def calls(site: Site) -> list[tuple[str, str, Right | None]]:
    """Returns method, path and right of every call that programs can make."""
    found = []
    for route in routes(site):
        if not isinstance(find_declaration(route), Requires | Open) or route.path == "/login":
            continue
        path = route.path
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", "1")
        declared = find_declaration(route)
        right = declared.right if isinstance(declared, Requires) else None
        found += [(method, path, right) for method in sorted(route.methods)]
    return found


def test_every_route_declares_who_may_call_it(sqlite_site: Site) -> None:
    app = create_app(sqlite_site)
    assert len(app.routes) == len(routes(sqlite_site)) > 35
    kinds = {type(find_declaration(route)) for route in routes(sqlite_site)}
    assert kinds == {Requires, Open, Allows, KnownCaller}
    assert not [route.path for route in routes(sqlite_site) if find_declaration(route) is None]
    assert {route.path for route in routes(sqlite_site) if isinstance(find_declaration(route), Open)} == OPEN


def test_every_route_needs_the_right_of_its_area(sqlite_site: Site) -> None:
    for _, path, right in calls(sqlite_site):
        area = max((begin for begin in RIGHTS if path.startswith(begin)), key=len)
        assert {right} == (RIGHTS[area] if path not in OPEN else {None}), path


def test_a_route_without_a_declaration_stops_the_start() -> None:
    router = APIRouter(route_class=GuardedRoute)
    router.add_api_route("/secret", lambda: None)
    with pytest.raises(TypeError, match="/secret does not declare who may call it"):
        check_declarations(router.routes)


def test_a_declared_route_that_is_not_guarded_stops_the_start() -> None:
    router = APIRouter()
    router.add_api_route("/secret", lambda: None, dependencies=[Depends(Requires(Right.HASH))])
    with pytest.raises(TypeError, match="/secret does not declare who may call it"):
        check_declarations(router.routes)


def test_no_route_lets_anybody_in_without_a_token(served: Served) -> None:
    for method, path, right in calls(served.site):
        said = served.client.request(method, path, headers={}, content=b"\xff not json")
        if right is None:
            assert said.status_code in (200, 503), path
        else:
            assert said.status_code == 401, (method, path, said.text)
            assert said.headers["www-authenticate"].startswith("Bearer")
            assert set(said.json()) == {"message"}


def test_no_route_lets_in_a_token_without_its_right(served: Served) -> None:
    for right in Right:
        others = served.give(*(one for one in Right if one is not right), name=f"all but {right.value}")
        for method, path, needed in calls(served.site):
            if needed is right:
                said = served.client.request(method, path, headers=others, content=b"\xff not json")
                assert (said.status_code, right.value in said.json()["message"]) == (403, True), (method, path)


def test_looking_a_file_up_needs_the_right_to_hash_too(served: Served, photo: bytes) -> None:
    only = served.give(Right.LOOKUP)
    said = served.client.post("/m/lookup", headers=only, files={"photo": ("a", photo)})
    assert (said.status_code, "'hash'" in said.text) == (403, True)
    assert served.client.get("/m/lookup?url=http://a/", headers=only).status_code == 403
    both = served.give(Right.LOOKUP, Right.HASH)
    assert served.client.post("/m/lookup", headers=both, files={"photo": ("a", photo)}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": f"Bearer {'x' * 600}"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer gr\xf6\xdfe".encode("latin-1").decode("latin-1")},
    ],
)
def test_what_is_no_token_is_refused(shared: Served, header: dict[str, str]) -> None:
    sent = {name: value.encode("latin-1") for name, value in header.items()}
    assert shared.client.get("/status", headers=sent).status_code == 401  # type: ignore[arg-type]


def test_two_tokens_at_once_are_refused(served: Served) -> None:
    secret = served.client.headers["Authorization"]
    said = served.client.get("/c/banks", headers=[("Authorization", secret), ("Authorization", secret)])  # type: ignore[arg-type]
    assert said.status_code == 401


def test_a_token_in_the_address_lets_nobody_in(served: Served) -> None:
    secret = served.client.headers["Authorization"].removeprefix("Bearer ")
    for query in ("token", "access_token", "Authorization"):
        assert served.client.get(f"/c/banks?{query}={secret}", headers={}).status_code == 401


def test_a_revoked_token_lets_nobody_in_from_the_next_request_on(served: Served) -> None:
    header = served.give(Right.CURATE, name="short")
    assert served.client.get("/c/banks", headers=header).status_code == 200
    revoke_token(served.site, OPERATOR, "short")
    assert served.client.get("/c/banks", headers=header).status_code == 401


def test_an_expired_token_lets_nobody_in(sqlite_site: Site) -> None:
    at = datetime.now(UTC)
    made = add_token(sqlite_site, OPERATOR, name="short", rights=[Right.CURATE], valid_days=1)
    header = {"Authorization": f"Bearer {made.secret}"}
    moment = [at]
    with Client(create_app(sqlite_site, clock=lambda: moment[0])) as client:
        assert client.get("/c/banks", headers=header).status_code == 200
        moment[0] = at + timedelta(days=2)
        assert client.get("/c/banks", headers=header).status_code == 401


def test_guessing_is_slowed_down_and_nobody_else_is_locked_out(served: Served) -> None:
    statuses = [
        served.client.get("/c/banks", headers={"Authorization": f"Bearer guess{number}"}).status_code
        for number in range(14)
    ]
    assert statuses == [401] * 10 + [429] * 4
    last = served.client.get("/c/banks", headers={"Authorization": "Bearer guess1"})
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert served.client.get("/c/banks").status_code == 200


def test_every_change_is_audited_with_the_token_as_person(served: Served, photo: bytes) -> None:
    header = served.give(Right.CURATE, Right.HASH, name="platform b")
    client = served.client
    client.post("/c/banks", json={"name": "A"}, headers=header)
    client.post("/c/bank/A/signal", json={"md5": "0a" * 16}, headers=header)
    client.put("/c/bank/A/content/1", json={"disable_until_ts": 0, "note": "a false match"}, headers=header)
    client.put("/c/bank/A", json={"enabled": False}, headers=header)
    from varde.store import audit

    with served.site.database.read() as connection:
        events = [event for event in audit.list_events(connection) if event.person == "token:platform b"]
        audit.verify_chain(connection)
    acts = [event.act for event in events]
    assert acts == ["known_set_created", "known_set_changed", "known_withdrawn", "known_withdrawn"]
    assert events[2].subject["reason"] == "a false match"


def test_what_only_looks_leaves_no_audit_event(served: Served, photo: bytes) -> None:
    from varde.store import audit

    def count() -> int:
        with served.site.database.read() as connection:
            return audit.get_head(connection).number

    before = count()
    served.client.post("/m/lookup", files={"photo": ("a", photo)})
    served.client.get(f"/m/lookup?signal_type=md5&signal={'0a' * 16}")
    served.client.get("/c/banks")
    assert count() == before
