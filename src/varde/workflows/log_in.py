"""Lets a person in and out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.audit import Act
from varde.store import accounts, audit, sessions, visits
from varde.store.accounts import Credentials
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.passwords import hash_password, is_outdated, is_right, make_decoy
from varde.workflows.second_factor import find_step

_SECRET_BYTES = 32
UNKNOWN: Final = "unknown"
"""Recorded as the person of a login that was refused: nobody knows who it was."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A person was let in.

    Attributes:
        secret: for the browser's cookie; nobody can ask for it again.
        lasts_s: at most.
    """

    account: Account
    secret: str = field(repr=False)
    lasts_s: int


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """Name and password are right, and a one-time code is asked for too.

    Attributes:
        password_hash: that the password fitted; a password that was changed meanwhile proves nothing.
    """

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """Nobody was let in; why is not told."""


def log_in(site: Site, actor: Actor, *, password: str) -> NewSession | CodeNeeded | LoginRefused:
    """Returns what became of an attempt to log in with a name, the actor's, and a password.

    Letting somebody in is audited. A name that nobody has, and one of a disabled account, take as long as others.
    """
    with site.database.read() as connection:
        found = accounts.find_credentials(connection, actor.person)
    decoy = make_decoy()
    is_fit = is_right(found.password_hash if found else decoy, password)
    if found is None or not is_fit or found.account.disabled_at is not None:
        return LoginRefused()
    if found.totp_secret is not None:
        return CodeNeeded(found.account, found.password_hash)
    new_hash = hash_password(password) if is_outdated(found.password_hash) else None
    with site.database.write() as connection:
        now = _find_unchanged(connection, actor, found.password_hash)
        if now is None or now.totp_secret is not None:
            return LoginRefused()
        if new_hash is not None:
            accounts.record_password(
                connection, now.account.account_id, new_hash, must_change=now.account.must_change_password
            )
        return _start(site, connection, actor, now.account)


def confirm_log_in(site: Site, actor: Actor, needed: CodeNeeded, *, code: str) -> NewSession | LoginRefused:
    """Returns what became of a one-time code; one that was used before lets nobody in. Letting in is audited."""
    with site.database.write() as connection:
        now = _find_unchanged(connection, actor, needed.password_hash)
        if now is None or now.totp_secret is None:
            return LoginRefused()
        step = find_step(now.totp_secret, code, actor.clock())
        if step is None or not accounts.record_code_used(connection, now.account.account_id, step):
            return LoginRefused()
        return _start(site, connection, actor, now.account)


def log_out(site: Site, actor: Actor, session_id: int) -> None:
    """Ends a session. Audited."""
    with site.database.write() as connection:
        sessions.end_session(connection, session_id)
        _audit(connection, actor, actor.person, Act.LOGGED_OUT)


def log_out_everywhere(site: Site, actor: Actor) -> None:
    """Ends every session of the actor. Audited."""
    with site.database.write() as connection:
        account = accounts.get_account(connection, actor.person)
        sessions.end_sessions(connection, account.account_id)
        _audit(connection, actor, actor.person, Act.LOGGED_OUT)


def end_old_session(site: Site, secret: str) -> None:
    """Ends the session that a browser had when somebody logged in with it anew, if it had one."""
    with site.database.write() as connection:
        visit = visits.find_visit(connection, sessions.compute_session_digest(secret))
        if visit is not None:
            sessions.end_session(connection, visit.session.session_id)


def record_refusal(site: Site, actor: Actor) -> None:
    """Records that somebody failed to log in with the actor's name; does nothing where nobody has that name."""
    with site.database.read() as connection:
        if accounts.find_credentials(connection, actor.person) is None:
            return
    with site.database.write() as connection:
        _audit(connection, Actor(UNKNOWN, actor.clock), actor.person, Act.LOGIN_REFUSED)


def _find_unchanged(connection: Connection, actor: Actor, password_hash: str) -> Credentials | None:
    """Returns the credentials if the password that was checked is still the one and the account may log in."""
    found = accounts.find_credentials(connection, actor.person)
    if found is None or found.account.disabled_at is not None or found.password_hash != password_hash:
        return None
    return found


def _start(site: Site, connection: Connection, actor: Actor, account: Account) -> NewSession:
    at = actor.clock()
    lasts = timedelta(hours=site.settings.web.session_hours)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    digest = sessions.compute_session_digest(secret)
    sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=at + lasts)
    _audit(connection, actor, account.name, Act.LOGGED_IN)
    return NewSession(account, secret, int(lasts.total_seconds()))


def _audit(connection: Connection, actor: Actor, account: str, act: Act) -> None:
    subject: dict[str, str | int | None] = {"account": account}
    audit.append_event(connection, at=actor.clock(), person=actor.person, act=act, subject=subject)
