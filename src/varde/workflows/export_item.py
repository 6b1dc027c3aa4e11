"""Takes one item's bytes out of its exhibit, verified against the digest it was examined with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from varde.core.audit import Act
from varde.core.errors import IntegrityFailure, WrongUse
from varde.core.locator import read_locator
from varde.pipeline.extract import open_item
from varde.store import audit, cases, records
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.output_place import check_output

_CHUNK_BYTES = 1 << 20


def export_item(site: Site, actor: Actor, *, item_id: int, output: Path) -> ItemRecord:
    """Writes an item's bytes to a new file and returns the item.

    Raises:
        NotFound: if there is no such item, or its exhibit is not where it was.
        WrongUse: if the output exists or cannot be written, or the item was never read.
        Refused: if the output would lie in an exhibit.
        IntegrityFailure: if the bytes are not those that were examined; nothing is left then.
    """
    with site.database.read() as connection:
        record = records.get_record(connection, item_id)
        case = cases.get_case(connection, record.case)
        exhibit = next(e for e in cases.list_exhibits(connection, case.case_id) if e.number == record.exhibit)
    if record.content is None:
        raise WrongUse(f"the bytes of item {item_id} were never read", advice="`varde item show` says why.")
    check_output(site, output)
    with open_item(site, exhibit, read_locator(record.locator)) as source:
        try:
            target = output.open("xb")
        except OSError as error:
            raise WrongUse(f"{output} cannot be written: {error.strerror}") from error
        try:
            with target:
                _copy_verified(source, target, record, record.content.digests.sha256)
            _record(site, actor, record)
        except BaseException:
            output.unlink(missing_ok=True)
            raise
    return record


def _record(site: Site, actor: Actor, record: ItemRecord) -> None:
    with site.database.write() as connection:
        subject: dict[str, str | int | None] = {"case": record.case, "item": record.item_id}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ITEM_EXPORTED, subject=subject)


def _copy_verified(source: BinaryIO, target: BinaryIO, record: ItemRecord, sha256: bytes) -> None:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    if digest.digest() != sha256:
        raise IntegrityFailure(
            f"item {record.item_id} ({record.locator}) is not what was examined: its SHA-256 is now "
            f"{digest.hexdigest()}, it was {sha256.hex()}",
            advice="The exhibit was changed after it was processed. Compare it with its acquisition.",
        )
