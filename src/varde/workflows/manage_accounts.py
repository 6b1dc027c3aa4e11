"""Gives people accounts, changes what they may do, and takes accounts away from use; none is ever removed."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection

from varde.core.account import Account, Permission, Role, find_permissions
from varde.core.audit import Act
from varde.core.errors import Refused, WrongUse
from varde.store import accounts, assignments, audit, sessions
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.log_in import UNKNOWN
from varde.workflows.passwords import check_password, hash_password, make_one_time_password

FIRST = "admin"
"""Name of the account that a site without any is given when it is first served."""

_MOST_CHARACTERS = 100
_NO_NAMES = {UNKNOWN, "nobody", "somebody"}


@dataclass(frozen=True, slots=True)
class NewPassword:
    """An account with a password that was made for it, which nobody can ask for again and its owner has to change."""

    account: Account
    password: str = field(repr=False)


def add_account(
    site: Site,
    actor: Actor,
    *,
    name: str,
    full_name: str,
    roles: Collection[Role],
    password: str | None = None,
    must_change: bool = True,
) -> NewPassword:
    """Returns a new account with its first password. Audited.

    Args:
        site: that it is of.
        actor: who adds it.
        name: to log in with; unique for ever.
        full_name: "" where none is given.
        roles: one at least.
        password: None makes a random one.
        must_change: at the first login, since somebody else knows the password.

    Raises:
        WrongUse: if the name is taken or unfit, no role is given, or the password is unfit.
    """
    name = _check_name(name)
    full_name = _check_full_name(full_name)
    _check_roles(roles)
    chosen = make_one_time_password() if password is None else password
    check_password(name, chosen)
    password_hash = hash_password(chosen)
    with site.database.write() as connection:
        account = _add(connection, actor, name, full_name, roles, password_hash, must_change=must_change)
    return NewPassword(account, chosen)


def add_first_administrator(site: Site, actor: Actor) -> NewPassword | None:
    """Returns an administrator's account for a site that has no accounts at all; None where it has some. Audited."""
    with site.database.read() as connection:
        if accounts.has_accounts(connection):
            return None
    password = make_one_time_password()
    password_hash = hash_password(password)
    with site.database.write() as connection:
        if accounts.has_accounts(connection):
            return None
        account = _add(connection, actor, FIRST, "", [Role.ADMINISTRATOR], password_hash, must_change=True)
    return NewPassword(account, password)


def change_roles(site: Site, actor: Actor, name: str, roles: Collection[Role]) -> Account:
    """Returns an account after its roles were replaced; from the next request on they hold. Audited.

    Raises:
        NotFound: if there is no such account.
        WrongUse: if no role is given.
        Refused: if nobody could manage accounts any more.
    """
    _check_roles(roles)
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        if account.roles == frozenset(roles):
            return account
        if Permission.ADMINISTER not in find_permissions(roles):
            _check_not_last(connection, account)
        accounts.record_roles(connection, account.account_id, roles)
        return _audit_change(connection, actor, name, "roles")


def change_full_name(site: Site, actor: Actor, name: str, full_name: str) -> Account:
    """Returns an account after the name that others know its owner by was replaced. Audited.

    Raises:
        NotFound: if there is no such account.
        WrongUse: if the name cannot be shown.
    """
    full_name = _check_full_name(full_name)
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        if account.full_name == full_name:
            return account
        accounts.record_full_name(connection, account.account_id, full_name)
        return _audit_change(connection, actor, name, "full_name")


def disable_account(site: Site, actor: Actor, name: str) -> Account:
    """Returns an account that lets nobody in any more; its sessions end, what it holds goes back. Audited.

    Raises:
        NotFound: if there is no such account.
        Refused: if nobody could manage accounts any more.
    """
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        if account.disabled_at is not None:
            return account
        _check_not_last(connection, account)
        accounts.record_disabled(connection, account.account_id, actor.clock())
        assignments.hand_back(connection, account.account_id, actor.clock())
        sessions.end_sessions(connection, account.account_id)
        return _audit_change(connection, actor, name, "disabled")


def enable_account(site: Site, actor: Actor, name: str) -> Account:
    """Returns an account that lets its owner in again. Audited.

    Raises:
        NotFound: if there is no such account.
    """
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        if account.disabled_at is None:
            return account
        accounts.record_disabled(connection, account.account_id, None)
        return _audit_change(connection, actor, name, "enabled")


