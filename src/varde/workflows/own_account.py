"""What people do with their own account: password, second factor, preferences, opting out of review."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.audit import Act
from varde.core.errors import Refused, WrongUse
from varde.core.preferences import Preferences, change_preferences, read_preferences, write_preferences
from varde.store import accounts, assignments, audit, sessions
from varde.store.accounts import Credentials
from varde.store.settings import SecondFactor
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.passwords import check_password, hash_password, is_right
from varde.workflows.second_factor import find_step, is_secret


def change_password(site: Site, actor: Actor, *, old: str, new: str, session_id: int) -> Account:
    """Returns the actor's account with another password; every other session of it is ended. Audited.

    Raises:
        Refused: if the old password is wrong.
        WrongUse: if the new one is unfit, or the same.
    """
    found = _prove(site, actor, old)
    if old == new:
        raise WrongUse("the new password is the old one", advice="Choose another one.")
    check_password(actor.person, new)
    password_hash = hash_password(new)
    with site.database.write() as connection:
        account = _get_unchanged(connection, actor, found)
        accounts.record_password(connection, account.account_id, password_hash, must_change=False)
        sessions.end_sessions(connection, account.account_id, but=session_id)
        subject: dict[str, str | int | None] = {"account": account.name}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.PASSWORD_CHANGED, subject=subject)
        return accounts.get_account(connection, actor.person)


def add_second_factor(site: Site, actor: Actor, *, password: str, secret: str, code: str, session_id: int) -> Account:
    """Returns the actor's account, which asks for a one-time code too from now on. Audited.

    Args:
        site: that it is of.
        actor: whose account it is.
        password: the actor's.
        secret: that the actor's app has.
        code: that the app shows, which proves that it has it.
        session_id: the one that stays; every other is ended.

    Raises:
        Refused: if the password or the code is wrong.
        WrongUse: if there is a second factor already, or the secret is none.
    """
    found = _prove(site, actor, password)
    if found.totp_secret is not None:
        raise WrongUse("this account has a second factor already", advice="Take it away first to set up another one.")
    if not is_secret(secret):
        raise WrongUse("this is no secret that was shown to you", advice="Load the page again.")
    step = find_step(secret, code, actor.clock())
    if step is None:
        raise Refused("the one-time code is wrong", advice="Is the clock of the device with the app right?")
    with site.database.write() as connection:
        account = _get_unchanged(connection, actor, found)
        accounts.record_second_factor(connection, account.account_id, secret, last_step=step)
        sessions.end_sessions(connection, account.account_id, but=session_id)
        return _audit_change(connection, actor, "second_factor_added")


def remove_second_factor(site: Site, actor: Actor, *, password: str, session_id: int) -> Account:
    """Returns the actor's account, which asks for no one-time code any more. Audited.

    Raises:
        Refused: if the password is wrong, or the site requires a second factor.
    """
    if site.settings.access.second_factor is SecondFactor.REQUIRED:
        raise Refused("this site requires a second factor", advice="An administrator can let you set up another one.")
    found = _prove(site, actor, password)
    with site.database.write() as connection:
        account = _get_unchanged(connection, actor, found)
        if not account.has_second_factor:
            return account
        accounts.record_second_factor(connection, account.account_id, None, last_step=None)
        sessions.end_sessions(connection, account.account_id, but=session_id)
        return _audit_change(connection, actor, "second_factor_removed")


def choose_preferences(site: Site, actor: Actor, changes: Mapping[str, object]) -> Preferences:
    """Returns the actor's preferences after some of them were changed. Not audited: nobody else is concerned.

    Raises:
        WrongUse: naming what is no preference, or no choice of one.
    """
    change_preferences(Preferences(), changes)
    with site.database.write() as connection:
        account = accounts.get_account(connection, actor.person)
        chosen = change_preferences(read_preferences(account.preferences), changes)
        accounts.record_preferences(connection, account.account_id, write_preferences(chosen))
    return chosen


def opt_out(site: Site, actor: Actor, *, out: bool) -> Account:
    """Returns the actor's account, which is given nothing to review from now on, or is again; what it holds goes back.

    No reason is asked for. It is not audited either: a record for ever would be a reason not to do it.
    """
    with site.database.write() as connection:
        account = accounts.get_account(connection, actor.person)
        if out is not (account.opted_out_at is not None):
            accounts.record_opted_out(connection, account.account_id, actor.clock() if out else None)
            assignments.hand_back(connection, account.account_id, actor.clock())
            assignments.hand_back(connection, account.account_id, actor.clock())
        return accounts.get_account(connection, actor.person)


def _prove(site: Site, actor: Actor, password: str) -> Credentials:
    """Returns the actor's credentials; whoever found an open session does not know the password."""
    with site.database.read() as connection:
        found = accounts.find_credentials(connection, actor.person)
    if found is None or not is_right(found.password_hash, password):
        raise Refused("the password is wrong", advice="It is the one you log in with now.")
    return found


def _get_unchanged(connection: Connection, actor: Actor, proved: Credentials) -> Account:
    found = accounts.find_credentials(connection, actor.person)
    if found is None or found.password_hash != proved.password_hash or found.account.disabled_at is not None:
        raise Refused("the password was changed meanwhile", advice="Log in again.")
    return found.account


def _audit_change(connection: Connection, actor: Actor, change: str) -> Account:
    account = accounts.get_account(connection, actor.person)
    roles = " ".join(sorted(role.value for role in account.roles))
    subject: dict[str, str | int | None] = {"account": account.name, "change": change, "roles": roles}
    audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ACCOUNT_CHANGED, subject=subject)
    return account
