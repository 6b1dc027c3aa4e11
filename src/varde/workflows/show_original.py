"""Opens an item's original to show it: verified against the digest it was examined with, and audited when shown."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import ExhibitChanged, ExhibitUnreachable, NotFound, Unreadable
from varde.core.locator import read_locator
from varde.core.media import MediaKind
from varde.pipeline.extract import open_item
from varde.store import audit
from varde.store.pictures import OriginalPlace
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.approve import demand

_CHUNK_BYTES = 1 << 20
_IN_MEMORY_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class OpenOriginal:
    """An original that was verified and is open.

    Attributes:
        descriptor: owned by whoever opened it.
    """

    descriptor: int
    size_bytes: int
    kind: MediaKind


def record_shown(site: Site, actor: Actor, case: Case, item_id: int, *, reason: str = "") -> None:
    """Records that a person is shown an item's original; to be called before it is.

    Args:
        site: whose settings say whether somebody else has to approve it.
        actor: who is shown it.
        case: of the item.
        item_id: of the item.
        reason: for whoever approves; needed only where the site demands approval.

    Raises:
        ApprovalNeeded: if another person has to approve it first.
        WrongUse: if approval is needed and there is no reason.
    """
    demand(site, actor, act=Act.ORIGINAL_SHOWN, case=case, subject={"item": item_id}, reason=reason)
    subject: dict[str, str | int | None] = {"case": case.name, "item": item_id}
    with site.database.write() as connection:
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.ORIGINAL_SHOWN, subject=subject)


@contextmanager
def open_verified(site: Site, place: OriginalPlace) -> Iterator[OpenOriginal]:
    """Gives an item's original, valid inside the ``with`` block.

    Up to 32 MiB are read into memory once, and what is given are the very bytes whose digest agreed. Larger ones are
    digested in pieces and then given where they lie; leaving the block notices if a file was changed in between.

    Raises:
        ExhibitChanged: if the bytes are not those that were examined.
        ExhibitUnreachable: if they are not there, or cannot be unpacked any more.
        IntegrityFailure: if the site's own copy of them has changed.
    """
    try:
        with open_item(site, place.exhibit, read_locator(place.locator)) as file:
            if os.fstat(file.fileno()).st_size != place.size_bytes:
                raise _changed(place)
            if place.size_bytes > _IN_MEMORY_BYTES:
                _check(place, _read_through(file))
                yield OpenOriginal(file.fileno(), place.size_bytes, place.kind)
                return
            data = file.read(place.size_bytes + 1)
        _check(place, hashlib.sha256(data))
    except (NotFound, OSError) as error:
        raise ExhibitUnreachable(
            f"the file of item {place.item_id} cannot be read where exhibit {place.exhibit.number} was",
            advice="Whoever looks after this server has to mount or move the exhibit back to its place.",
        ) from error
    except Unreadable as error:
        raise _changed(place) from error
    with _hold(data) as descriptor:
        yield OpenOriginal(descriptor, place.size_bytes, place.kind)


@contextmanager
def _hold(data: bytes) -> Iterator[int]:
    """Gives bytes as a file in memory."""
    descriptor = os.memfd_create("varde-original", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        yield descriptor
    finally:
        os.close(descriptor)


def _read_through(file: BinaryIO) -> hashlib._Hash:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest


def _check(place: OriginalPlace, digest: hashlib._Hash) -> None:
    if digest.digest() != place.sha256:
        raise _changed(place)


def _changed(place: OriginalPlace) -> ExhibitChanged:
    return ExhibitChanged(
        f"item {place.item_id} is not shown: its bytes are not those that were examined",
        advice="The exhibit was changed after it was processed. Compare it with its acquisition.",
    )
