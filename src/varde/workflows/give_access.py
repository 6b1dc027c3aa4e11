"""Gives people access to cases, and takes it back."""

from __future__ import annotations

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.audit import Act
from varde.core.case import Case
from varde.store import accounts, audit, case_access, cases
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.approve import demand


def give_access(site: Site, actor: Actor, *, case_name: str, account_name: str, reason: str = "") -> bool:
    """Returns whether somebody had no access to a case and has it now. Audited.

    Args:
        site: of the case.
        actor: who gives it.
        case_name: of the case.
        account_name: of whoever gets it.
        reason: for the person who approves it, where the site demands that.

    Raises:
        NotFound: if there is no such case or account.
        ApprovalNeeded: if the site demands that another person approves it.
    """
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
        account = accounts.get_account(connection, account_name)
        if case_access.find_open_case(connection, account.account_id, case.case_id) is not None:
            return False
    demand(site, actor, act=Act.CASE_ACCESS_GIVEN, case=case, subject={"account": account.name}, reason=reason)
    with site.database.write() as connection:
        return record_access(connection, actor, case, account)


def record_access(connection: Connection, actor: Actor, case: Case, account: Account) -> bool:
    """Returns whether an account had no access to a case and has it now. Audited.

    For workflows that give it together with something else, in one transaction: whoever opens a case has access to it.
    """
    at = actor.clock()
    is_new = case_access.give_access(connection, case.case_id, account.account_id, person=actor.person, at=at)
    if is_new:
        _audit(connection, actor, Act.CASE_ACCESS_GIVEN, case, account)
    return is_new


def take_access(site: Site, actor: Actor, *, case_name: str, account_name: str) -> bool:
    """Returns whether somebody had access to a case and has none any more, from the next request on. Audited.

    Raises:
        NotFound: if there is no such case or account.
    """
    with site.database.write() as connection:
        case = cases.get_case(connection, case_name)
        account = accounts.get_account(connection, account_name)
        had = case_access.take_access(connection, case.case_id, account.account_id)
        if had:
            _audit(connection, actor, Act.CASE_ACCESS_TAKEN, case, account)
        return had


def _audit(connection: Connection, actor: Actor, act: Act, case: Case, account: Account) -> None:
    subject: dict[str, str | int | None] = {"case": case.name, "account": account.name}
    audit.append_event(connection, at=actor.clock(), person=actor.person, act=act, subject=subject)
