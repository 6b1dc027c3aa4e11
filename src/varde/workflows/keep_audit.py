"""Verifies the audit log and exports signed checkpoints of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.locator import escape
from varde.store import audit, keys
from varde.store.audit import AuditHead
from varde.store.durable import sync_folder
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

    The event is committed first: an interruption leaves an event without its file, never a signed file that speaks of
    an event that is not there.

    Raises:
        WrongUse: if the file exists or cannot be written.
        IntegrityFailure: if the log is broken, or the key is gone: a broken log is not signed.
    """
    check_output(site, output)
    at = actor.clock()
    with _stage(output) as file:
        keys.write_checkpoint(site.key_path, site.name(), AuditHead(0, bytes(32)), at)  # the key can sign
        with site.database.write() as connection:
            audit.verify_chain(connection)
            head = audit.append_event(
                connection,
                at=at,
                person=actor.person,
                act=Act.CHECKPOINT_EXPORTED,
                subject={"file": escape(os.fsencode(output.name))},
            )
        file.write(keys.write_checkpoint(site.key_path, site.name(), head, at))
    return head


@contextmanager
def _stage(output: Path) -> Iterator[IO[str]]:
    """Yields a file that gets its name only once it is whole and on disk, and never takes another file's name.

    Raises:
        WrongUse: if the file exists or cannot be written.
    """
    _check_free(output)
    temporary = output.with_name(f".{output.name[:200]}.{os.urandom(8).hex()}")
    try:
        try:
            with temporary.open("x", encoding="utf-8") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _check_free(output)
            temporary.rename(output)  # not a link: removable disks know none
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(output.parent)
    except OSError as error:
        raise WrongUse(f"{output} cannot be written: {error.strerror}") from error


def _check_free(output: Path) -> None:
    if os.path.lexists(output):
        raise WrongUse(f"{output} cannot be written: it exists already")
