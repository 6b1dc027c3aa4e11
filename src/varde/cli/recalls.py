"""How recalls are told: what was withdrawn or disputed after somebody had acted on a match with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.store import cases
from varde.store.recall_words import write_recall
from varde.store.recalls import ActedItem, Deed, Recall, list_recalls
from varde.store.types import write_utc

_HINT = "`varde known recalls` shows who did what; a new decision on an item settles it."


@click.command("recalls")
@click.option("--case", "case_name", metavar="CASE", help="Only of this case.")
@click.option("--open", "only_open", is_flag=True, help="Only with an item that nobody decided on again since.")
@with_session
def recalls(session: Session, case_name: str | None, only_open: bool) -> None:
    """Show what was withdrawn, disputed or described anew after somebody acted on a match with it.

    For every case: which items were graded or exported while they matched, by whom, and which reports were written.
    An item is settled once a person decides on it again, be it with the same grade.

    \b
    Example:
      varde known recalls --case 2026-0042
    """
    site = session.open()
    with site.database.read() as connection:
        case_id = cases.get_case(connection, case_name).case_id if case_name else None
        found = [one for one in list_recalls(connection, case_id) if one.open_items or not only_open]
    if session.as_json:
        output.write_json([describe_recall(recall) for recall in found])
        return
    for recall in found:
        print(output.make_printable(write_recall(recall)))
        for item in recall.items:
            print(output.make_printable(f"  {_say_item(item)}"))
        for deed in recall.reports:
            print(output.make_printable(f"  {_say_deed(deed)}"))
    output.say(f"{output.count(len(found), 'recall')}, {output.count(_count_open(found), 'item')} not settled.")


def say_recalls(found: Iterable[Recall]) -> None:
    """Says for people that there are recalls with items that nobody decided on again."""
    still = [recall for recall in found if recall.open_items]
    for recall in still:
        output.say(f"Recall: {write_recall(recall)}")
    if still:
        output.say(_HINT)


def describe_recall(recall: Recall) -> dict[str, Any]:
    """Returns a recall as JSON has it."""
    return {
        "case": recall.case,
        "set": recall.set_name,
        "version": recall.set_version,
        "entries": list(recall.entries),
        "act": recall.act.value,
        "at": write_utc(recall.at),
        "person": recall.person,
        "reason": recall.reason,
        "matched": recall.matched,
        "open": len(recall.open_items),
        "people": list(recall.people),
        "items": [_describe_item(item) for item in recall.items],
        "reports": [_describe_deed(deed) for deed in recall.reports],
    }


def _describe_item(item: ActedItem) -> dict[str, Any]:
    return {
        "item": item.item_id,
        "exhibit": item.exhibit,
        "locator": item.locator,
        "entry": item.entry,
        "found_at": write_utc(item.found_at),
        "settled": item.decided_since,
        "deeds": [_describe_deed(deed) for deed in item.deeds],
    }


def _describe_deed(deed: Deed) -> dict[str, Any]:
    return {"person": deed.person, "at": write_utc(deed.at), "what": deed.what}


def _say_item(item: ActedItem) -> str:
    deeds = "; ".join(_say_deed(deed) for deed in item.deeds)
    settled = "decided again since" if item.decided_since else "not decided again"
    return f"item {item.item_id}, exhibit {item.exhibit}, {item.locator}, entry {item.entry}: {deeds} ({settled})"


def _say_deed(deed: Deed) -> str:
    return f"{deed.person} {deed.what}, {write_utc(deed.at)}"


def _count_open(found: Iterable[Recall]) -> int:
    return sum(len(recall.open_items) for recall in found)
