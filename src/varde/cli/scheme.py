"""``varde scheme``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.store import schemes
from varde.workflows import add_scheme


@click.group()
def scheme() -> None:
    """List grade schemes and add the agency's own."""


@scheme.command("list")
@with_session
def list_(session: Session) -> None:
    """List the grade schemes of the site.

    \b
    Example:
      varde scheme list
    """
    site = session.open()
    with site.database.read() as connection:
        found = schemes.list_schemes(connection)
    if session.as_json:
        output.write_json([{"scheme": one.key, "codes": list(one.codes)} for one in found])
    else:
        output.write_rows(["scheme", "codes"], [(one.key, " ".join(one.codes)) for one in found])


@scheme.command("add")
@click.argument("key", metavar="NAME@VERSION")
@click.argument("codes", nargs=-1, required=True)
@with_session
def add(session: Session, key: str, codes: tuple[str, ...]) -> None:
    """Add a grade scheme with its CODES, in the agency's order.

    \b
    Example:
      varde scheme add unit4@2026 red amber green
    """
    made = add_scheme.add_scheme(session.open(), session.actor, key=key, codes=codes)
    if session.as_json:
        output.write_json({"scheme": made.key, "codes": list(made.codes)})
    output.say(f"Scheme {made.key} has {len(made.codes)} codes.")
