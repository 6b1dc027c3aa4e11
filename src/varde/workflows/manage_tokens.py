"""Gives programs the tokens that let them use the site's interface, and takes them back."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from varde.core.access import Right, Token
from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.store import audit, tokens
from varde.store.site import Site
from varde.store.types import write_utc
from varde.workflows.actor import Actor

PREFIX = "varde_"
"""What every secret begins with, so that programs that look for leaked secrets find it."""

_SECRET_BYTES = 32
_MOST_CHARACTERS = 100
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made, with its secret, which nobody can ask for again."""

    token: Token
    secret: str


def add_token(
    site: Site, actor: Actor, *, name: str, rights: Collection[Right], valid_days: int | None = None
) -> NewToken:
    """Returns a new token and its secret; audited, without the secret.

    Args:
        site: whose interface it opens.
        actor: who gives it.
        name: unique for ever.
        rights: one at least.
        valid_days: how long it lets anybody in; None for ever.

    Raises:
        WrongUse: if the name is taken or cannot be shown, no right is given, or the days are out of range.
    """
    _check(name, rights, valid_days)
    at = actor.clock()
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    with site.database.write() as connection:
        token = tokens.add_token(
            connection,
            name=name,
            digest=tokens.compute_token_digest(secret),
            rights=rights,
            person=actor.person,
            at=at,
            expires_at=None if valid_days is None else at + timedelta(days=valid_days),
        )
        subject: dict[str, str | int | None] = {
            "token": name,
            "rights": " ".join(sorted(right.value for right in token.rights)),
            "expires_at": write_utc(token.expires_at) if token.expires_at else None,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.TOKEN_ADDED, subject=subject)
    return NewToken(token, secret)


def revoke_token(site: Site, actor: Actor, name: str) -> Token:
    """Returns the token, which lets nobody in any more; revoking it again changes nothing. Audited.

    Raises:
        NotFound: if there is none of that name.
    """
    at = actor.clock()
    with site.database.write() as connection:
        token = tokens.get_token(connection, name)
        if token.revoked_at is not None:
            return token
        tokens.revoke_token(connection, token.token_id, at)
        audit.append_event(connection, at=at, person=actor.person, act=Act.TOKEN_REVOKED, subject={"token": name})
        return tokens.get_token(connection, name)


def _check(name: str, rights: Collection[Right], valid_days: int | None) -> None:
    if not name.strip() or name != name.strip() or len(name) > _MOST_CHARACTERS or not name.isprintable():
        raise WrongUse(f"the name of a token needs 1 to {_MOST_CHARACTERS} printable characters, not {name[:80]!r}")
    if not rights:
        raise WrongUse(
            "a token needs at least one right", advice=f"Give them with --right: {', '.join(r.value for r in Right)}."
        )
    if valid_days is not None and not 1 <= valid_days <= _MOST_DAYS:
        raise WrongUse(f"a token is valid for 1 to {_MOST_DAYS} days, not {valid_days}")
