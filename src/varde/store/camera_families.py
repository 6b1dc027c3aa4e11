"""Families of fingerprints: those in force, by kind and sensor size, as searches of all cameras want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from varde.core.camera import FingerprintKind, ReferenceState
from varde.core.camera_comparison import NamedFingerprint
from varde.store.camera_tables import cameras, fingerprint_references, fingerprints
from varde.store.tables import cases
from varde.store.types import AnySelect

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Family:
    """Fingerprints that can be compared with a picture pixel by pixel.

    Attributes:
        kind: what they were made from.
        height_px, width_px: of the sensors.
        cameras: how many have one in force.
    """

    kind: FingerprintKind
    height_px: int
    width_px: int
    cameras: int

    @property
    def size_px(self) -> tuple[int, int]:
        """(rows, columns) of the sensors."""
        return self.height_px, self.width_px


@dataclass(frozen=True, slots=True)
class EnrolledFingerprint:
    """A fingerprint in force, and whose it is.

    Attributes:
        fingerprint: as comparisons name it.
        case_id, case: of the camera; None and "" where it belongs to none.
        make, model: as whoever enrolled the camera stated them.
    """

    fingerprint: NamedFingerprint
    case_id: int | None
    case: str
    make: str
    model: str


def list_families(connection: Connection) -> list[Family]:
    """Returns all families that have a fingerprint in force, largest first."""
    made = fingerprints.c
    keys = (made.kind, made.height_px, made.width_px)
    query = _in_force(select(*keys, func.count())).group_by(*keys).order_by(func.count().desc(), *keys)
    return [Family(FingerprintKind(kind), *rest) for kind, *rest in connection.execute(query)]


def list_family(connection: Connection, family: Family) -> dict[int, bytes]:
    """Returns the row numbers of the fingerprints in force of a family, and the SHA-256 of each one's file."""
    made = fingerprints.c
    same = (made.kind == family.kind.value, made.height_px == family.height_px, made.width_px == family.width_px)
    query = _in_force(select(made.id, made.sha256)).where(*same).order_by(made.id)
    return {number: bytes(digest) for number, digest in connection.execute(query)}


def list_made_from(connection: Connection, sha256: bytes) -> list[int]:
    """Returns the row numbers of the fingerprints in force that a file with these bytes is a reference of, rising."""
    used = fingerprint_references.c
    query = _in_force(select(fingerprints.c.id)).join(fingerprint_references, used.fingerprint_id == fingerprints.c.id)
    query = query.where(used.sha256 == sha256, used.state == ReferenceState.USED.value).order_by(fingerprints.c.id)
    return list(connection.execute(query.distinct()).scalars())


def load_fingerprints(connection: Connection, fingerprint_ids: Sequence[int]) -> dict[int, EnrolledFingerprint]:
    """Returns those of these fingerprints that are in force, by row number."""
    found: dict[int, EnrolledFingerprint] = {}
    for first in range(0, len(fingerprint_ids), _BATCH):
        wanted = list(fingerprint_ids[first : first + _BATCH])
        query = _in_force(
            select(fingerprints, cameras.c.name, cameras.c.case_id, cameras.c.make, cameras.c.model)
        ).add_columns(cases.c.name.label("case_name"))
        query = query.join(cases, cases.c.id == cameras.c.case_id, isouter=True)
        for row in connection.execute(query.where(fingerprints.c.id.in_(wanted))):
            named = NamedFingerprint(
                fingerprint_id=row.id,
                camera_id=row.camera_id,
                camera=row.name,
                kind=FingerprintKind(row.kind),
                version=row.version,
                height_px=row.height_px,
                width_px=row.width_px,
                used=row.used,
                sha256=bytes(row.sha256),
                method=row.method,
            )
            found[row.id] = EnrolledFingerprint(named, row.case_id, row.case_name or "", row.make, row.model)
    return found


def count_without(connection: Connection) -> tuple[int, int]:
    """Returns how many cameras are withdrawn, and how many of the others have no fingerprint in force."""
    withdrawn = select(func.count()).select_from(cameras).where(cameras.c.withdrawn_at.is_not(None))
    made = fingerprints.c
    has = select(made.id).where(made.camera_id == cameras.c.id, made.replaced_at.is_(None)).correlate(cameras).exists()
    bare = select(func.count()).select_from(cameras).where(cameras.c.withdrawn_at.is_(None), ~has)
    return connection.execute(withdrawn).scalar_one(), connection.execute(bare).scalar_one()


def _in_force(query: AnySelect) -> AnySelect:
    """Limits fingerprints to those that no newer one replaced, of cameras that are not withdrawn."""
    joined = query.join(cameras, cameras.c.id == fingerprints.c.camera_id)
    return joined.where(fingerprints.c.replaced_at.is_(None), cameras.c.withdrawn_at.is_(None))
