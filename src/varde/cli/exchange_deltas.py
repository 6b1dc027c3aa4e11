"""``varde exchange key``, ``trust``, ``export`` and ``import``: known sets between sites."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.errors import WrongUse
from varde.known.exchanges.site_delta import describe_key
from varde.store import keys
from varde.workflows import export_deltas, import_deltas


@click.command("key")
@with_session
def key(session: Session) -> None:
    """Show this site's public key, for sites that shall trust its deltas.

    \b
    Example:
      varde exchange key > north.pem
    """
    raw = session.open().public_key()
    text, fingerprint = keys.write_public_key(raw), describe_key(raw)
    if session.as_json:
        output.write_json({"public_key": text, "fingerprint": fingerprint})
    else:
        print(text, end="")
    output.say(f"Fingerprint, to be compared by another way, such as by telephone: {fingerprint}")


@click.command("trust")
@click.argument("name")
@click.argument("keyfile", type=click.Path(path_type=Path))
@with_session
def trust(session: Session, name: str, keyfile: Path) -> None:
    """Trust deltas for the exchange NAME that are signed with the key in KEYFILE.

    \b
    Example:
      varde exchange trust north north.pem
    """
    try:
        text = keyfile.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{keyfile} cannot be read: {error}") from error
    fingerprint = import_deltas.trust_key(session.open(), session.actor, name, text)
    if session.as_json:
        output.write_json({"exchange": name, "fingerprint": fingerprint})
    output.say(f"Deltas for {name} are trusted if they are signed with the key {fingerprint}.")


@click.command("export")
@click.argument("known_set", metavar="SET")
@click.option("--output", "target", required=True, type=click.Path(path_type=Path), help="New file to write.")
@click.option("--version", "set_version", help="Version of the set, where there are several.")
@click.option("--full", is_flag=True, help="Everything, for sites that missed deltas.")
@click.option("--revision", type=int, help="An earlier delta once more.")
@with_session
def export(
    session: Session, known_set: str, target: Path, set_version: str | None, full: bool, revision: int | None
) -> None:
    """Export what became of a known SET since its last delta, signed with this site's key; the first holds everything.

    \b
    Examples:
      varde exchange export national --output national-0001.delta
      varde exchange export national --output national-full.delta --full
    """
    site = session.open()
    if full and revision is not None:
        raise WrongUse("--full and --revision exclude each other")
    if revision is not None:
        done = export_deltas.export_kept(site, known_set, set_version, revision, target)
    elif full:
        done = export_deltas.export_whole(site, session.actor, known_set, set_version, target)
    else:
        done = export_deltas.export_delta(site, session.actor, known_set, set_version, target)
    if session.as_json:
        document = {"set": done.known_set.name, "version": done.known_set.version, "revision": done.revision}
        output.write_json(document | {"file": str(target), "changes": None if revision is not None else done.changes})
    output.say(f"Wrote revision {done.revision} of {known_set} to {target}.")


@click.command("import")
@click.argument("name")
@click.argument("file")
@with_session
def import_(session: Session, name: str, file: str) -> None:
    """Import the signed delta in FILE (- for standard input) for the exchange NAME.

    It is refused if it was changed, if one before it is missing, or if its signer is not trusted. After an interruption
    the same command completes it.

    \b
    Example:
      varde exchange import north national-0001.delta
    """
    site = session.open()
    with ExitStack() as stack:
        opened = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
        result = import_deltas.import_delta(site, session.actor, name, opened, lambda *_: None)
    changed = {
        "added": result.added,
        "superseded": result.superseded,
        "removed": result.removed,
        "disputed": result.disputed,
    }
    if session.as_json:
        output.write_json({"exchange": name, **changed, "reached": result.checkpoint, "applied": bool(result.ranges)})
    if not result.ranges:
        output.say(f"Nothing to do: revision {result.checkpoint.get('revision', 0)} is here already.")
        return
    counts = ", ".join(f"{number:,} {what}" for what, number in changed.items())
    output.say(f"{name} is at revision {result.checkpoint['revision']}: {counts}.")
    output.say("Earlier items are compared with what is new at the next `varde process`.")


COMMANDS = (key, trust, export, import_)
