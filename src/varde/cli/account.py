"""``varde account``."""

from __future__ import annotations

import sys
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.account import Account, Role
from varde.core.errors import WrongUse
from varde.store import accounts
from varde.store.types import write_utc
from varde.workflows import manage_accounts
from varde.workflows.manage_accounts import NewPassword

_COLUMNS = ("account", "full_name", "roles", "state", "second_factor", "created_at", "created_by")
_MOST_CHARACTERS = 1_000
_ROLES = click.Choice([role.value for role in Role])


@click.group()
def account() -> None:
    """Give people accounts for the pages, and change what they may do."""


@account.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=_ROLES, help="What the person is here (repeat).")
@click.option("--full-name", default="", help="As others know the person.")
@click.option("--ask", is_flag=True, help="Ask for the password, or read it from standard input.")
@click.option("--final", is_flag=True, help="The password need not be changed at the first login.")
@with_session
def add(session: Session, name: str, roles: tuple[str, ...], full_name: str, ask: bool, final: bool) -> None:
    """Add an account called NAME and show its one-time password, once.

    With --ask the password is asked for, or is the first line of standard input; it is never an argument.

    \b
    Examples:
      varde account add anna --role examiner --full-name "Anna Andersen"
      varde account add anna --role supervisor --ask < password.txt
    """
    made = manage_accounts.add_account(
        session.open(),
        session.actor,
        name=name,
        full_name=full_name,
        roles=[Role(role) for role in roles],
        password=_read_password() if ask else None,
        must_change=not final,
    )
    _tell(session, made, was_asked=ask, what="was added")


@account.command("list")
@with_session
def list_(session: Session) -> None:
    """List all accounts, also those that were disabled.

    \b
    Example:
      varde account list
    """
    site = session.open()
    with site.database.read() as connection:
        rows = [_describe(one) for one in accounts.list_accounts(connection)]
    if session.as_json:
        output.write_json(rows)
    else:
        output.write_rows(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


@account.command("change")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=_ROLES, help="Replaces all roles (repeat).")
@click.option("--full-name", help="As others know the person.")
@click.option("--remove-second-factor", is_flag=True, help="For somebody who lost it; ends the sessions.")
@with_session
def change(
    session: Session, name: str, roles: tuple[str, ...], full_name: str | None, remove_second_factor: bool
) -> None:
    """Change what the account called NAME may do, or is called.

    \b
    Example:
      varde account change anna --role examiner --role set_manager
    """
    if not roles and full_name is None and not remove_second_factor:
        raise WrongUse("nothing is to be changed", advice="Give --role, --full-name or --remove-second-factor.")
    site, actor = session.open(), session.actor
    if full_name is not None:
        manage_accounts.change_full_name(site, actor, name, full_name)
    if remove_second_factor:
        manage_accounts.remove_second_factor(site, actor, name)
    if roles:
        manage_accounts.change_roles(site, actor, name, [Role(role) for role in roles])
    with site.database.read() as connection:
        changed = accounts.get_account(connection, name)
    _show(session, changed)
    output.say(f"Account {name} was changed. It holds from the next request on.")


@account.command("disable")
@click.argument("name")
@with_session
def disable(session: Session, name: str) -> None:
    """Let nobody in with the account called NAME any more, and end its sessions.

    \b
    Example:
      varde account disable anna
    """
    _show(session, manage_accounts.disable_account(session.open(), session.actor, name))
    output.say(f"Account {name} lets nobody in any more.")


@account.command("enable")
@click.argument("name")
@with_session
def enable(session: Session, name: str) -> None:
    """Let the owner of the account called NAME in again.

    \b
    Example:
      varde account enable anna
    """
    _show(session, manage_accounts.enable_account(session.open(), session.actor, name))
    output.say(f"Account {name} lets its owner in again.")


@account.command("password")
@click.argument("name")
@click.option("--random", "is_random", is_flag=True, help="Make a one-time password and show it, once.")
@click.option("--final", is_flag=True, help="The password need not be changed at the next login.")
@with_session
def password(session: Session, name: str, is_random: bool, final: bool) -> None:
    """Give the account called NAME another password, and end its sessions.

    The password is asked for, or is the first line of standard input; it is never an argument.

    \b
    Examples:
      varde account password anna
      varde account password anna --random
    """
    chosen = None if is_random else _read_password()
    made = manage_accounts.reset_password(session.open(), session.actor, name, chosen, must_change=not final)
    _tell(session, made, was_asked=not is_random, what="has another password")


def _read_password() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline(_MOST_CHARACTERS + 2).rstrip("\r\n")


def _tell(session: Session, made: NewPassword, *, was_asked: bool, what: str) -> None:
    if session.as_json:
        output.write_json(_describe(made.account) | ({} if was_asked else {"password": made.password}))
    elif not was_asked:
        print(made.password)
    output.say(f"Account {made.account.name} {what}.")
    if not was_asked:
        output.say("Its one-time password is shown this once.")
    if made.account.must_change_password:
        output.say("It has to be changed at the next login.")


def _show(session: Session, one: Account) -> None:
    if session.as_json:
        output.write_json(_describe(one))


def _describe(one: Account) -> dict[str, Any]:
    return {
        "account": one.name,
        "full_name": one.full_name,
        "roles": sorted(role.value for role in one.roles),
        "state": "active" if one.disabled_at is None else "disabled",
        "must_change_password": one.must_change_password,
        "second_factor": one.has_second_factor,
        "created_at": write_utc(one.created_at),
        "created_by": one.created_by,
    }
