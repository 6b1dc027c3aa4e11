"""``varde find``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.item import describe_item, write_items
from varde.cli.options import Session, with_session
from varde.workflows import find_items


@click.command()
@click.argument("text")
@click.option("--case", "case_name", help="Look in one case only.")
@click.option("--limit", type=click.IntRange(1, 1 << 62), default=1000, show_default=True, help="Most items shown.")
@with_session
def find(session: Session, text: str, case_name: str | None, limit: int) -> None:
    """Find items by digest (MD5, SHA-1, SHA-256) or by a part of their place.

    \b
    Examples:
      varde find d41d8cd98f00b204e9800998ecf8427e
      varde find holiday --case 2026-0042
    """
    found = find_items.find_items(session.open(), text, case_name=case_name, limit=limit)
    write_items(session, (describe_item(record) for record in found))
    more = " (there may be more: --limit)" if len(found) == limit else ""
    output.say(f"{output.count(len(found), 'item')}{more}.")
