"""``varde audit``."""

from __future__ import annotations

from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.store import audit as audit_log
from varde.workflows import keep_audit


@click.group()
def audit() -> None:
    """Verify the audit log, list it, export signed checkpoints."""


@audit.command("verify")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="A checkpoint exported earlier.")
@with_session
def verify(session: Session, checkpoint: Path | None) -> None:
    """Re-compute every link of the log and every decision it recorded; ends with 3 at the first broken one.

    Only a checkpoint kept elsewhere can show that nothing was cut off the end.

    \b
    Example:
      varde audit verify --checkpoint 2026-10-01.json
    """
    found = keep_audit.verify_audit(session.open(), checkpoint)
    if session.as_json:
        output.write_json(
            {
                "intact": True,
                "events": found.head.number,
                "head": found.head.event_hash.hex(),
                "checkpoint": found.checkpoint.head.number if found.checkpoint else None,
            }
        )
    output.say(f"The audit log is intact: {found.head.number} events, head {found.head.event_hash.hex()}.")
    if found.checkpoint:
        output.say(f"It continues the checkpoint of {found.checkpoint.at} (event {found.checkpoint.head.number}).")


@audit.command("list")
@click.option("--after", type=click.IntRange(0, 1 << 62), default=0, help="Only events after this number.")
@with_session
def list_(session: Session, after: int) -> None:
    """List the events of the log.

    \b
    Example:
      varde audit list --after 100 --json
    """
    site = session.open()
    with site.database.read() as connection:
        events = audit_log.list_events(connection, after=after)
        if session.as_json:
            output.write_json_list(
                {"number": e.number, "at": e.at, "person": e.person, "act": e.act, "subject": e.subject} for e in events
            )
        else:
            output.write_rows(
                ["number", "at", "person", "act", "subject"],
                ((e.number, e.at, e.person, e.act, e.subject) for e in events),
            )


@audit.command("checkpoint")
@click.option("--output", "target", type=click.Path(path_type=Path), required=True, help="New file to write.")
@with_session
def checkpoint(session: Session, target: Path) -> None:
    """Export a checkpoint of the log, signed with the site's key; keep it where the site's keepers cannot reach it.

    \b
    Example:
      varde audit checkpoint --output 2026-10-01.json
    """
    head = keep_audit.export_checkpoint(session.open(), session.actor, target)
    if session.as_json:
        output.write_json({"event": head.number, "head": head.event_hash.hex(), "file": str(target)})
    output.say(f"Signed the log up to event {head.number} into {target}.")
