"""Behaviour of `varde.store.tokens`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stored import AT, PERSON

from varde.core.access import Right, Token
from varde.core.errors import NotFound, WrongUse
from varde.store import tokens
from varde.store.database import Database


def add(database: Database, name: str, secret: str, *, days: int | None = None) -> Token:
    with database.write() as connection:
        return tokens.add_token(
            connection,
            name=name,
            digest=tokens.compute_token_digest(secret),
            rights=[Right.HASH, Right.LOOKUP],
            person=PERSON,
            at=AT,
            expires_at=None if days is None else AT + timedelta(days=days),
        )


def test_a_token_is_found_by_the_digest_of_its_secret_only(database: Database) -> None:
    made = add(database, "platform", "a secret")
    with database.read() as connection:
        assert tokens.find_token(connection, tokens.compute_token_digest("a secret")) == made
        assert tokens.find_token(connection, tokens.compute_token_digest("a secret ")) is None
        assert tokens.find_token(connection, b"") is None
        assert tokens.get_token(connection, "platform") == made
    assert (made.rights, made.created_by, made.expires_at) == (frozenset({Right.HASH, Right.LOOKUP}), PERSON, None)


def test_a_name_is_used_once_even_after_it_was_revoked(database: Database) -> None:
    made = add(database, "platform", "a")
    with database.write() as connection:
        tokens.revoke_token(connection, made.token_id, AT)
    with pytest.raises(WrongUse, match="there is a token 'platform' already"):
        add(database, "platform", "b")


def test_tokens_are_listed_by_name_and_unknown_ones_are_said(database: Database) -> None:
    add(database, "b", "1")
    add(database, "a", "2")
    with database.read() as connection:
        assert [token.name for token in tokens.list_tokens(connection)] == ["a", "b"]
        with pytest.raises(NotFound, match="there is no token 'c'"):
            tokens.get_token(connection, "c")


def test_a_token_is_valid_until_it_expires_or_is_revoked(database: Database) -> None:
    made = add(database, "platform", "a", days=2)
    assert made.is_valid(AT)
    assert made.is_valid(AT + timedelta(days=2, microseconds=-1))
    assert not made.is_valid(AT + timedelta(days=2))
    with database.write() as connection:
        tokens.revoke_token(connection, made.token_id, AT)
        assert not tokens.get_token(connection, "platform").is_valid(AT)


@pytest.mark.parametrize("secret", ["", "größe", "\udcff", "x" * 10_000])
def test_any_text_has_a_digest(secret: str) -> None:
    assert len(tokens.compute_token_digest(secret)) == 32
