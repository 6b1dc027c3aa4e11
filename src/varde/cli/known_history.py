"""``varde known show`` and ``varde known history``: what is in a set, what happened to it, what was known at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.errors import WrongUse
from varde.core.known import EntryState
from varde.store import find_known, floods, known_entries, known_history, known_sets
from varde.store.entry_facts import load_entry_facts
from varde.store.find_known import EntryWords
from varde.store.floods import Flood
from varde.store.known_at import KnownAt, read_known_at
from varde.store.known_entries import StoredEntry
from varde.store.known_history import KnownEvent, Revision
from varde.store.types import write_utc


class Moment(click.ParamType[datetime]):
    """A day, which means its last moment in UTC, or a time with its zone."""

    name = "time"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> datetime:
        """Returns the aware time."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a day such as 2026-03-03 nor a time such as 2026-03-03T12:00Z")
        if "T" not in value and " " not in value:
            return datetime.combine(moment.date(), time.max, UTC)
        if moment.tzinfo is None:
            self.fail(f"{value!r} does not say its zone; write Z for UTC")
        return moment


@click.command("show")
@click.argument("set_name", metavar="SET")
@click.argument("entries", metavar="[ENTRY]...", nargs=-1)
@click.option("--version", "set_version", help="Version of the set, where there are several.")
@click.option("--withdrawn", is_flag=True, help="Withdrawn entries too.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most entries shown.")
@with_session
def show(
    session: Session, set_name: str, entries: tuple[str, ...], set_version: str | None, withdrawn: bool, limit: int
) -> None:
    """Show the entries of SET, or some of them, with their state.

    An entry in quarantine matches so much that further matches are only counted; `varde known release` lifts it.

    \b
    Example:
      varde known show national 4711
    """
    site = session.open()
    with site.database.read() as connection:
        found = known_sets.get_set(connection, set_name, set_version)
        held = [flood for flood in floods.list_floods(connection, found.set_id) if flood.lasts]
        if entries:
            chosen = iter(find_known.find_entries(connection, found, EntryWords(entries)))
        else:
            chosen = known_entries.list_entries(connection, found.set_id, with_withdrawn=withdrawn)
        rows = [_describe_entry(one, held) for one in islice(chosen, limit)]
    if session.as_json:
        output.write_json(rows)
        return
    columns = ("entry", "row", "state", "code", "series", "hashes", "md5", "sha1", "sha256", "quarantine")
    output.write_rows(columns, [[row[name] for name in columns] for row in rows])
    if found.state.value != "active":
        output.say(f"The whole set {found.name} {found.version} is {found.state.value}.")
    if not entries and len(rows) == limit:
        output.say(f"Shown: the first {limit:,} of {output.count(found.entries, 'entry', 'entries')} (--limit).")


@click.command("history")
@click.argument("set_name", metavar="[SET]", default="")
@click.argument("entry", metavar="[ENTRY]", default="")
@click.option("--version", "set_version", help="Version of the set, where there are several.")
@click.option("--at", type=Moment(), metavar="TIME", help="What was known then: a day (its end, UTC) or a time.")
@click.option("--hash", "text", metavar="HEX", help="Of entries with this digest or PDQ hash, in all sets.")
@with_session
def history(
    session: Session, set_name: str, entry: str, set_version: str | None, at: datetime | None, text: str | None
) -> None:
    """Show what happened to SET, to an ENTRY of it, or to all entries with a hash; with --at, what was known then.

    Revisions are what a set's source changed; the other lines are what happened to entries or to the whole set.

    \b
    Examples:
      varde known history national 4711
      varde known history --at 2026-03-03
      varde known history --at 2026-03-03 --hash 0cc175b9c0f1b6a831c399e269772661
    """
    if entry and text:
        raise WrongUse("name an entry or a hash, not both")
    site = session.open()
    with site.database.read() as connection:
        known_set = known_sets.get_set(connection, set_name, set_version) if set_name else None
        set_id = known_set.set_id if known_set else None
        ids = find_known.find_hash(connection, set_id, text) if text else set()
        if entry:
            ids = {one.entry_id for one in find_known.find_entries(connection, known_set, EntryWords((entry,)))}
        if at is not None:
            rows = list(
                _list_known(connection, read_known_at(connection, at), set_id, ids, one_by_one=bool(entry or text))
            )
        else:
            rows = list(_list_changes(connection, set_id, ids, one_by_one=bool(entry or text)))
    if session.as_json:
        output.write_json(rows)
    elif rows:
        output.write_rows(tuple(rows[0]), [list(row.values()) for row in rows])
    if not rows:
        output.say("Nothing was known of it." if at is None else f"Nothing of it was known at {write_utc(at)}.")


