"""Behaviour of `varde account` and `varde case access`."""

from __future__ import annotations

import io

import pytest
from terminal import Terminal

from varde.store.site import open_site
from varde.workflows.actor import Actor
from varde.workflows.log_in import LoginRefused, NewSession, log_in

PASSWORD = "seven quiet herons"


def try_login(terminal: Terminal, name: str, password: str) -> NewSession | None:
    site = open_site(terminal.site)
    found = log_in(site, Actor(name), password=password)
    site.close()
    assert isinstance(found, NewSession | LoginRefused)
    return found if isinstance(found, NewSession) else None


def test_a_one_time_password_is_shown_once_and_lets_its_owner_in(terminal: Terminal) -> None:
    said = terminal("account", "add", "anna", "--role", "examiner", "--full-name", "Anna Andersen")
    assert said.code == 0
    password = said.out.strip()
    assert password not in said.err
    assert "this once" in said.err
    assert "at the next login" in said.err
    session = try_login(terminal, "anna", password)
    assert session is not None
    assert session.account.must_change_password
    assert password.encode() not in (terminal.site / "varde.db").read_bytes()


def test_a_password_comes_from_standard_input_and_is_not_shown(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\nand what follows is not read\n"))
    said = terminal("account", "add", "anna", "--role", "examiner", "--ask", "--final")
    assert (said.code, said.out) == (0, "")
    assert PASSWORD not in said.err
    session = try_login(terminal, "anna", PASSWORD)
    assert session is not None
    assert not session.account.must_change_password


def test_no_option_takes_a_password(terminal: Terminal) -> None:
    for words in (["add", "anna", "--role", "examiner"], ["password", "anna"]):
        assert terminal("account", *words, "--password", PASSWORD).code == 2
        assert terminal("account", *words, PASSWORD).code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["anna"], "at least one role"),
        (["", "--role", "examiner"], "printable characters"),
        (["a:b", "--role", "examiner"], "cannot be the name"),
        (["token:x", "--role", "examiner"], "cannot be the name"),
        (["unknown", "--role", "examiner"], "cannot be the name"),
        (["a\x1b[2J", "--role", "examiner"], "printable characters"),
        (["x" * 101, "--role", "examiner"], "printable characters"),
        (["anna", "--role", "boss"], "boss"),
        (["anna", "--role", "examiner", "--full-name", "x" * 101], "full name"),
    ],
)
def test_an_unfit_account_is_refused(terminal: Terminal, words: list[str], says: str) -> None:
    said = terminal("account", "add", *words)
    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert terminal.json("account", "list") == []


def test_a_name_is_used_once_whatever_its_case(terminal: Terminal) -> None:
    terminal.json("account", "add", "anna", "--role", "examiner")
    said = terminal("account", "add", "ANNA", "--role", "examiner")
    assert (said.code, "there is an account 'anna' already" in said.err) == (2, True)


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaa", "anna anna anna", "password1234", "123456789012"])
def test_an_unfit_password_is_refused(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    said = terminal("account", "add", "anna", "--role", "examiner", "--ask")
    assert said.code == 2
    assert not password or password not in said.err
    assert terminal.json("account", "list") == []


def test_accounts_are_listed_changed_disabled_and_enabled(terminal: Terminal) -> None:
    terminal.json("account", "add", "chief", "--role", "administrator")
    terminal.json("account", "add", "anna", "--role", "examiner")
    changed = terminal.json("account", "change", "anna", "--role", "supervisor", "--full-name", "Anna A.")
    assert (changed["roles"], changed["full_name"]) == (["supervisor"], "Anna A.")
    assert terminal.json("account", "disable", "anna")["state"] == "disabled"
    assert [(one["account"], one["state"]) for one in terminal.json("account", "list")] == [
        ("anna", "disabled"),
        ("chief", "active"),
    ]
    assert "anna\tAnna A.\tsupervisor\tdisabled" in terminal("account", "list").out
    assert terminal.json("account", "enable", "anna")["state"] == "active"
    assert terminal("account", "change", "anna").code == 2
    assert terminal("account", "disable", "nobody").code == 2


def test_the_last_administrator_stays_one(terminal: Terminal) -> None:
    terminal.json("account", "add", "chief", "--role", "administrator")
    for words in (["disable", "chief"], ["change", "chief", "--role", "examiner"]):
        said = terminal("account", *words)
        assert (said.code, "only administrator" in said.err) == (2, True)
    terminal.json("account", "add", "deputy", "--role", "administrator")
    assert terminal("account", "disable", "chief").code == 0
    assert terminal("account", "disable", "deputy").code == 2


def test_another_password_ends_the_old_one(terminal: Terminal) -> None:
    old = terminal.json("account", "add", "anna", "--role", "examiner")["password"]
    new = terminal.json("account", "password", "anna", "--random")["password"]
    assert try_login(terminal, "anna", old) is None
    assert try_login(terminal, "anna", new) is not None


def test_access_is_given_listed_and_taken(terminal: Terminal) -> None:
    terminal.json("case", "new", "harbour")
    terminal.json("account", "add", "anna", "--role", "examiner")
    assert terminal.json("case", "access", "list", "harbour") == []
    assert terminal.json("case", "access", "give", "harbour", "anna")["changed"] is True
    assert terminal.json("case", "access", "give", "harbour", "anna")["changed"] is False
    assert [one["account"] for one in terminal.json("case", "access", "list", "harbour")] == ["anna"]
    assert terminal.json("case", "access", "take", "harbour", "anna")["changed"] is True
    assert terminal.json("case", "access", "take", "harbour", "anna")["changed"] is False
    assert terminal("case", "access", "give", "harbour", "nobody").code == 2
    assert terminal("case", "access", "give", "nothing", "anna").code == 2
    acts = [event["act"] for event in terminal.json("audit", "list")]
    assert acts[-2:] == ["case_access_given", "case_access_taken"]


def test_where_the_site_demands_it_access_waits_for_a_second_person(terminal: Terminal) -> None:
    with (terminal.site / "varde.toml").open("a") as file:
        file.write('\n[access]\nfour_eyes = ["case_access_given"]\n')
    terminal.json("case", "new", "harbour")
    terminal.json("account", "add", "anna", "--role", "examiner")
    words = ["case", "access", "give", "harbour", "anna", "--reason", "Joins the unit."]
    said = terminal(*words)
    assert (said.code, "people with an account" in said.err) == (2, True)
    terminal.json("account", "add", "chief", "--role", "administrator")
    said = terminal("--person", "chief", *words)
    assert (said.code, "was asked to" in said.err) == (2, True)
    assert terminal.json("case", "access", "list", "harbour") == []


@pytest.mark.parametrize("text", ['four_eyes = ["case_created"]', 'four_eyes = "x"', 'second_factor = "sometimes"'])
def test_a_wrong_setting_is_named(terminal: Terminal, text: str) -> None:
    with (terminal.site / "varde.toml").open("a") as file:
        file.write(f"\n[access]\n{text}\n")
    said = terminal("account", "list")
    assert (said.code, f"access.{text.split()[0]}" in said.err) == (2, True)
