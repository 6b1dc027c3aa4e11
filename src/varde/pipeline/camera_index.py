"""The site's indexes of fingerprints: copies of what the fingerprints' files hold, in step with the database when used.

Each family (kind and sensor size) has a folder of its own under ``<site>/indexes/`` and may be deleted at any time.
A fingerprint is known in it by its row number and the digest of its file, so that an index of another history of the
database, such as after a backup was restored, is put right like any other: what does not belong is dropped, what is
missing is made again from its file. Which cameras a person may see is asked of the database at each search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from sqlalchemy import Connection

from varde.camera.bits import pack_signs
from varde.camera.fingerprint_file import read_fingerprint
from varde.camera.fingerprint_index import FingerprintIndex, Signed
from varde.core.camera import FingerprintKind
from varde.core.errors import IntegrityFailure, WrongUse
from varde.pipeline.index_faults import note_damage
from varde.store.camera_families import Family, list_family
from varde.store.cameras import fingerprint_path
from varde.store.site import Site

PREFIX: Final = "cameras-"

_NAME: Final = re.compile(PREFIX + r"(photo|video)-([0-9]+)x([0-9]+)")


def open_family(site: Site, connection: Connection, family: Family) -> FingerprintIndex:
    """Returns the index of a family, in step with the database.

    Args:
        site: whose cameras.
        connection: to read with.
        family: its kind and size count; how many cameras it has is asked again.

    Raises:
        IntegrityFailure: if the file of a fingerprint that the index lacks is damaged or missing.
        SiteBusy: if another process is filling the index for long.
        VardeError: if the disk is full or cannot be written to.
    """
    place = site.indexes / f"{PREFIX}{family.kind.value}-{family.width_px}x{family.height_px}"
    index = FingerprintIndex(place, family.size_px)
    wanted = list_family(connection, family)
    try:
        held = index.list_held()
    except (IntegrityFailure, WrongUse) as fault:
        if isinstance(fault, IntegrityFailure):
            note_damage(place, fault)
        index.discard()
        held = {}
    if gone := [number for number, digest in held.items() if wanted.get(number) != digest]:
        index.drop(gone)
    if missing := wanted.keys() - (held.keys() - set(gone)):
        index.append(_sign(site, wanted, sorted(missing)))
    return index


def drop_withdrawn(site: Site, connection: Connection) -> int:
    """Removes from all indexes what is not in force any more, so that no byte of it is left, and returns how much.

    Args:
        site: whose cameras.
        connection: to read with, after what was withdrawn is recorded.

    Raises:
        SiteBusy: if another process is filling an index for long.
    """
    dropped = 0
    for manifest in site.indexes.glob(f"{PREFIX}*/manifest.json"):
        family = _read_name(manifest.parent.name)
        if family is None:
            continue
        index = FingerprintIndex(manifest.parent, family.size_px)
        wanted = list_family(connection, family)
        try:
            dropped += index.drop(
                [number for number, digest in index.list_held().items() if wanted.get(number) != digest]
            )
        except (IntegrityFailure, WrongUse):
            index.discard()  # whoever searches next makes it again
        if not wanted:
            index.discard()
    return dropped


def _read_name(name: str) -> Family | None:
    """Returns the family whose index lies in a folder of this name; None where it is no such folder."""
    found = _NAME.fullmatch(name)
    return Family(FingerprintKind(found[1]), int(found[3]), int(found[2]), 0) if found else None


def _sign(site: Site, wanted: Mapping[int, bytes], numbers: Iterable[int]) -> Iterator[Signed]:
    for number in numbers:
        digest = wanted[number]
        fingerprint = read_fingerprint(fingerprint_path(site, digest), digest)
        yield Signed(number, digest, pack_signs(fingerprint.values))
