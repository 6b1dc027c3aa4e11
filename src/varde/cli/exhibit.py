"""``varde exhibit``."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.case import Exhibit, Keeping
from varde.core.errors import WrongUse
from varde.core.locator import escape
from varde.store import cases
from varde.workflows import open_case


@click.group()
def exhibit() -> None:
    """Add exhibits to a case and list them."""


@exhibit.command("add")
@click.argument("case")
@click.argument("path")
@click.option("--copy", is_flag=True, help="Keep a verified copy of every file in the site.")
@click.option("--process", "process_now", is_flag=True, help="Process the case right away.")
@with_session
def add(session: Session, case: str, path: str, copy: bool, process_now: bool) -> int:
    """Add the folder or file PATH to CASE as its next exhibit.

    The exhibit stays where it is and is only read. Without --copy it must stay reachable: its bytes are verified
    against their digests whenever they are read again.

    \b
    Example:
      varde exhibit add 2026-0042 /evidence/laptop --process
    """
    if not path:
        raise WrongUse("no path was given for the exhibit", advice="Is a variable empty that should hold it?")
    site = session.open()
    keeping = Keeping.COPY if copy else Keeping.REFERENCE
    added = open_case.add_exhibit(site, session.actor, case_name=case, path=Path(path), keeping=keeping)
    output.say(f"Added {added.path} to {case} as exhibit {added.number} ({keeping.value}).")
    if process_now:
        from varde.cli.process import run_processing  # and with it what compares, which takes a second to load

        return run_processing(session, site, case)
    if session.as_json:
        output.write_json(_describe(added))
    output.say(f"Next: varde process {shlex.quote(case)}")
    return 0


@exhibit.command("list")
@click.argument("case")
@with_session
def list_(session: Session, case: str) -> None:
    """List the exhibits of CASE.

    \b
    Example:
      varde exhibit list 2026-0042
    """
    site = session.open()
    with site.database.read() as connection:
        found = cases.list_exhibits(connection, cases.get_case(connection, case).case_id)
    rows = [_describe(one) for one in found]
    if session.as_json:
        output.write_json(rows)
    else:
        output.write_rows(
            ["number", "keeping", "walked", "path"],
            [(row["number"], row["keeping"], row["walked"], row["path"]) for row in rows],
        )


def _describe(one: Exhibit) -> dict[str, Any]:
    return {
        "number": one.number,
        "path": escape(os.fsencode(one.path)),
        "keeping": one.keeping.value,
        "walked": one.walked,
    }
