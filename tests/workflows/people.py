"""Accounts and cases for tests about people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from varde.core.account import Account, Role
from varde.core.case import Case
from varde.store import accounts, case_access, cases
from varde.store.site import Site
from varde.workflows.actor import Actor

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that tests put forward."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


def add_person(site: Site, name: str, *roles: Role) -> Account:
    """Adds an account that nobody can log in to, since no password fits."""
    with site.database.write() as connection:
        return accounts.add_account(
            connection,
            name=name,
            full_name=name.title(),
            roles=roles,
            password_hash="!",
            must_change_password=False,
            person="A. Operator",
            at=AT,
        )


def open_case(site: Site, name: str, *people: Account) -> Case:
    """Opens a case that these people have access to."""
    with site.database.write() as connection:
        case = cases.create_case(
            connection, name=name, authorisation="warrant 1", scheme="vics-us@2.0", person="A. Operator", at=AT
        )
        for account in people:
            case_access.give_access(connection, case.case_id, account.account_id, person="A. Operator", at=AT)
    return case


def list_acts(site: Site, *acts: str) -> list[tuple[str, dict[str, str | int | None]]]:
    """Returns who did what of these acts, and to what, oldest first; the chain is verified."""
    from varde.store import audit

    with site.database.read() as connection:
        audit.verify_chain(connection)
        return [(event.person, event.subject) for event in audit.list_events(connection) if event.act in acts]


def actor(name: str, clock: Clock | None = None) -> Actor:
    return Actor(name, clock or Clock())
