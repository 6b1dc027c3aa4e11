"""``varde exchange``."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any

import click

from varde.cli import exchange_deltas, output
from varde.cli.options import Session, with_session
from varde.core.errors import IntegrityFailure, VardeError, WrongUse
from varde.core.known import SetRole
from varde.known.exchange import Feedback
from varde.known.exchange_registry import NAMES
from varde.store import exchanges, known_sets
from varde.store.exchanges import Exchange
from varde.store.known_sets import KnownSet
from varde.store.site import Site
from varde.store.types import write_utc
from varde.workflows import exchange_known_set, manage_exchanges
from varde.workflows.exchange_known_set import FetchResult
from varde.workflows.manage_exchanges import NewExchange

_EVERY_S = 5.0
_COLUMNS = ("exchange", "api", "set", "version", "entries", "enabled", "fetched_at", "reached", "failure")
_FETCHED = ("exchange", "added", "superseded", "removed", "disputed", "unreadable", "failure")


@click.group()
def exchange() -> None:
    """Exchange known material with other organisations and sites."""


for _command in exchange_deltas.COMMANDS:
    exchange.add_command(_command)


@exchange.command("add")
@click.argument("name")
@click.option("--api", required=True, type=click.Choice(NAMES), help="Interface it is reached through.")
@click.option("--setting", "settings", multiple=True, metavar="NAME=VALUE", help="Setting of the interface (repeat).")
@click.option("--credential-file", default="", metavar="FILE", help="File of mode 0600 with the credential.")
@click.option("--credential-variable", default="", metavar="NAME", help="Environment variable with the credential.")
@click.option("--known-set", default="", help="Known set it fills; default: NAME.")
@click.option("--version", "set_version", default="live", show_default=True, help="Version of that set.")
@click.option("--owner", default="", help="Authority the material comes from.")
@click.option("--role", type=click.Choice([role.value for role in SetRole]), default="alert", show_default=True)
@click.option("--scheme", default="", metavar="NAME@VERSION", help="Grade scheme of its codes; default: the API's own.")
@with_session
def add(
    session: Session,
    name: str,
    api: str,
    settings: tuple[str, ...],
    credential_file: str,
    credential_variable: str,
    known_set: str,
    set_version: str,
    owner: str,
    role: str,
    scheme: str,
) -> None:
    """Add an exchange called NAME, with a known set that it fills; nothing is fetched yet.

    \b
    Examples:
      varde exchange add ncmec --api ncmec --setting environment=LawEnforcement --credential-file ~/ncmec.txt
      varde exchange add north --api site --scheme vics-us@2.0 --owner "Unit North"
    """
    new = NewExchange(
        name=name,
        api=api,
        settings=dict(_split(setting) for setting in settings),
        credential_file=str(Path(credential_file).expanduser().absolute()) if credential_file else "",
        credential_variable=credential_variable,
        set_name=known_set,
        set_version=set_version,
        owner=owner,
        role=SetRole(role),
        scheme=scheme,
    )
    site = session.open()
    added = manage_exchanges.add_exchange(site, session.actor, new)
    if session.as_json:
        output.write_json(_describe(site, added))
    follows = f"`varde exchange fetch {shlex.quote(name)}` brings what it has."
    if api == "site":
        follows = f"Say whose deltas are trusted: varde exchange trust {shlex.quote(name)} KEYFILE"
    output.say(f"Added the exchange {name}. {follows}")


def _split(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals or not name or not value:
        raise WrongUse(f"{setting!r} is no NAME=VALUE", advice="Write it like --setting environment=LawEnforcement.")
    return name, str(Path(value).expanduser().absolute()) if name == "path" else value


@exchange.command("list")
@with_session
def list_(session: Session) -> None:
    """List all exchanges, how far they are, and why their last fetch failed.

    \b
    Example:
      varde exchange list
    """
    site = session.open()
    with site.database.read() as connection:
        found = exchanges.list_exchanges(connection)
    rows = [_describe(site, one) for one in found]
    if session.as_json:
        output.write_json(rows)
        return
    output.write_rows(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


@exchange.command("enable")
@click.argument("name")
@with_session
def enable(session: Session, name: str) -> None:
    """Fetch the exchange NAME again.

    \b
    Example:
      varde exchange enable ncmec
    """
    _switch(session, name, enabled=True)


@exchange.command("disable")
@click.argument("name")
@with_session
def disable(session: Session, name: str) -> None:
    """Fetch the exchange NAME no more; its known set stays.

    \b
    Example:
      varde exchange disable ncmec
    """
    _switch(session, name, enabled=False)


def _switch(session: Session, name: str, *, enabled: bool) -> None:
    site = session.open()
    manage_exchanges.set_enabled(site, session.actor, name, enabled=enabled)
    if session.as_json:
        with site.database.read() as connection:
            found = exchanges.get_exchange(connection, name)
        output.write_json(_describe(site, found))


@exchange.command("fetch")
@click.argument("name", default="")
@click.option("--everything", is_flag=True, help="From the beginning, and withdraw what does not come any more.")
@with_session
def fetch(session: Session, name: str, everything: bool) -> int:
    """Fetch what changed at the exchange NAME, or at all that are enabled.

    It can be stopped at any time: what came completely stays, and the next fetch goes on from there.

    \b
    Examples:
      varde exchange fetch
      varde exchange fetch ncmec --everything
    """
    site = session.open()
    if name:
        rows = [_fetch(site, session, name, everything=everything)]
    else:
        rows = _fetch_all(site, session, everything=everything)
    if session.as_json:
        output.write_json(rows)
    else:
        output.write_rows(_FETCHED, [[row[column] for column in _FETCHED] for row in rows])
    if any(row["added"] or row["superseded"] for row in rows):
        output.say("Earlier items are compared with what is new at the next `varde process`.")
    return int(any(row["failure"] or row["unreadable"] for row in rows))


def _fetch_all(site: Site, session: Session, *, everything: bool) -> list[dict[str, Any]]:
    """Returns what came from each; one that fails does not keep the others from being fetched."""
    with site.database.read() as connection:
        found = exchanges.list_exchanges(connection)
    rows = []
    for one in found:
        if not one.is_enabled or one.api not in NAMES or (one.api == "site" and "path" not in one.settings):
            continue
        try:
            rows.append(_fetch(site, session, one.name, everything=everything))
        except IntegrityFailure:
            raise
        except VardeError as error:
            output.say(f"varde: {one.name}: {error}")
            rows.append(_describe_result(one.name, FetchResult()) | {"failure": str(error)})
    return rows


def _fetch(site: Site, session: Session, name: str, *, everything: bool) -> dict[str, Any]:
    told = _Progress(name)
    result = exchange_known_set.fetch_exchange(site, session.actor, name, told.update, everything=everything)
    say_notes(name, result)
    return _describe_result(name, result)


def say_notes(name: str, result: FetchResult) -> None:
    """Says what a person should know of a fetch."""
    for note in result.notes:
        output.say(f"Note: {name}: {note}")
    if result.unreadable:
        records = output.count(result.unreadable, "record")
        output.say(f"Mind: {name}: {records} could not be read and are not in the set.")


class _Progress:
    def __init__(self, name: str) -> None:
        self._name = name
        self._said = time.monotonic()

    def update(self, result: FetchResult, reached: str) -> None:
        if time.monotonic() - self._said > _EVERY_S:
            self._said = time.monotonic()
            output.say(f"{self._name}: up to {reached}, {result.added + result.superseded:,} entries so far")


@exchange.command("feedback")
@click.argument("name")
@click.argument("entry")
@click.option("--affirmative/--negative", default=None, help="Whether this site agrees with the entry.")
@click.option("--reason", default="", help="Why not, in the exchange's own terms.")
@click.option("--fingerprint", default="", help="Which of the entry's hashes it is about, such as md5.")
@with_session
def feedback(session: Session, name: str, entry: str, affirmative: bool | None, reason: str, fingerprint: str) -> None:
    """Tell the exchange NAME what this site thinks of its ENTRY, named by the exchange's own identifier.

    \b
    Examples:
      varde exchange feedback ncmec 42-abc --affirmative --fingerprint md5
      varde exchange feedback ncmec 42-abc --negative --reason "Not CSAM" --fingerprint md5
    """
    if affirmative is None:
        raise WrongUse("it needs an opinion", advice="Say --affirmative or --negative.")
    told = Feedback(entry, affirmative, reason, fingerprint)
    manage_exchanges.send_feedback(session.open(), session.actor, name, told)
    if session.as_json:
        output.write_json({"exchange": name, "entry": entry, "affirmative": affirmative, "reason": reason})
    output.say(f"Told {name}.")


def _describe(site: Site, one: Exchange) -> dict[str, Any]:
    with site.database.read() as connection:
        known_set: KnownSet = known_sets.get_set_by_id(connection, one.set_id)
        checkpoint = exchanges.read_checkpoint(connection, one)
    return {
        "exchange": one.name,
        "api": one.api,
        "set": known_set.name,
        "version": known_set.version,
        "entries": known_set.entries,
        "enabled": one.is_enabled,
        "fetched_at": write_utc(one.fetched_at) if one.fetched_at else None,
        "reached": checkpoint or None,
        "failure": one.failure or None,
        "settings": one.settings,
        "added_at": write_utc(one.added_at),
        "added_by": one.added_by,
    }


def _describe_result(name: str, result: FetchResult) -> dict[str, Any]:
    return {
        "exchange": name,
        "added": result.added,
        "superseded": result.superseded,
        "removed": result.removed,
        "disputed": result.disputed,
        "unreadable": result.unreadable,
        "transactions": result.ranges,
        "reached": result.checkpoint or None,
        "notes": list(result.notes),
        "failure": None,
    }
