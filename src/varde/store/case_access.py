"""Who has access to which case. Without it nothing of a case is shown, whatever a person's role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from varde.core.account import Account
from varde.core.case import Case
from varde.store import tables
from varde.store.accounts import read_account
from varde.store.cases import get_case, list_cases
from varde.store.database import insert_new
from varde.store.people_tables import accounts, case_access


def give_access(connection: Connection, case_id: int, account_id: int, *, person: str, at: datetime) -> bool:
    """Records that an account has access to a case, and returns whether it had none before."""
    values = {"case_id": case_id, "account_id": account_id, "given_at": at, "given_by": person}
    given = insert_new(connection, case_access).values(**values).returning(case_access.c.case_id)
    return connection.execute(given).first() is not None


def take_access(connection: Connection, case_id: int, account_id: int) -> bool:
    """Records that an account has no access to a case any more, and returns whether it had."""
    same = (case_access.c.case_id == case_id, case_access.c.account_id == account_id)
    return connection.execute(delete(case_access).where(*same)).rowcount > 0


def list_open_cases(connection: Connection, account_id: int) -> list[Case]:
    """Returns the cases that an account has access to, by name."""
    ids = set(connection.execute(select(case_access.c.case_id).where(case_access.c.account_id == account_id)).scalars())
    return [case for case in list_cases(connection) if case.case_id in ids]


def list_people(connection: Connection, case_id: int) -> list[Account]:
    """Returns the accounts that have access to a case, by name."""
    query = (
        select(accounts)
        .join(case_access, case_access.c.account_id == accounts.c.id)
        .where(case_access.c.case_id == case_id)
        .order_by(accounts.c.name)
    )
    return [read_account(row) for row in connection.execute(query)]


def list_cases_to_administer(connection: Connection, *, beginning: str, most: int) -> list[tuple[int, str, int]]:
    """Returns number, name and how many people have access, of the cases whose name begins so, by name.

    For whoever manages access: it says nothing of what is in a case.
    """
    cases = tables.cases.c
    people = select(func.count()).where(case_access.c.case_id == cases.id).scalar_subquery()
    query = select(cases.id, cases.name, people).order_by(cases.name).limit(most)
    if beginning:
        query = query.where(cases.name.startswith(beginning, autoescape=True))
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def find_case_name(connection: Connection, case_id: int) -> str | None:
    """Returns the name of a case, None where there is none of that number."""
    return connection.execute(select(tables.cases.c.name).where(tables.cases.c.id == case_id)).scalar()


def find_open_case(connection: Connection, account_id: int, case_id: int) -> Case | None:
    """Returns a case if the account has access to it; None where it has none, or there is no such case."""
    query = select(tables.cases.c.name).join(case_access, case_access.c.case_id == tables.cases.c.id)
    query = query.where(case_access.c.case_id == case_id, case_access.c.account_id == account_id)
    name = connection.execute(query).scalar()
    return None if name is None else get_case(connection, name)
