"""Takes one item's bytes out of its exhibit, verified against the digest it was examined with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from varde.core.audit import Act
from varde.core.case import Exhibit
from varde.core.errors import IntegrityFailure, WrongUse
from varde.core.locator import read_locator
from varde.pipeline.extract import open_item
from varde.store import audit, cases, records
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.workflows.actor import Actor

_CHUNK_BYTES = 1 << 20


def export_item(site: Site, actor: Actor, *, item_id: int, output: Path) -> ItemRecord:
    """Writes an item's bytes to a new file and returns the item.

    Raises:
        NotFound: if there is no such item, or its exhibit is not where it was.
        WrongUse: if the output exists, or the item was never read.
        IntegrityFailure: if the bytes are not those that were examined; nothing is written then.
    """
    with site.database.read() as connection:
        record = records.get_record(connection, item_id)
        case = cases.get_case(connection, record.case)
        exhibit = next(e for e in cases.list_exhibits(connection, case.case_id) if e.number == record.exhibit)
    if record.content is None:
        raise WrongUse(f"the bytes of item {item_id} were never read", advice="`varde item show` says why.")
    if output.exists():
        raise WrongUse(f"{output} exists already")
    _write_verified(site, exhibit, record, record.content.digests.sha256, output)
    with site.database.write() as connection:
        subject: dict[str, str | int | None] = {"case": record.case, "item": item_id}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ITEM_EXPORTED, subject=subject)
    return record


def _write_verified(site: Site, exhibit: Exhibit, record: ItemRecord, sha256: bytes, output: Path) -> None:
    unfinished = output.with_name(output.name + ".part")
    digest = hashlib.sha256()
    try:
        with (
            open_item(site, exhibit, read_locator(record.locator)) as source,
            unfinished.open("xb") as target,
        ):
            _copy(source, target, digest)
        if digest.digest() != sha256:
            raise IntegrityFailure(
                f"item {record.item_id} ({record.locator}) is not what was examined: its SHA-256 is now "
                f"{digest.hexdigest()}, it was {sha256.hex()}",
                advice="Find out who changed the exhibit; the copy on which it was examined is the one to trust.",
            )
        os.link(unfinished, output)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(source: BinaryIO, target: BinaryIO, digest: hashlib._Hash) -> None:
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
