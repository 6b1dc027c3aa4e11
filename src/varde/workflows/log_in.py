"""Lets a person in and out, and changes passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from varde.core.account import Account
from varde.core.audit import Act
from varde.store import accounts, audit, sessions
from varde.store.site import Site
from varde.workflows.actor import Actor

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewSession:
    """A person was let in.

    Attributes:
        secret: for the browser's cookie; nobody can ask for it again.
        lasts_s: at most.
    """

    account: Account
    secret: str
    lasts_s: int


@cache
def make_hasher() -> PasswordHasher:
    """Returns what hashes passwords: argon2id with the library's parameters (RFC 9106, low memory)."""
    return PasswordHasher()


def log_in(site: Site, actor: Actor, *, password: str) -> NewSession | None:
    """Returns a new session of the account that the actor names; None if name and password let nobody in. Audited."""
    with site.database.read() as connection:
        password_hash = accounts.find_password_hash(connection, actor.person)
    if not _is_right(password_hash or _make_decoy(), password) or password_hash is None:
        return None
    at = actor.clock()
    lasts = timedelta(hours=site.settings.web.session_hours)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    with site.database.write() as connection:
        account = accounts.get_account(connection, actor.person)
        if account.disabled_at is not None:
            return None
        digest = sessions.compute_session_digest(secret)
        sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=at + lasts)
        subject: dict[str, str | int | None] = {"account": account.name}
        audit.append_event(connection, at=at, person=account.name, act=Act.LOGGED_IN, subject=subject)
    return NewSession(account, secret, int(lasts.total_seconds()))


def log_out(site: Site, actor: Actor, session_id: int) -> None:
    """Ends a session. Audited."""
    with site.database.write() as connection:
        sessions.end_session(connection, session_id)
        subject: dict[str, str | int | None] = {"account": actor.person}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.LOGGED_OUT, subject=subject)


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return make_hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _make_decoy() -> str:
    """Returns the hash of nobody's password, so that names nobody has take as long as others."""
    return make_hasher().hash(secrets.token_urlsafe(_SECRET_BYTES))