def _list_known(
    connection: Any, known: KnownAt, set_id: int | None, ids: set[int], *, one_by_one: bool
) -> Iterator[dict[str, Any]]:
    """Yields the sets that were known at a time or, one by one, entries that were."""
    if one_by_one:
        for facts in load_entry_facts(connection, sorted(ids)).values():
            state = known.find_state(facts.set_id, facts.entry_id)
            if state is not None:
                named = {"set": facts.set_name, "version": facts.set_version, "role": facts.role.value}
                yield {**named, "entry": facts.name, "row": facts.entry_id, "code": facts.code, "state": state.value}
        return
    for one in known_sets.list_sets(connection):
        if one.imported_at <= known.at and set_id in (None, one.set_id):
            came, withdrawn = known.count(one.set_id), known.count(one.set_id, EntryState.WITHDRAWN)
            yield {
                "set": one.name,
                "version": one.version,
                "role": one.role.value,
                "state": known.get_set_state(one.set_id).value,
                "entries": came - withdrawn,
                "disputed": known.count(one.set_id, EntryState.DISPUTED),
                "withdrawn": withdrawn,
            }


def _list_changes(connection: Any, set_id: int | None, ids: set[int], *, one_by_one: bool) -> Iterator[dict[str, Any]]:
    names = {one.set_id: f"{one.name} {one.version}" for one in known_sets.list_sets(connection)}
    entries = {facts.entry_id: facts for facts in load_entry_facts(connection, ids).values()}
    sets = {facts.set_id for facts in entries.values()} if one_by_one else set(names)
    brought = [
        (revision.at, _describe_revision(revision, names))
        for revision in known_history.list_revisions(connection, set_id)
        if revision.set_id in sets and (not one_by_one or _brings(revision, ids))
    ]
    happened = [
        (event.at, _describe_event(event, names))
        for event in known_history.list_events(connection, set_id)
        if event.set_id in sets and (not one_by_one or event.entry_id is None or event.entry_id in ids)
    ]
    yield from (row for _, row in sorted(brought + happened, key=lambda change: change[0]))


def _brings(revision: Revision, ids: set[int]) -> bool:
    first, last = revision.first_entry_id, revision.last_entry_id
    return first is not None and last is not None and any(first <= entry_id <= last for entry_id in ids)


def _describe_revision(revision: Revision, names: dict[int, str]) -> dict[str, Any]:
    what = f"{revision.added:,} added, {revision.removed:,} taken back or described anew"
    return _row(revision.at, names[revision.set_id], None, "revision", revision.person, f"{revision.source}: {what}")


def _describe_event(event: KnownEvent, names: dict[int, str]) -> dict[str, Any]:
    return _row(event.at, names[event.set_id], event.entry_id, event.act.value, event.person, event.reason)


def _row(at: datetime, known_set: str, entry: int | None, what: str, person: str, why: str) -> dict[str, Any]:
    return {"at": write_utc(at), "set": known_set, "row": entry, "what": what, "person": person, "why": why}


def _describe_entry(one: StoredEntry, held: Iterable[Flood]) -> dict[str, Any]:
    entry = one.entry
    counted = [f"{flood.counted:,} by {flood.family}" for flood in held if flood.entry_id == one.entry_id]
    digests = {name: value.hex() if value else None for name, value in _digests(entry)}
    return {
        "entry": one.name,
        "row": one.entry_id,
        "state": one.state.value,
        "code": entry.code,
        "series": entry.series,
        "flags": {flag.value: value for flag, value in entry.flags},
        "hashes": len(entry.pdq),
        **digests,
        "line": entry.line,
        "quarantine": f"matches only counted: {', '.join(counted)}" if counted else None,
    }


def _digests(entry: Any) -> list[tuple[str, bytes | None]]:
    return [("md5", entry.md5), ("sha1", entry.sha1), ("sha256", entry.sha256)]
