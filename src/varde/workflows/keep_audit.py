"""Verifies the audit log and exports signed checkpoints of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.locator import escape
from varde.store import audit, keys
from varde.store.audit import AuditHead
from varde.store.keys import Checkpoint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.output_place import check_output


@dataclass(frozen=True, slots=True)
class Verification:
    """A log that was found whole.

    Attributes:
        checkpoint: what it was compared with, None where with nothing.
    """

    head: AuditHead
    checkpoint: Checkpoint | None


def verify_audit(site: Site, checkpoint: Path | None) -> Verification:
    """Returns the head of the log after re-computing every link.

    Args:
        site: whose log.
        checkpoint: a file exported earlier; without it nobody can tell whether events were cut off the end.

    Raises:
        IntegrityFailure: naming the first broken link.
        FormatError: if the checkpoint is none.
    """
    expected = None
    if checkpoint:
        try:
            text = checkpoint.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(f"{checkpoint} cannot be read: {error}") from error
        expected = keys.read_checkpoint(text, site.public_key())
    with site.database.read() as connection:
        head = audit.verify_chain(connection, expected.head if expected else None)
    return Verification(head, expected)


def export_checkpoint(site: Site, actor: Actor, output: Path) -> AuditHead:
    """Writes a signed checkpoint of the log to a new file and returns the head it names.

    Raises:
        WrongUse: if the file exists or cannot be written.
        IntegrityFailure: if the log is broken: a broken log is not signed.
    """
    check_output(site, output)
    at = actor.clock()
    with site.database.write() as connection:
        audit.verify_chain(connection)
        head = audit.append_event(
            connection,
            at=at,
            person=actor.person,
            act=Act.CHECKPOINT_EXPORTED,
            subject={"file": escape(os.fsencode(output.name))},
        )
        text = keys.write_checkpoint(site.key_path, site.name(), head, at)
        try:
            with output.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise WrongUse(f"{output} cannot be written: {error.strerror}") from error
    return head
