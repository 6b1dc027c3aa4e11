"""``varde known withdraw``, ``dispute``, ``reinstate`` and ``release``."""

from __future__ import annotations

from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.cli.recalls import describe_recall, say_recalls
from varde.core.known import KnownAct
from varde.store.find_known import EntryWords
from varde.workflows import withdraw_known
from varde.workflows.withdraw_known import Changed, ChangeResult, Target

_SHOWN = 20


def _target(command: Any) -> Any:
    """Gives a command the arguments and options that say which entries, or which set, are meant."""
    for option in reversed(
        (
            click.argument("set_name", metavar="[SET]", default=""),
            click.argument("entries", metavar="[ENTRY]...", nargs=-1),
            click.option("--version", "set_version", help="Version of the set, where there are several."),
            click.option("--line", "lines", type=click.IntRange(1), multiple=True, help="Line in its file (repeat)."),
            click.option("--hash", "hashes", metavar="HEX", multiple=True, help="Digest or PDQ hash (repeat)."),
            click.option("--whole-set", is_flag=True, help="The set itself, with all it has or will have."),
            click.option("--reason", required=True, help="Why, for everybody who acted on a match."),
        )
    ):
        command = option(command)
    return command


@click.command("withdraw")
@_target
@with_session
def withdraw(session: Session, **words: Any) -> None:
    """Withdraw entries of SET, or the whole set: their matches are findings no more.

    ENTRY is the authority's identifier or, where none has it, the row number shown by `varde known show`. With --hash
    and no SET every entry with that hash is meant, in all sets. Matches are kept and shown in the history; everybody
    who graded or exported an item, or wrote a report, while it matched is named.

    \b
    Examples:
      varde known withdraw national 4711 --reason "wrong file, letter of 2 March"
      varde known withdraw --hash d41d8cd98f00b204e9800998ecf8427e --reason "empty file"
      varde known withdraw partner-list --whole-set --reason "recalled by its owner"
    """
    _change(session, KnownAct.WITHDRAWN, **words)


@click.command("dispute")
@_target
@with_session
def dispute(session: Session, **words: Any) -> None:
    """Record that entries of SET, or the whole set, are disputed: their matches stay, and say so.

    \b
    Example:
      varde known dispute national 4711 --reason "partner unit disagrees"
    """
    _change(session, KnownAct.DISPUTED, **words)


@click.command("reinstate")
@_target
@with_session
def reinstate(session: Session, **words: Any) -> None:
    """Make withdrawn or disputed entries of SET, or the whole set, count again.

    Nothing has to be compared again: entries are compared while they are withdrawn, too.

    \b
    Example:
      varde known reinstate national 4711 --reason "checked: it was right"
    """
    _change(session, KnownAct.REINSTATED, **words)


@click.command("release")
@click.argument("set_name", metavar="SET")
@click.argument("entry")
@click.option("--version", "set_version", help="Version of the set, where there are several.")
@with_session
def release(session: Session, set_name: str, entry: str, set_version: str | None) -> None:
    """Lift the quarantine of ENTRY of SET and compare it with everything again, without a limit.

    \b
    Example:
      varde known release national 4711
    """
    from varde.cli.hunt import say_new_matches  # and with it what compares, which takes a second to load
    from varde.workflows import hunt

    matches = hunt.release_entry(session.open(), session.actor, set_name, set_version, entry)
    if session.as_json:
        output.write_json({"items": sorted({match.item_id for match in matches})})
    else:
        say_new_matches(matches)
    items = len({match.item_id for match in matches})
    output.say(f"Released; {output.count(items, 'item')} more with a match to look at.")


def _change(
    session: Session,
    act: KnownAct,
    set_name: str,
    entries: tuple[str, ...],
    set_version: str | None,
    lines: tuple[int, ...],
    hashes: tuple[str, ...],
    whole_set: bool,
    reason: str,
) -> None:
    target = Target(set_name, set_version, EntryWords(entries, lines, hashes), whole_set=whole_set)
    result = withdraw_known.change_known(session.open(), session.actor, act, target, reason)
    if session.as_json:
        output.write_json(_describe(result))
    for one in result.changed[:_SHOWN]:
        output.say(f"{_name(one)}: {one.was.value} before, {one.now.value} now.")
    if len(result.changed) > _SHOWN:
        output.say(f"and {len(result.changed) - _SHOWN:,} more.")
    if result.unchanged:
        output.say(f"{result.unchanged:,} in that state already, left as before.")
    if result.suppressions:
        output.say(f"{output.count(result.suppressions, 'match', 'matches')} with other sets suppressed, or no longer.")
    say_recalls(result.recalls)
    if result.recalls:
        people = sorted({person for recall in result.recalls for person in recall.people})
        output.say(f"Tell them: {', '.join(people)}.")
    elif act is not KnownAct.REINSTATED and result.changed:
        output.say("Nobody graded, exported or reported anything while it matched.")


def _name(one: Changed) -> str:
    what = f"{one.set_name} {one.set_version}"
    return f"Entry {one.entry} of {what}" if one.entry else f"Set {what}"


def _describe(result: ChangeResult) -> dict[str, Any]:
    changed = [
        {"set": one.set_name, "version": one.set_version, "entry": one.entry or None, "was": one.was, "now": one.now}
        for one in result.changed
    ]
    return {
        "changed": changed,
        "unchanged": result.unchanged,
        "suppressions": result.suppressions,
        "recalls": [describe_recall(recall) for recall in result.recalls],
    }
