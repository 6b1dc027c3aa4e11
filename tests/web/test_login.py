"""Behaviour of `/login`, `/logout`, `/password` and `/second-factor`: people who log in, and strangers who try to."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from asking import Client

from varde.core.account import Role
from varde.store import accounts, audit
from varde.store.settings import AccessSettings, SecondFactor, Settings
from varde.store.site import Site
from varde.web.app import create_app
from varde.web.login_delays import LoginDelays
from varde.web.people import compute_csrf
from varde.workflows import manage_accounts, passwords
from varde.workflows.actor import Actor
from varde.workflows.passwords import make_decoy

PASSWORD = "seven quiet herons"
OTHER = "nine quick otters"
OPERATOR = Actor("A. Operator")
COSTLY = {
    "test_a_name_nobody_has_takes_as_long_as_another",
    "test_many_logins_at_once_take_their_turn_and_hinder_nobody",
}
"""What is about the work of hashing, and so done with all of it."""

PAGE = {"Accept": "text/html"}


@dataclass
class Browser:
    """A person's browser: keeps cookies, follows nothing."""

    client: Client
    address: str = "http://site.test"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
        sent = PAGE | {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | (headers or {})
        said = self.client.request(method, f"{self.address}{path}", headers=sent, **more)
        for cookie in said.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in cookie:
                del self.cookies[name]
        return said

    @property
    def csrf(self) -> str:
        return compute_csrf(self.cookies.get("varde") or self.cookies.get("__Host-varde", ""))

    def log_in(self, name: str = "anna", password: str = PASSWORD, **more: str) -> httpx.Response:
        return self.ask("POST", "/login", data={"name": name, "password": password, **more})

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.ask("POST", path, data={"csrf": self.csrf, **fields})

    def is_in(self) -> bool:
        return self.ask("GET", "/account").status_code == 200


@dataclass
class Door:
    """A served site with one account, and a clock."""

    site: Site
    client: Client
    at: datetime

    def browser(self, address: str = "http://site.test") -> Browser:
        return Browser(self.client, address)

    def acts(self, *acts: str) -> list[str]:
        with self.site.database.read() as connection:
            return [event.act for event in audit.list_events(connection) if not acts or event.act in acts]

    def code(self, secret: str) -> str:
        return str(pyotp.TOTP(secret).at(self.at))

    def enrol(self, browser: Browser) -> str:
        page = browser.ask("GET", "/second-factor").text
        secret = page.partition('name="secret" value="')[2].partition('"')[0]
        said = browser.post("/second-factor", password=PASSWORD, secret=secret, code=self.code(secret))
        assert said.status_code == 303, said.text
        return secret


@pytest.fixture(autouse=True)
def cheap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes passwords with little work, where a test is not about the work."""
    if request.node.originalname not in COSTLY:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        monkeypatch.setattr(passwords, "_make_hasher", lambda: hasher)
    make_decoy.cache_clear()
    yield
    make_decoy.cache_clear()


@pytest.fixture
def door(sqlite_site: Site) -> Iterator[Door]:
    yield from open_door(sqlite_site)


def open_door(site: Site) -> Iterator[Door]:
    manage_accounts.add_account(
        site, OPERATOR, name="anna", full_name="", roles=[Role.EXAMINER], password=PASSWORD, must_change=False
    )
    at = [datetime.now(UTC)]
    with Client(create_app(site, clock=lambda: found.at)) as client:
        client.app.state.services.logins.delays = LoginDelays(lambda: 0.0)
        found = Door(site, client, at[0])
        yield found


def test_name_and_password_let_in_and_the_way_goes_on(door: Door) -> None:
    browser = door.browser()
    page = browser.ask("GET", "/search?q=a%20b")
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fsearch%3Fq%3Da%2520b")
    shown = browser.ask("GET", page.headers["location"])
    assert 'value="/search?q=a%20b"' in shown.text
    said = browser.log_in(next="/search?q=a%20b")
    assert (said.status_code, said.headers["location"]) == (303, "/search?q=a%20b")
    assert browser.is_in()
    assert door.acts("logged_in") == ["logged_in"]


def test_unknown_names_wrong_passwords_and_disabled_accounts_get_the_same_answer(door: Door) -> None:
    manage_accounts.add_account(
        door.site, OPERATOR, name="carl", full_name="", roles=[Role.EXAMINER], password=PASSWORD, must_change=False
    )
    manage_accounts.disable_account(door.site, OPERATOR, "carl")
    told = set()
    for name, password in (("anna", OTHER), ("nobody", PASSWORD), ("carl", PASSWORD), ("", ""), ("anna\x00", "x")):
        said = door.browser().log_in(name, password)
        headers = {key: value for key, value in said.headers.items() if key != "content-length"}
        told.add((said.status_code, said.text.replace(f'value="{name.strip()}"', 'value=""'), str(sorted(headers))))
        assert "set-cookie" not in said.headers
    assert len({(status, headers) for status, _, headers in told}) == 1
    assert all("Name or password is wrong." in text for _, text, _ in told)


def test_a_name_nobody_has_takes_as_long_as_another(door: Door) -> None:
    make_decoy()

    def time_s(name: str, number: int) -> float:
        start = time.perf_counter()
        said = door.browser().log_in(f"{name}", f"{OTHER} {number}")
        assert said.status_code == 401
        return time.perf_counter() - start

    known, unknown = [], []
    for number in range(3):
        known.append(time_s("anna", number))
        unknown.append(time_s("nobody", number))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.4 < ratio < 2.5, (known, unknown)


def test_refusals_are_audited_once_a_minute_and_only_for_accounts(door: Door) -> None:
    for _ in range(4):
        door.browser().log_in(password=OTHER)
        door.browser().log_in("nobody", OTHER)
    with door.site.database.read() as connection:
        found = [event for event in audit.list_events(connection) if event.act == "login_refused"]
    assert [(event.person, event.subject) for event in found] == [("unknown", {"account": "anna"})]


def test_guessing_is_slowed_down(door: Door) -> None:
    statuses = [door.browser().log_in(password=f"{OTHER} {number}").status_code for number in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    right = door.browser().log_in()
    assert (right.status_code, int(right.headers["retry-after"]) <= 60) == (429, True)
    assert "Too many attempts. Wait" in right.text
    other = door.browser().log_in("berta", PASSWORD)
    assert other.status_code == 401


def test_whoever_logged_in_there_before_gets_in_whatever_strangers_do(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    browser.post("/logout")
    assert not browser.is_in()
    for number in range(7):
        door.browser().log_in(password=f"{OTHER} {number}")
    assert door.browser().log_in().status_code == 429
    assert browser.log_in().status_code == 303
    assert browser.is_in()


def test_many_logins_at_once_take_their_turn_and_hinder_nobody(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    headers = PAGE | {"Cookie": f"varde={browser.cookies['varde']}"}
    took: list[float] = []

    def guess(number: int):  # type: ignore[no-untyped-def]
        fields = {"name": f"name {number}", "password": OTHER}
        return lambda client: client.post("/login", data=fields)

    async def look(client: httpx.AsyncClient) -> httpx.Response:
        start = time.perf_counter()
        said = await client.get("/account", headers=headers)
        took.append(time.perf_counter() - start)
        return said

    answers = door.client.together(*[guess(number) for number in range(8)], look, look, look)
    assert [said.status_code for said in answers[-3:]] == [200] * 3
    assert {said.status_code for said in answers[:-3]} <= {401, 429, 503}
    assert max(took) < 1.0


def test_no_file_that_a_stranger_sends_is_taken_in(door: Door) -> None:
    read: list[bytes] = []

    async def send() -> AsyncIterator[bytes]:
        for _ in range(64):
            read.append(b"x" * 65536)
            yield read[-1]

    for kind in ("multipart/form-data; boundary=b", "Multipart/Form-Data; boundary=b", "multipart/mixed; boundary=b"):
        said = Browser(door.client).ask("POST", "/login", headers={"Content-Type": kind}, content=send())
        assert said.status_code == 400 and "takes no files" in said.text
    assert len(read) <= 3


def test_a_session_is_never_one_that_a_stranger_chose(door: Door) -> None:
    browser = door.browser()
    browser.cookies["varde"] = "chosen by a stranger"
    browser.log_in()
    first = browser.cookies["varde"]
    assert first != "chosen by a stranger"
    browser.log_in()
    assert browser.cookies["varde"] != first
    old = Browser(door.client, cookies={"varde": first})
    assert not old.is_in(), "logging in anew ends the session that the browser had"


def test_cookies_are_for_this_server_only(door: Door) -> None:
    plain = door.browser().log_in().headers.get_list("set-cookie")
    assert len(plain) == 2
    for cookie in plain:
        assert all(part in cookie for part in ("HttpOnly", "Path=/", "SameSite=strict"))
        assert "Domain" not in cookie
    over_tls = door.browser("https://site.test")
    said = over_tls.log_in()
    for cookie in said.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-varde")
        assert all(part in cookie for part in ("Secure", "HttpOnly", "Path=/", "SameSite=strict"))
    assert over_tls.is_in()
    assert "max-age" in said.headers["strict-transport-security"]
    unprotected = Browser(door.client, "https://site.test", {"varde": over_tls.cookies["__Host-varde"]})
    assert not unprotected.is_in(), "over TLS only the protected cookie counts"


def test_behind_a_server_that_speaks_tls_cookies_are_protected_too(door: Door) -> None:
    browser = door.browser()
    origin = {"Origin": "https://site.test"}
    said = browser.ask("POST", "/login", origin, data={"name": "anna", "password": PASSWORD})
    assert all("Secure" in cookie for cookie in said.headers.get_list("set-cookie"))
    assert browser.is_in()
    assert browser.ask("POST", "/account/name", origin, data={"csrf": browser.csrf}).status_code == 303


def test_another_sites_page_logs_nobody_in(door: Door) -> None:
    said = door.browser().ask(
        "POST", "/login", {"Origin": "https://elsewhere.example"}, data={"name": "anna", "password": PASSWORD}
    )
    assert (said.status_code, "set-cookie" in said.headers) == (403, False)


@pytest.mark.parametrize(
    "next_path",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "javascript:alert(1)",
        "/\t/elsewhere.example",
        "\\\\elsewhere.example",
        "elsewhere",
        "",
        "/a\r\nSet-Cookie: a=b",
        "/größe",
    ],
)
def test_the_way_goes_on_here_and_nowhere_else(door: Door, next_path: str) -> None:
    browser = door.browser()
    assert browser.log_in(next=next_path).headers["location"] == "/"
    shown = browser.client.get("/login", params={"next": next_path}, headers=PAGE)
    assert 'name="next" value="/"' in shown.text


def test_logging_out_ends_the_session_and_what_the_browser_kept(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    kept = dict(browser.cookies)
    said = browser.post("/logout")
    assert (said.status_code, said.headers["location"]) == (303, "/login")
    assert '"cache"' in said.headers["clear-site-data"]
    assert not Browser(door.client, cookies=kept).is_in()


def test_logging_out_everywhere_ends_all_sessions(door: Door) -> None:
    one, two = door.browser(), door.browser()
    one.log_in()
    two.log_in()
    one.post("/logout/everywhere")
    assert not one.is_in()
    assert not two.is_in()


def test_another_password_ends_every_other_session(door: Door) -> None:
    one, two = door.browser(), door.browser()
    one.log_in()
    two.log_in()
    said = one.post("/password", old=PASSWORD, new=OTHER, again=OTHER)
    assert (said.status_code, said.headers["location"]) == (303, "/account?done=password")
    assert one.is_in()
    assert not two.is_in()
    assert two.log_in().status_code == 401
    assert two.log_in(password=OTHER).status_code == 303
    assert door.acts("password_changed") == ["password_changed"]


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"old": OTHER}, 403, "The password is wrong"),
        ({"again": "something else"}, 400, "The two new passwords differ."),
        ({"new": "short", "again": "short"}, 400, "12 to 1000 characters"),
        ({"new": "anna.anna 12", "again": "anna.anna 12"}, 400, "little more than the account"),
        ({"new": "aaaaaaaaaaaa", "again": "aaaaaaaaaaaa"}, 400, "among the first"),
        ({"new": PASSWORD, "again": PASSWORD}, 400, "is the old one"),
    ],
)
def test_an_unfit_change_of_the_password_says_why(door: Door, fields: dict[str, str], status: int, says: str) -> None:
    browser = door.browser()
    browser.log_in()
    said = browser.post("/password", **({"old": PASSWORD, "new": OTHER, "again": OTHER} | fields))
    assert (said.status_code, says in said.text) == (status, True), said.text
    assert all(value not in said.text for value in fields.values())
    assert door.acts("password_changed") == []


def test_an_open_session_does_not_let_anybody_guess_the_password(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    statuses = [
        browser.post("/password", old=f"{OTHER} {number}", new=OTHER, again=OTHER).status_code for number in range(7)
    ]
    assert statuses == [403] * 5 + [429] * 2


def test_a_one_time_password_has_to_be_changed_first(door: Door) -> None:
    made = manage_accounts.reset_password(door.site, OPERATOR, "anna")
    browser = door.browser()
    browser.log_in(password=made.password)
    assert browser.ask("GET", "/").headers["location"] == "/password"
    page = browser.ask("GET", "/password")
    assert "Somebody else knows the password you have now." in page.text
    browser.post("/password", old=made.password, new=OTHER, again=OTHER)
    assert browser.is_in()


def test_a_second_factor_is_asked_for_and_each_code_serves_once(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    secret = door.enrol(browser)
    other = door.browser()
    page = other.log_in(next="/search")
    assert (page.status_code, "One-time code" in page.text, "varde" in other.cookies) == (200, True, False)
    pending = page.text.partition('name="pending" value="')[2].partition('"')[0]
    used = other.ask("POST", "/login", data={"pending": pending, "code": door.code(secret)})
    assert (used.status_code, "used already" in used.text) == (401, True), "it was used to set the factor up"
    door.at += timedelta(seconds=30)
    said = other.ask("POST", "/login", data={"pending": pending, "code": door.code(secret), "next": "/search"})
    assert (said.status_code, said.headers["location"]) == (303, "/search")
    assert other.is_in()
    again = door.browser()
    pending = again.log_in().text.partition('name="pending" value="')[2].partition('"')[0]
    replayed = again.ask("POST", "/login", data={"pending": pending, "code": door.code(secret)})
    assert (replayed.status_code, "varde" in again.cookies) == (401, False)


def test_codes_cannot_be_guessed_and_do_not_wait_for_ever(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    door.enrol(browser)
    other = door.browser()
    pending = other.log_in().text.partition('name="pending" value="')[2].partition('"')[0]
    statuses = []
    for code in ("000000", "", "12345", "abcdef", "٠٠٠٠٠٠", "000001"):
        said = other.ask("POST", "/login", data={"pending": pending, "code": code})
        statuses.append(said.status_code)
    assert statuses == [401] * 6
    assert "Begin again" in said.text
    assert other.ask("POST", "/login", data={"pending": "guessed", "code": "000000"}).status_code == 401
    renewed = other.log_in().text.partition('name="pending" value="')[2].partition('"')[0]
    assert other.ask("POST", "/login", data={"pending": renewed, "code": "000000"}).status_code == 429
    assert other.ask("POST", "/login", data={"pending": renewed, "code": "000000"}).status_code == 429


def test_the_second_factor_is_taken_away_with_the_password_only(door: Door) -> None:
    browser = door.browser()
    browser.log_in()
    door.enrol(browser)
    assert browser.post("/second-factor", password=OTHER).status_code == 403
    assert browser.post("/second-factor", password=PASSWORD).status_code == 303
    assert door.browser().log_in().status_code == 303
    with door.site.database.read() as connection:
        changes = [event.subject["change"] for event in audit.list_events(connection) if event.act == "account_changed"]
        assert accounts.get_account(connection, "anna").has_second_factor is False
    assert changes == ["second_factor_added", "second_factor_removed"]


@pytest.mark.parametrize("secret", ["x", "A" * 31, "a" * 32, "A" * 33, "1" * 32, "../../etc", "Ä" * 32])
def test_a_secret_that_was_not_shown_is_refused(door: Door, secret: str) -> None:
    browser = door.browser()
    browser.log_in()
    assert browser.post("/second-factor", password=PASSWORD, secret=secret, code="000000").status_code == 400


def test_where_the_site_requires_it_nothing_goes_without(sqlite_site: Site) -> None:
    sqlite_site.settings = Settings(access=AccessSettings(second_factor=SecondFactor.REQUIRED))
    for door in open_door(sqlite_site):
        browser = door.browser()
        browser.log_in()
        assert browser.ask("GET", "/").headers["location"] == "/second-factor"
        assert browser.ask("GET", "/", {"Accept": "application/json"}).status_code == 403
        door.enrol(browser)
        assert browser.is_in()
        assert browser.post("/second-factor", password=PASSWORD).status_code == 403


def test_a_page_of_the_login_needs_no_other_file_and_runs_nothing(door: Door) -> None:
    page = door.browser().ask("GET", "/login")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert "/static/" not in page.text
    assert "<script" not in page.text
