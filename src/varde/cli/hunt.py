"""``varde hunt``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from typing import Any

import click

from varde.cli import output
from varde.cli.index_damage import say_damage
from varde.cli.options import Session, with_session
from varde.cli.process import say_not_recorded
from varde.cli.recalls import describe_recall, say_recalls
from varde.store.new_matches import NewMatch
from varde.workflows import hunt as hunt_workflow
from varde.workflows.hunt import HuntResult

_SHOWN = 20
"""Items of one entry that are written one by one for people; JSON holds all."""


@click.command()
@with_session
def hunt(session: Session) -> None:
    """Compare the items of all cases with known material that came since, without reading any file again.

    Shows which items match now, by case and known entry, who graded them already, and what was withdrawn or disputed
    after somebody acted on it. `varde process` does the same at its end.

    \b
    Example:
      varde hunt --json
    """
    site = session.open()
    result = hunt_workflow.hunt(site, session.actor)
    if session.as_json:
        output.write_json(_describe(result))
    else:
        say_new_matches(result.matches)
    cases = len({match.case for match in result.matches})
    items = len({match.item_id for match in result.matches})
    if result.was_up_to_date:
        output.say("Everything was compared already.")
    else:
        output.say(
            f"New: {output.count(items, 'item')} in {output.count(cases, 'case')} to look at; "
            f"matches in all: {result.count.by_digest:,} by digest, {result.count.perceptual:,} perceptual, "
            f"{result.count.by_features:,} by local features."
        )
    if result.suppressed:
        output.say(f"Suppressed by negative sets: {output.count(result.suppressed, 'match', 'matches')} of these.")
    if result.withdrawn:
        output.say(f"With withdrawn entries, so none: {output.count(result.withdrawn, 'match', 'matches')} of these.")
    say_not_recorded(result.count)
    say_damage(site)
    say_recalls(result.recalls)


def say_new_matches(matches: Iterable[NewMatch]) -> None:
    """Writes the new matches for people, by case and known entry."""
    for (case, *known), found in groupby(matches, lambda match: (match.case, *_name_entry(match))):
        of_entry = list(found)
        print(f"Case {output.make_printable(case)}: entry {known[2]} of {known[0]} {known[1]}")
        for match in of_entry[:_SHOWN]:
            graded = f"; graded {match.grade} by {match.decided_by}" if match.grade else ""
            place = f"item {match.item_id}, exhibit {match.exhibit}, {match.locator}"
            print(output.make_printable(f"  {place} ({match.method}, distance {match.distance}{graded})"))
        if len(of_entry) > _SHOWN:
            print(f"  and {len(of_entry) - _SHOWN:,} more; --json holds all")


def _name_entry(match: NewMatch) -> tuple[str, str, str]:
    return match.set_name, match.set_version, match.entry


def _describe(result: HuntResult) -> dict[str, Any]:
    return {
        "up_to_date": result.was_up_to_date,
        **result.count.describe(),
        "suppressed": result.suppressed,
        "withdrawn": result.withdrawn,
        "matches": [asdict(match) for match in result.matches],
        "recalls": [describe_recall(recall) for recall in result.recalls],
    }