def reset_password(
    site: Site, actor: Actor, name: str, password: str | None = None, *, must_change: bool = True
) -> NewPassword:
    """Returns an account with a new password; its sessions are ended. Audited.

    Args:
        site: that it is of.
        actor: who does it.
        name: of the account.
        password: None makes a random one.
        must_change: at the next login, since somebody else knows the password.

    Raises:
        NotFound: if there is no such account.
        WrongUse: if the password is unfit.
    """
    chosen = make_one_time_password() if password is None else password
    check_password(name, chosen)
    password_hash = hash_password(chosen)
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        accounts.record_password(connection, account.account_id, password_hash, must_change=must_change)
        sessions.end_sessions(connection, account.account_id)
        subject: dict[str, str | int | None] = {"account": name}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.PASSWORD_CHANGED, subject=subject)
        return NewPassword(accounts.get_account(connection, name), chosen)


def remove_second_factor(site: Site, actor: Actor, name: str) -> Account:
    """Returns an account without a second factor, for somebody who lost theirs; its sessions are ended. Audited.

    Raises:
        NotFound: if there is no such account.
    """
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        if not account.has_second_factor:
            return account
        accounts.record_second_factor(connection, account.account_id, None, last_step=None)
        sessions.end_sessions(connection, account.account_id)
        return _audit_change(connection, actor, name, "second_factor_removed")


def end_sessions(site: Site, actor: Actor, name: str) -> Account:
    """Returns an account that nobody is logged in to any more. Audited.

    Raises:
        NotFound: if there is no such account.
    """
    with site.database.write() as connection:
        account = accounts.get_account(connection, name)
        sessions.end_sessions(connection, account.account_id)
        return _audit_change(connection, actor, name, "sessions_ended")


def _add(
    connection: Connection,
    actor: Actor,
    name: str,
    full_name: str,
    roles: Collection[Role],
    password_hash: str,
    *,
    must_change: bool,
) -> Account:
    taken = {one.name.casefold(): one.name for one in accounts.list_accounts(connection)}
    if name.casefold() in taken:
        raise WrongUse(
            f"there is an account {taken[name.casefold()]!r} already",
            advice="Choose another name: the audit log names accounts, so a name is used once.",
        )
    at = actor.clock()
    account = accounts.add_account(
        connection,
        name=name,
        full_name=full_name,
        roles=roles,
        password_hash=password_hash,
        must_change_password=must_change,
        person=actor.person,
        at=at,
    )
    subject: dict[str, str | int | None] = {"account": name, "roles": _write_roles(account)}
    audit.append_event(connection, at=at, person=actor.person, act=Act.ACCOUNT_ADDED, subject=subject)
    return account


def _audit_change(connection: Connection, actor: Actor, name: str, change: str) -> Account:
    account = accounts.get_account(connection, name)
    subject: dict[str, str | int | None] = {"account": name, "change": change, "roles": _write_roles(account)}
    audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ACCOUNT_CHANGED, subject=subject)
    return account


def _write_roles(account: Account) -> str:
    return " ".join(sorted(role.value for role in account.roles))


def _check_not_last(connection: Connection, account: Account) -> None:
    if accounts.is_last_administrator(connection, account.account_id):
        raise Refused(
            f"{account.name} is the only administrator who can log in",
            advice="Make somebody else an administrator first.",
        )


def _check_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    if not name.strip() or name != name.strip() or len(name) > _MOST_CHARACTERS or not name.isprintable():
        raise WrongUse(f"the name of an account needs 1 to {_MOST_CHARACTERS} printable characters")
    if name.startswith("-") or ":" in name or name.casefold() in _NO_NAMES:
        raise WrongUse(
            f"{name!r} cannot be the name of an account", advice="It must not begin with a dash or hold a colon."
        )
    return name


def _check_full_name(full_name: str) -> str:
    full_name = " ".join(unicodedata.normalize("NFC", full_name).split())
    if len(full_name) > _MOST_CHARACTERS or not full_name.isprintable():
        raise WrongUse(f"a full name has up to {_MOST_CHARACTERS} printable characters")
    return full_name


def _check_roles(roles: Collection[Role]) -> None:
    if not roles:
        raise WrongUse("an account needs at least one role", advice=f"There are: {', '.join(Role)}.")
