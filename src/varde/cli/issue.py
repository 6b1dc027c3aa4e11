"""``varde issue``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.store import cases, summary


@click.group()
def issue() -> None:
    """See what was not, or not fully, examined."""


@issue.command("list")
@click.argument("case")
@with_session
def list_(session: Session, case: str) -> None:
    """List every issue of CASE: place, step, code and cause.

    \b
    Example:
      varde issue list 2026-0042 --json
    """
    site = session.open()
    names = ("exhibit", "locator", "item", "step", "code", "cause")
    with site.database.read() as connection:
        found = summary.list_issues(connection, cases.get_case(connection, case).case_id)
        rows = (
            (one.exhibit, one.locator, one.item_id, one.issue.step.value, one.issue.code.value, one.issue.cause)
            for one in found
        )
        if session.as_json:
            output.write_json_list(dict(zip(names, row, strict=True)) for row in rows)
        else:
            output.write_rows(names, rows)
