"""``varde grade``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.errors import WrongUse
from varde.workflows import grade_items


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="ITEM... CODE")
@click.option("--note", default="", help="Your own words on the decision.")
@click.option("--withdraw", is_flag=True, help="Withdraw the grade in force; give items only.")
@with_session
def grade(session: Session, words: tuple[str, ...], note: str, withdraw: bool) -> None:
    """Record your grade of one or more items: a code on the scheme of their case.

    Decisions are appended, never changed; the newest is in force.

    \b
    Examples:
      varde grade 17 5
      varde grade 18 19 20 1 --note "same series"
      varde grade 17 --withdraw
    """
    code = None if withdraw else words[-1]
    numbers = words if withdraw else words[:-1]
    if not numbers or not all(number.isdecimal() for number in numbers):
        raise WrongUse("give item numbers and then a code", advice="For example: varde grade 17 5")
    item_ids = list(dict.fromkeys(int(number) for number in numbers))
    decided = grade_items.grade_items(session.open(), session.actor, item_ids=item_ids, code=code, note=note)
    if session.as_json:
        output.write_json({"items": item_ids, "grade": str(decided) if decided else None})
    what = f"graded {decided}" if decided else "without a grade now"
    output.say(f"{output.count(len(item_ids), 'item is', 'items are')} {what}, decided by {session.actor.person}.")
