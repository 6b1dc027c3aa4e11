"""Accounts: the people who may log in. None is ever removed, since the audit log names them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from varde.core.account import Account, Role
from varde.core.errors import NotFound, WrongUse
from varde.store.people_tables import accounts
from varde.store.types import AnyRow


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


def find_password_hash(connection: Connection, name: str) -> str | None:
    """Returns the password hash of an account by name, None where there is no such account."""
    return connection.execute(select(accounts.c.password_hash).where(accounts.c.name == name)).scalar()


def record_password(connection: Connection, account_id: int, password_hash: str, *, must_change: bool) -> None:
    """Replaces an account's password hash."""
    values = {"password_hash": password_hash, "must_change_password": int(must_change)}
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def record_preferences(connection: Connection, account_id: int, preferences: dict[str, object]) -> None:
    """Replaces what a person chose for the pages."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(preferences=preferences))


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
