"""``varde case access``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.store import case_access, cases
from varde.workflows import give_access


@click.group("access")
def access() -> None:
    """Say who sees a case on the pages, and change it.

    \b
    Example:
      varde case access give 2026-0042 anna
    """


@access.command("list")
@click.argument("name", metavar="CASE")
@with_session
def list_(session: Session, name: str) -> None:
    """List the accounts that have access to a case.

    \b
    Example:
      varde case access list 2026-0042
    """
    site = session.open()
    with site.database.read() as connection:
        people = case_access.list_people(connection, cases.get_case(connection, name).case_id)
    rows = [
        {
            "account": one.name,
            "full_name": one.full_name,
            "roles": sorted(role.value for role in one.roles),
            "state": "active" if one.disabled_at is None else "disabled",
        }
        for one in people
    ]
    if session.as_json:
        output.write_json(rows)
    else:
        output.write_rows(["account", "full_name", "roles", "state"], [list(row.values()) for row in rows])


@access.command("give")
@click.argument("name", metavar="CASE")
@click.argument("account")
@click.option("--reason", default="", help="For who approves it, where the site demands that.")
@with_session
def give(session: Session, name: str, account: str, reason: str) -> None:
    """Give an account access to a case.

    \b
    Example:
      varde case access give 2026-0042 anna
    """
    site, actor = session.open(), session.actor
    was_new = give_access.give_access(site, actor, case_name=name, account_name=account, reason=reason)
    if session.as_json:
        output.write_json({"case": name, "account": account, "changed": was_new})
    output.say(f"{account} has access to {name}{'' if was_new else ' already'}.")


@access.command("take")
@click.argument("name", metavar="CASE")
@click.argument("account")
@with_session
def take(session: Session, name: str, account: str) -> None:
    """Take an account's access to a case away.

    \b
    Example:
      varde case access take 2026-0042 anna
    """
    had = give_access.take_access(session.open(), session.actor, case_name=name, account_name=account)
    if session.as_json:
        output.write_json({"case": name, "account": account, "changed": had})
    output.say(f"{account} has no access to {name}{' any more' if had else ', and had none'}.")
