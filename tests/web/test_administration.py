"""Behaviour of the pages about people, from `/account` to `/approvals`, and of those that say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from argon2 import PasswordHasher
from asking import Client
from secret_case import Visitors
from sqlalchemy.exc import ProgrammingError

from varde.core.access import Right
from varde.core.account import Account, Role
from varde.core.audit import Act
from varde.core.errors import IntegrityFailure
from varde.store import accounts, audit, case_access
from varde.store.settings import AccessSettings, Settings
from varde.store.site import Site
from varde.web.app import create_app
from varde.workflows import passwords
from varde.workflows.actor import Actor
from varde.workflows.log_in import NewSession, log_in
from varde.workflows.manage_tokens import add_token
from varde.workflows.open_case import create_case

PAGE = {"Accept": "text/html"}
ROLES = {"roles": ["examiner", "auditor"]}


@dataclass
class Office:
    """A served site, and people who are logged in to it."""

    site: Site
    client: Client
    visitors: Visitors

    def person(self, *roles: Role, name: str = "") -> Person:
        account = self.visitors.add(*roles, name=name)
        return Person(self, account, self.visitors.log_in(account))

    def case(self, name: str) -> int:
        return create_case(self.site, Actor("p"), name=name, authorisation="", scheme="vics-us@2.0").case_id

    def acts(self) -> list[str]:
        with self.site.database.read() as connection:
            return [event.act for event in audit.list_events(connection)]


@dataclass
class Person:
    """Somebody in front of a browser."""

    office: Office
    account: Account
    headers: dict[str, str]

    def look(self, path: str) -> httpx.Response:
        return self.office.client.get(path, headers=self.headers | PAGE)

    def post(self, path: str, **fields: object) -> httpx.Response:
        return self.office.client.post(path, headers=self.headers | PAGE, data=fields)

    def find(self) -> Account:
        with self.office.site.database.read() as connection:
            return accounts.get_account(connection, self.account.name)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_make_hasher", lambda: hasher)


@pytest.fixture
def office(sqlite_site: Site) -> Iterator[Office]:
    with Client(create_app(sqlite_site)) as client:
        yield Office(sqlite_site, client, Visitors(sqlite_site))


def test_an_added_account_has_a_one_time_password_that_is_shown_once(office: Office) -> None:
    chief = office.person(Role.ADMINISTRATOR)
    said = chief.post("/administration/accounts", name="anna", full_name="Anna A.", **ROLES)
    found = re.search(r">([a-z0-9]{5}(?:-[a-z0-9]{5}){4})<", said.text)
    assert (said.status_code, found is not None) == (200, True)
    assert found is not None
    session = log_in(office.site, Actor("anna"), password=found[1])
    assert isinstance(session, NewSession)
    assert session.account.roles == {Role.EXAMINER, Role.AUDITOR}
    assert session.account.must_change_password
    page = chief.look("/administration")
    assert ("anna" in page.text, found[1] in page.text) == (True, False)
    again = chief.post("/administration/accounts", name="ANNA", **ROLES)
    assert (again.status_code, "There is an account" in again.text) == (400, True)
    assert 'value="ANNA"' in again.text


def test_an_account_is_changed_and_let_in_again(office: Office) -> None:
    chief, anna = office.person(Role.ADMINISTRATOR), office.person(Role.EXAMINER, name="anna")
    path = f"/administration/accounts/{anna.account.account_id}"
    assert chief.post(f"{path}/roles", roles=["supervisor"]).status_code == 303
    assert anna.find().roles == {Role.SUPERVISOR}
    assert chief.post(f"{path}/name", full_name="Anna A.").status_code == 303
    assert chief.post(f"{path}/disable").headers["location"] == f"{path}?done=disabled"
    assert "lets nobody in any more" in chief.look(f"{path}?done=disabled").text
    assert anna.look("/account").status_code == 303
    assert chief.post(f"{path}/enable").status_code == 303
    assert anna.look("/account").status_code == 303, "its sessions were ended"
    assert anna.find().disabled_at is None


@pytest.mark.parametrize(
    ("path", "fields", "status", "says"),
    [
        ("roles", {}, 400, "at least one role"),
        ("roles", {"roles": ["boss"]}, 400, "roles"),
        ("roles", {"roles": ["examiner"]}, 403, "only administrator"),
        ("disable", {}, 403, "only administrator"),
    ],
)
def test_what_cannot_be_done_with_an_account_is_said(
    office: Office, path: str, fields: dict[str, object], status: int, says: str
) -> None:
    chief = office.person(Role.ADMINISTRATOR)
    said = chief.post(f"/administration/accounts/{chief.account.account_id}/{path}", **fields)
    assert (said.status_code, says in said.text) == (status, True), said.text
    assert chief.find().roles == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("number", ["0", "99", "-1", "9" * 19, "9" * 400, "x"])
def test_an_account_that_is_not_there_is_not_found(office: Office, number: str) -> None:
    chief = office.person(Role.ADMINISTRATOR)
    for said in (
        chief.look(f"/administration/accounts/{number}"),
        chief.post(f"/administration/accounts/{number}/disable"),
        chief.post(f"/administration/accounts/{number}/password"),
    ):
        assert said.status_code in (400, 404)


def test_names_of_people_and_cases_cannot_steer_a_page(office: Office) -> None:
    chief = office.person(Role.ADMINISTRATOR)
    hostile = "<script>alert(1)</script>\"'><img src=x>"
    office.visitors.add(Role.EXAMINER, name=hostile)
    case = office.case(hostile)
    add_token(office.site, Actor(hostile), name=hostile, rights=[Right.STATUS])
    for path in ("/administration", f"/administration/access?case={case}", "/administration/tokens"):
        page = chief.look(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "alert(1)" in page.text


def test_access_is_given_and_taken_by_administrators_and_by_who_leads_the_case(office: Office) -> None:
    chief, lead = office.person(Role.ADMINISTRATOR), office.person(Role.INVESTIGATOR)
    anna = office.person(Role.EXAMINER, name="anna")
    case = office.case("harbour")
    words = {"case": str(case), "account": lead.account.name}
    assert "Nobody has access" in chief.look(f"/administration/access?case={case}").text
    assert chief.post("/administration/access/give", **words).status_code == 303
    assert lead.post(f"/cases/{case}/people/give", account="anna").status_code == 303
    assert "anna" in lead.look(f"/cases/{case}/people").text
    assert anna.look(f"/cases/{case}/people").status_code == 403
    assert lead.post(f"/cases/{case}/people/take", account="anna").status_code == 303
    assert chief.post("/administration/access/take", **words).status_code == 303
    assert lead.look(f"/cases/{case}/people").status_code == 404
    with office.site.database.read() as connection:
        assert case_access.list_people(connection, case) == []
    assert office.acts().count("case_access_given") == office.acts().count("case_access_taken") == 2
    for wrong in ({"case": "99"}, {"account": "nobody"}):
        assert chief.post("/administration/access/give", **(words | wrong)).status_code == 404


def test_an_approval_is_asked_for_decided_by_another_and_used(office: Office) -> None:
    office.site.settings = Settings(access=AccessSettings(four_eyes=(Act.CASE_ACCESS_GIVEN,)))
    chief, deputy = office.person(Role.ADMINISTRATOR, name="chief"), office.person(Role.ADMINISTRATOR, name="deputy")
    anna, case = office.person(Role.EXAMINER, name="anna"), office.case("harbour")
    words = {"case": str(case), "account": "anna", "reason": "Joins the <b>unit</b>."}
    asked = chief.post("/administration/access/give", **words)
    assert (asked.status_code, "was asked to" in asked.text) == (403, True)
    assert "waiting" in chief.look("/account").text
    assert "Nothing waits" in chief.look("/approvals").text
    assert anna.look("/approvals").status_code == 403
    page = deputy.look("/approvals")
    assert "Joins the &lt;b&gt;unit" in page.text
    number = page.text.partition('name="approval" value="')[2].partition('"')[0]
    assert chief.post("/approvals", approval=number, decision="approved").status_code == 403
    assert anna.post("/approvals", approval=number, decision="approved").status_code == 403
    assert deputy.post("/approvals", approval=number, decision="maybe").status_code == 400
    assert deputy.post("/approvals", approval="9" * 18, decision="approved").status_code == 404
    assert deputy.post("/approvals", approval=number, decision="approved").status_code == 303
    assert "approved by deputy" in chief.look("/account").text
    assert chief.post("/administration/access/give", **words).status_code == 303
    with office.site.database.read() as connection:
        assert [one.name for one in case_access.list_people(connection, case)] == ["anna"]
    assert "used" in chief.look("/account").text


def test_tokens_are_listed_and_taken_back(office: Office) -> None:
    chief = office.person(Role.ADMINISTRATOR)
    made = add_token(office.site, Actor("p"), name="platform", rights=[Right.STATUS])
    page = chief.look("/administration/tokens")
    assert ("platform" in page.text, made.secret in page.text) == (True, False)
    assert chief.post("/administration/tokens/revoke", token="platform").status_code == 303
    header = {"Authorization": f"Bearer {made.secret}"}
    assert office.client.get("/status", headers=header).status_code == 401


def test_health_is_looked_at_when_somebody_asks(office: Office) -> None:
    chief = office.person(Role.ADMINISTRATOR)
    assert "were not looked at" in chief.look("/administration/health").text
    assert chief.post("/administration/health").status_code == 303
    page = chief.look("/administration/health")
    assert all(check in page.text for check in ("Audit log", "Decoders", "Database", "intact"))


def test_choices_are_kept_and_every_page_has_them(office: Office) -> None:
    anna = office.person(Role.EXAMINER)
    client, headers = office.client, anna.headers
    said = client.post("/account/preferences", headers=headers, json={"theme": "dark", "tile_px": 200})
    assert said.json() == {
        "theme": "dark",
        "start_level": 0,
        "tile_px": 200,
        "auto_advance": True,
        "order": "relevance",
        "break_after_min": 45,
        "daily_items": 2000,
        "daily_minutes": 240,
    }
    page = anna.look("/account").text
    assert 'data-theme="dark"' in page
    assert 'data-tile-px="200"' in page
    before = office.acts()
    form = {"theme": "light", "start_level": "1", "tile_px": "96", "order": "place"}
    limits = {"break_after_min": "30", "daily_items": "10", "daily_minutes": "20"}
    assert anna.post("/account/choices", **form, **limits).status_code == 303
    assert anna.find().preferences == form | limits | {
        "start_level": 1,
        "tile_px": 96,
        "break_after_min": 30,
        "daily_items": 10,
        "daily_minutes": 20,
        "auto_advance": False,
    }
    assert office.acts() == before


@pytest.mark.parametrize(
    "changes",
    [{"theme": "pink"}, {"tile_px": 5}, {"tile_px": "200"}, {"nothing": 1}, {"start_level": 4}, [], "x", None],
)
def test_what_is_no_choice_is_refused(office: Office, changes: object) -> None:
    anna = office.person(Role.EXAMINER)
    said = office.client.post("/account/preferences", headers=anna.headers, json=changes)
    assert (said.status_code, set(said.json())) == (400, {"message"})
    assert anna.find().preferences == {}


def test_opting_out_asks_for_no_reason_and_leaves_no_trace(office: Office) -> None:
    anna = office.person(Role.EXAMINER)
    assert "No reason is asked for" in anna.look("/account").text
    before = office.acts()
    assert anna.post("/account/review", out="true").status_code == 303
    assert anna.find().opted_out_at is not None
    assert "given nothing to review" in anna.look("/account").text
    assert anna.post("/account/review", out="false").status_code == 303
    assert anna.find().opted_out_at is None
    assert office.acts() == before


def test_people_get_a_page_and_programs_get_data_when_something_is_wrong(office: Office) -> None:
    anna = office.person(Role.EXAMINER)
    page = anna.look("/nothing")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing here" in page.text
    assert "anna" not in page.text
    assert 'href="/"' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    data = office.client.get("/nothing", headers=anna.headers)
    assert (data.status_code, data.json()) == (404, {"message": "There is nothing here."})
    wrong = anna.post("/nothing")
    assert wrong.status_code == 404
    method = office.client.request("DELETE", "/account", headers=anna.headers)
    assert (method.status_code, method.headers["allow"]) == (405, "GET")
    token = add_token(office.site, Actor("p"), name="t", rights=[Right.CURATE]).secret
    program = office.client.get("/c/bank/NOTHING", headers=PAGE | {"Authorization": f"Bearer {token}"})
    assert (program.status_code, set(program.json())) == (404, {"message"})


@pytest.mark.parametrize(
    "error",
    [ValueError("a secret of the inside"), IntegrityFailure("/secret/place"), ProgrammingError("secret", {}, None)],
)
def test_a_fault_shows_nothing_of_the_inside_on_a_page_either(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    anna = office.person(Role.EXAMINER)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("varde.store.sessions.list_sessions", fail)
    page = anna.look("/account")
    assert (page.status_code, "secret" in page.text, "Traceback" in page.text) == (500, False, False)
    assert "Something went wrong here" in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_strangers_get_a_page_that_needs_no_other_file(office: Office) -> None:
    page = office.client.post("/login", headers=PAGE, data={"name": "x" * 101, "password": "y"})
    assert page.status_code == 400
    assert "<style>" in page.text
    assert "/static/" not in page.text
    assert "xxx" not in page.text


def test_no_role_is_chosen_before_somebody_chooses(office: Office) -> None:
    form = office.person(Role.ADMINISTRATOR).look("/administration").text
    assert 'name="roles"' in form and " checked" not in form
