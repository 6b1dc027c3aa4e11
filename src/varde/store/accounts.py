"""Accounts: the people who may log in. None is ever removed, since the audit log names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from varde.core.account import Account, Permission, Role
from varde.core.errors import NotFound, WrongUse
from varde.store.people_tables import accounts
from varde.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an account's owner has to know, and have, to be let in.

    Attributes:
        totp_secret: of the second factor; None where there is none.
        totp_last_step: the last one-time code that was used, as its step; an earlier or equal one is not taken.
    """

    account: Account
    password_hash: str = field(repr=False)
    totp_secret: str | None = field(repr=False)
    totp_last_step: int | None


def add_account(
    connection: Connection,
    *,
    name: str,
    full_name: str,
    roles: Iterable[Role],
    password_hash: str,
    must_change_password: bool,
    person: str,
    at: datetime,
) -> Account:
    """Returns the account that was added.

    Raises:
        WrongUse: if there is, or was, one of that name: the audit log names accounts, so a name is used once.
    """
    if connection.execute(select(accounts.c.id).where(accounts.c.name == name)).first():
        raise WrongUse(f"there is an account {name!r} already", advice="Choose another name; names are used once.")
    values = {
        "name": name,
        "full_name": full_name,
        "roles": sorted(role.value for role in roles),
        "password_hash": password_hash,
        "must_change_password": int(must_change_password),
        "preferences": {},
        "created_at": at,
        "created_by": person,
    }
    return read_account(connection.execute(insert(accounts).values(**values).returning(accounts)).one())


def list_accounts(connection: Connection) -> list[Account]:
    """Returns every account by name, also those that may not log in any more."""
    return [read_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name))]


def get_account(connection: Connection, name: str) -> Account:
    """Returns an account by name.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no account {name!r}", advice="`varde account list` shows all of them.")
    return read_account(row)


def find_account(connection: Connection, account_id: int) -> Account | None:
    """Returns an account by its row number, None where there is none."""
    row = connection.execute(select(accounts).where(accounts.c.id == account_id)).first()
    return read_account(row) if row else None


def has_accounts(connection: Connection) -> bool:
    """Returns whether anybody was ever given an account."""
    return connection.execute(select(accounts.c.id).limit(1)).first() is not None


def is_last_administrator(connection: Connection, account_id: int) -> bool:
    """Returns whether nobody but this account could manage accounts any more."""
    active = connection.execute(select(accounts).where(accounts.c.disabled_at.is_(None)))
    administrators = [one for one in map(read_account, active) if Permission.ADMINISTER in one.permissions]
    return [one.account_id for one in administrators] == [account_id]


def find_credentials(connection: Connection, name: str) -> Credentials | None:
    """Returns what lets the owner of an account in, None where there is no such account."""
    row = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    if row is None:
        return None
    return Credentials(read_account(row), row.password_hash, row.totp_secret, row.totp_last_step)


def record_password(connection: Connection, account_id: int, password_hash: str, *, must_change: bool) -> None:
    """Replaces an account's password hash."""
    _change(connection, account_id, password_hash=password_hash, must_change_password=int(must_change))


def record_roles(connection: Connection, account_id: int, roles: Iterable[Role]) -> None:
    """Replaces an account's roles."""
    _change(connection, account_id, roles=sorted(role.value for role in roles))


def record_full_name(connection: Connection, account_id: int, full_name: str) -> None:
    """Replaces the name that others know a person by."""
    _change(connection, account_id, full_name=full_name)


def record_disabled(connection: Connection, account_id: int, at: datetime | None) -> None:
    """Records since when a person may not log in; None lets them in again."""
    _change(connection, account_id, disabled_at=at)


def record_opted_out(connection: Connection, account_id: int, at: datetime | None) -> None:
    """Records since when a person does not review; None since they do again."""
    _change(connection, account_id, opted_out_at=at)


def record_second_factor(connection: Connection, account_id: int, secret: str | None, *, last_step: int | None) -> None:
    """Replaces the secret that one-time codes are made from; None takes the second factor away."""
    _change(connection, account_id, totp_secret=secret, totp_last_step=last_step)


def record_code_used(connection: Connection, account_id: int, step: int) -> bool:
    """Records that the one-time code of a step was used; returns False if it, or a later one, was used before."""
    last = accounts.c.totp_last_step
    unused = (accounts.c.id == account_id) & (last.is_(None) | (last < step))
    return connection.execute(update(accounts).where(unused).values(totp_last_step=step)).rowcount > 0


def record_preferences(connection: Connection, account_id: int, preferences: dict[str, object]) -> None:
    """Replaces what a person chose for the pages."""
    _change(connection, account_id, preferences=preferences)


def read_account(row: AnyRow) -> Account:
    """Returns the account of a row of the table."""
    return Account(
        account_id=row.id,
        name=row.name,
        full_name=row.full_name,
        roles=frozenset(Role(role) for role in row.roles),
        disabled_at=row.disabled_at,
        must_change_password=bool(row.must_change_password),
        has_second_factor=row.totp_secret is not None,
        opted_out_at=row.opted_out_at,
        created_at=row.created_at,
        created_by=row.created_by,
        preferences=row.preferences,
    )


def _change(connection: Connection, account_id: int, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
