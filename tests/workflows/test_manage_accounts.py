"""Behaviour of `varde.workflows.manage_accounts`, `log_in`, `own_account`, `passwords` and `give_access`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher
from people import AT, Clock, actor, list_acts, open_case
from sqlalchemy import insert, select

from varde.core.account import Role
from varde.core.case import Keeping
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.core.preferences import Theme
from varde.store import accounts, assignments, cases, items, queues, review_tables, sessions, tables
from varde.store.items import NewItem
from varde.store.site import Site
from varde.workflows import manage_accounts, own_account, passwords, second_factor
from varde.workflows.give_access import give_access, take_access
from varde.workflows.log_in import CodeNeeded, LoginRefused, NewSession, confirm_log_in, log_in, record_refusal

PASSWORD = "seven quiet herons"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "_make_hasher", lambda: CHEAP)
    passwords.make_decoy.cache_clear()
    yield
    passwords.make_decoy.cache_clear()


def add(site: Site, name: str, *roles: Role, password: str = PASSWORD) -> None:
    manage_accounts.add_account(
        site, actor("chief"), name=name, full_name="", roles=roles, password=password, must_change=False
    )


def test_a_site_without_accounts_gets_an_administrator_once(site: Site) -> None:
    made = manage_accounts.add_first_administrator(site, actor("root"))
    assert made is not None
    assert (made.account.name, made.account.roles) == ("admin", {Role.ADMINISTRATOR})
    assert made.account.must_change_password
    assert len(made.password) == 29
    assert made.password not in repr(made)
    assert manage_accounts.add_first_administrator(site, actor("root")) is None
    assert isinstance(log_in(site, actor("admin"), password=made.password), NewSession)


def test_one_time_passwords_differ_and_are_fit(site: Site) -> None:
    made = {passwords.make_one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check_password("anna", password)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "x y z w v u t s r q",
        "пароль из слов",
        "🐦🐦🦆🦢🦉🦅🐧🐓🦃🦚🦜🦩",
        " leading and trailing ",
        "a" * 990 + "bcd",
    ],
)
def test_any_long_text_is_a_password(password: str) -> None:
    passwords.check_password("anna", password)
    assert passwords.is_right(passwords.hash_password(password), password)
    assert not passwords.is_right(passwords.hash_password(password), password + "x")


@pytest.mark.parametrize("stored", ["", "!", "$argon2id$", "plain", "$argon2id$v=19$m=64,t=1,p=1$x$y"])
def test_what_is_no_hash_lets_nobody_in(stored: str) -> None:
    assert not passwords.is_right(stored, PASSWORD)
    assert not passwords.is_right(stored, stored)


def test_a_password_is_the_same_however_the_keyboard_composes_it() -> None:
    assert passwords.is_right(passwords.hash_password("gr\u00fcne Brücken"), "gru\u0308ne Brücken")


def test_an_outdated_hash_is_renewed_at_the_next_login(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    add(site, "anna", Role.EXAMINER)
    stronger = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_make_hasher", lambda: stronger)
    for _ in range(2):
        assert isinstance(log_in(site, actor("anna"), password=PASSWORD), NewSession)
    with site.database.read() as connection:
        found = accounts.find_credentials(connection, "anna")
    assert found is not None
    assert "t=2" in found.password_hash


def test_the_last_administrator_is_never_lost(site: Site) -> None:
    add(site, "chief", Role.ADMINISTRATOR)
    add(site, "anna", Role.EXAMINER)
    person = actor("chief")
    with pytest.raises(Refused, match="only administrator"):
        manage_accounts.disable_account(site, person, "chief")
    with pytest.raises(Refused, match="only administrator"):
        manage_accounts.change_roles(site, person, "chief", [Role.EXAMINER])
    manage_accounts.change_roles(site, person, "chief", [Role.ADMINISTRATOR, Role.AUDITOR])
    manage_accounts.change_roles(site, person, "anna", [Role.ADMINISTRATOR])
    manage_accounts.disable_account(site, person, "anna")
    with pytest.raises(Refused):
        manage_accounts.change_roles(site, person, "chief", [Role.EXAMINER])
    manage_accounts.enable_account(site, person, "anna")
    manage_accounts.disable_account(site, person, "chief")
    with pytest.raises(Refused):
        manage_accounts.disable_account(site, person, "anna")


def test_every_change_is_audited_once(site: Site) -> None:
    add(site, "chief", Role.ADMINISTRATOR)
    add(site, "anna", Role.EXAMINER)
    person = actor("chief")
    for _ in range(2):
        manage_accounts.change_roles(site, person, "anna", [Role.SUPERVISOR])
        manage_accounts.change_full_name(site, person, "anna", " Anna\tA. ")
        manage_accounts.disable_account(site, person, "anna")
        with pytest.raises(NotFound):
            manage_accounts.disable_account(site, person, "nobody")
    manage_accounts.enable_account(site, person, "anna")
    manage_accounts.reset_password(site, person, "anna")
    found = list_acts(site, "account_added", "account_changed", "password_changed")
    about: dict[str, str | int | None] = {"account": "anna"}
    assert found == [
        ("chief", {"account": "chief", "roles": "administrator"}),
        ("chief", about | {"roles": "examiner"}),
        ("chief", about | {"change": "roles", "roles": "supervisor"}),
        ("chief", about | {"change": "full_name", "roles": "supervisor"}),
        ("chief", about | {"change": "disabled", "roles": "supervisor"}),
        ("chief", about | {"change": "enabled", "roles": "supervisor"}),
        ("chief", about),
    ]


def test_disabling_and_new_passwords_end_sessions(site: Site) -> None:
    add(site, "chief", Role.ADMINISTRATOR)
    add(site, "anna", Role.EXAMINER)

    def count() -> int:
        with site.database.read() as connection:
            return len(sessions.list_sessions(connection, accounts.get_account(connection, "anna").account_id, AT))

    person = actor("chief")
    for end in (
        lambda: manage_accounts.end_sessions(site, person, "anna"),
        lambda: manage_accounts.reset_password(site, person, "anna", PASSWORD, must_change=False),
        lambda: manage_accounts.disable_account(site, person, "anna"),
    ):
        for _ in range(2):
            assert isinstance(log_in(site, actor("anna"), password=PASSWORD), NewSession)
        assert count() == 2
        end()
        assert count() == 0
    assert isinstance(log_in(site, actor("anna"), password=PASSWORD), LoginRefused)


def test_a_password_that_changed_meanwhile_proves_nothing(site: Site) -> None:
    add(site, "chief", Role.ADMINISTRATOR)
    add(site, "anna", Role.EXAMINER)
    clock = Clock()
    secret = second_factor.make_secret()
    code = pyotp.TOTP(secret).at(clock.at)
    own_account.add_second_factor(site, actor("anna", clock), password=PASSWORD, secret=secret, code=code, session_id=0)
    clock.forward(seconds=30)
    needed = log_in(site, actor("anna", clock), password=PASSWORD)
    assert isinstance(needed, CodeNeeded)
    assert "argon2" not in repr(needed)
    manage_accounts.reset_password(site, actor("chief"), "anna")
    code = pyotp.TOTP(secret).at(clock.at)
    assert isinstance(confirm_log_in(site, actor("anna", clock), needed, code=code), LoginRefused)


def test_codes_of_about_now_are_right() -> None:
    secret = second_factor.make_secret()
    made = pyotp.TOTP(secret)
    step = int(AT.timestamp()) // 30
    for drift, fits in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        assert (second_factor.find_step(secret, made.generate_otp(step + drift), AT) == step + drift) is fits
    spaced = made.generate_otp(step)
    assert second_factor.find_step(secret, f" {spaced[:3]} {spaced[3:]} ", AT) == step
    for code in ("", "0", "1234567", "abcdef", "-12345", "٠١٢٣٤٥"):
        assert second_factor.find_step(secret, code, AT) is None


def test_published_codes_of_the_standard_are_found() -> None:
    from datetime import UTC, datetime

    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890" in base 32
    assert second_factor.is_secret(secret)
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")):
        assert second_factor.find_step(secret, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_refusals_name_the_account_and_nobody_as_the_person(site: Site) -> None:
    add(site, "anna", Role.EXAMINER)
    record_refusal(site, actor("anna"))
    record_refusal(site, actor("nobody"))
    assert list_acts(site, "login_refused") == [("unknown", {"account": "anna"})]


def test_opting_out_and_choices_leave_no_audit_event(site: Site) -> None:
    add(site, "anna", Role.EXAMINER)
    before = len(list_acts(site, "account_added", "account_changed", "password_changed"))
    assert own_account.opt_out(site, actor("anna"), out=True).opted_out_at == AT
    assert own_account.opt_out(site, actor("anna"), out=True).opted_out_at == AT
    assert own_account.opt_out(site, actor("anna"), out=False).opted_out_at is None
    chosen = own_account.choose_preferences(site, actor("anna"), {"theme": "dark"})
    assert chosen.theme is Theme.DARK
    chosen = own_account.choose_preferences(site, actor("anna"), {"tile_px": 200})
    assert (chosen.theme, chosen.tile_px) == (Theme.DARK, 200)
    with pytest.raises(WrongUse):
        own_account.choose_preferences(site, actor("anna"), {"tile_px": 1, "theme": "light"})
    assert len(list_acts(site, "account_added", "account_changed", "password_changed")) == before


@pytest.mark.parametrize("way", ["opting out", "being disabled"])
def test_what_a_person_holds_goes_back_when_they_stop(site: Site, way: str) -> None:
    add(site, "anna", Role.EXAMINER)
    case = open_case(site, "harbour")
    with site.database.write() as connection:
        path = Path("/evidence")
        exhibit = cases.add_exhibit(connection, case=case, path=path, keeping=Keeping.REFERENCE, person="p", at=AT)
        items.add_items(connection, exhibit.exhibit_id, [NewItem(path_locator(b"1.jpg"), Origin.FILE, 10, AT)])
        [item_id] = connection.execute(select(tables.items.c.id)).scalars()
        made = {"case_id": case.case_id, "name": "q", "purpose": "first", "ordering": "place", "settings": {}}
        connection.execute(insert(review_tables.queues).values(**made, made_at=AT, made_by="p"))
        [queue] = queues.list_queues(connection, case.case_id)
        assignments.give(connection, queue, accounts.get_account(connection, "anna").account_id, [item_id], AT)
    if way == "opting out":
        own_account.opt_out(site, actor("anna"), out=True)
    else:
        manage_accounts.disable_account(site, actor("chief"), "anna")
    with site.database.read() as connection:
        assert not assignments.is_given(connection, item_id, queue.purpose)


def test_access_is_audited_when_it_changes(site: Site) -> None:
    add(site, "anna", Role.EXAMINER)
    open_case(site, "harbour")
    words = {"case_name": "harbour", "account_name": "anna"}
    assert [give_access(site, actor("chief"), **words) for _ in range(2)] == [True, False]
    assert [take_access(site, actor("chief"), **words) for _ in range(2)] == [True, False]
    about = {"case": "harbour", "account": "anna"}
    assert list_acts(site, "case_access_given", "case_access_taken") == [("chief", about), ("chief", about)]
    for wrong in ({"case_name": "quay"}, {"account_name": "nobody"}):
        with pytest.raises(NotFound):
            give_access(site, actor("chief"), **(words | wrong))
