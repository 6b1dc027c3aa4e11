"""Behaviour of `varde token`."""

from __future__ import annotations

import hashlib

import pytest
from terminal import Terminal

from varde.store import tokens
from varde.store.site import open_site


def test_a_secret_is_shown_once_and_only_its_digest_is_kept(terminal: Terminal) -> None:
    said = terminal("token", "add", "platform", "--right", "hash", "--right", "lookup", "--days", "30")
    secret = said.out.strip()
    assert said.code == 0
    assert secret.startswith("varde_")
    assert len(secret) > 40
    assert "this once" in said.err
    assert secret not in said.err
    site = open_site(terminal.site)
    with site.database.read() as connection:
        found = tokens.find_token(connection, hashlib.sha256(secret.encode()).digest())
    site.close()
    assert found is not None
    assert found.name == "platform"
    assert secret.encode() not in (terminal.site / "varde.db").read_bytes()


def test_tokens_are_listed_without_secrets_and_with_their_state(terminal: Terminal) -> None:
    secret = terminal.json("token", "add", "a", "--right", "status")["secret"]
    terminal.json("token", "add", "b", "--right", "lookup", "--days", "1")
    assert terminal("token", "revoke", "b").code == 0
    listed = terminal.json("token", "list")
    assert [(one["token"], one["rights"], one["state"]) for one in listed] == [
        ("a", ["status"], "valid"),
        ("b", ["lookup"], "revoked"),
    ]
    assert secret not in terminal("token", "list").out


def test_giving_and_taking_back_is_audited_without_the_secret(terminal: Terminal) -> None:
    secret = terminal.json("token", "add", "a", "--right", "curate", "--right", "hash")["secret"]
    assert terminal.json("token", "revoke", "a")["state"] == "revoked"
    assert terminal.json("token", "revoke", "a")["state"] == "revoked"
    added, revoked = terminal.json("audit", "list")[1:]
    assert (added["act"], added["subject"]) == (
        "token_added",
        {"token": "a", "rights": "curate hash", "expires_at": None},
    )
    assert (revoked["act"], revoked["subject"]) == ("token_revoked", {"token": "a"})
    assert secret not in terminal("audit", "list").out
    assert terminal("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a"], "at least one right"),
        (["", "--right", "hash"], "1 to 100 printable characters"),
        (["x" * 101, "--right", "hash"], "1 to 100 printable characters"),
        (["a\x1b[2J", "--right", "hash"], "1 to 100 printable characters"),
        (["a", "--right", "hash", "--days", "0"], "1 to 3650 days"),
        (["a", "--right", "hash", "--days", "99999999"], "1 to 3650 days"),
        (["a", "--right", "everything"], "everything"),
    ],
)
def test_an_unfit_token_is_refused(terminal: Terminal, words: list[str], says: str) -> None:
    said = terminal("token", "add", *words)
    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert terminal.json("token", "list") == []


def test_a_name_is_used_once(terminal: Terminal) -> None:
    terminal.json("token", "add", "a", "--right", "hash")
    said = terminal("token", "add", "a", "--right", "hash")
    assert said.code == 2
    assert "there is a token 'a' already" in said.err


def test_revoking_an_unknown_token_says_so(terminal: Terminal) -> None:
    said = terminal("token", "revoke", "a")
    assert said.code == 2
    assert "there is no token 'a'" in said.err
