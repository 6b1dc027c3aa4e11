"""``varde token``."""

from __future__ import annotations

from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.access import Right, Token
from varde.store import tokens
from varde.store.types import write_utc
from varde.workflows import manage_tokens

_COLUMNS = ("token", "rights", "state", "expires_at", "created_at", "created_by")


@click.group()
def token() -> None:
    """Give programs access to the site's interface, and take it back."""


@token.command("add")
@click.argument("name")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice([right.value for right in Right]),
    help="What it may do (repeat).",
)
@click.option("--days", type=int, help="How long it is valid; default: until it is revoked.")
@with_session
def add(session: Session, name: str, rights: tuple[str, ...], days: int | None) -> None:
    """Make a token called NAME and show its secret, once: only a digest of it is kept.

    \b
    Examples:
      varde token add platform-a --right hash --right lookup --days 365
      varde token add monitoring --right status
    """
    chosen = [Right(right) for right in rights]
    made = manage_tokens.add_token(session.open(), session.actor, name=name, rights=chosen, valid_days=days)
    if session.as_json:
        output.write_json(_describe(session, made.token) | {"secret": made.secret})
    else:
        print(made.secret)
    output.say(f"Token {name} was made. Its secret is shown this once; send it as `Authorization: Bearer SECRET`.")


@token.command("list")
@with_session
def list_(session: Session) -> None:
    """List all tokens, also those that were revoked or have expired; no secret is shown.

    \b
    Example:
      varde token list
    """
    site = session.open()
    with site.database.read() as connection:
        rows = [_describe(session, one) for one in tokens.list_tokens(connection)]
    if session.as_json:
        output.write_json(rows)
    else:
        output.write_rows(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


@token.command("revoke")
@click.argument("name")
@with_session
def revoke(session: Session, name: str) -> None:
    """Take back the token called NAME: from the next request on it lets nobody in.

    \b
    Example:
      varde token revoke platform-a
    """
    revoked = manage_tokens.revoke_token(session.open(), session.actor, name)
    if session.as_json:
        output.write_json(_describe(session, revoked))
    output.say(f"Token {name} lets nobody in any more.")


def _describe(session: Session, one: Token) -> dict[str, Any]:
    return {
        "token": one.name,
        "rights": sorted(right.value for right in one.rights),
        "state": _find_state(session, one),
        "expires_at": write_utc(one.expires_at) if one.expires_at else None,
        "created_at": write_utc(one.created_at),
        "created_by": one.created_by,
    }


def _find_state(session: Session, one: Token) -> str:
    if one.revoked_at is not None:
        return "revoked"
    return "valid" if one.is_valid(session.actor.clock()) else "expired"
