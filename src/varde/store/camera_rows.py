"""Cameras and fingerprints as the database keeps them, and how they are read from its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.outcome import NotComparable, Reason
from varde.store.types import AnyRow, make_storable


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera that is to be enrolled.

    Attributes:
        name: unique in the site.
        case_id: of which case it is; None for a laboratory's own reference, which everybody may compare with.
        exhibit: number of the exhibit that it is; "" where it is none.
        make, model, serial: as its references state them.
        authorisation: what enrolling it rests on; "" where a case says so.
    """

    name: str
    case_id: int | None = None
    exhibit: str = ""
    make: str = ""
    model: str = ""
    serial: str = ""
    authorisation: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that was enrolled; its fields are those of `NewCamera`.

    Attributes:
        case: name of its case; None where it is of none.
        withdrawn_at: since when nothing is compared with it any more; None while it is in use.
        deleted_at: when the bytes of its fingerprints were deleted too; None while they are kept.
    """

    camera_id: int
    name: str
    case_id: int | None
    case: str | None
    exhibit: str
    make: str
    model: str
    serial: str
    authorisation: str
    note: str
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_because: str | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewFingerprint:
    """A fingerprint that is to be kept: its bytes are in a file already."""

    kind: FingerprintKind
    method: str
    height_px: int
    width_px: int
    used: int
    facts: dict[str, object]
    sha256: bytes
    references: Sequence[Reference]


@dataclass(frozen=True, slots=True)
class StoredFingerprint:
    """A version of a camera's fingerprint.

    Attributes:
        version: 1, 2, 3 ... of this camera and kind.
        used: how many references it was made from.
        sha256: of its file.
        replaced_at: since when a later version is compared with instead; None while this one is.
    """

    fingerprint_id: int
    camera_id: int
    kind: FingerprintKind
    version: int
    method: str
    height_px: int
    width_px: int
    used: int
    facts: dict[str, object]
    sha256: bytes
    made_at: datetime
    made_by: str
    replaced_at: datetime | None = None


def read_camera(row: AnyRow) -> Camera:
    """Returns the camera of a row with its case's name."""
    return Camera(
        row.id,
        row.name,
        row.case_id,
        row.case_name,
        row.exhibit,
        row.make,
        row.model,
        row.serial,
        row.authorisation,
        row.note,
        row.added_at,
        row.added_by,
        row.withdrawn_at,
        row.withdrawn_by,
        row.withdrawn_because,
        row.deleted_at,
    )


def read_fingerprint_row(row: AnyRow) -> StoredFingerprint:
    """Returns the fingerprint of a row."""
    return StoredFingerprint(
        row.id,
        row.camera_id,
        FingerprintKind(row.kind),
        row.version,
        row.method,
        row.height_px,
        row.width_px,
        row.used,
        row.facts,
        bytes(row.sha256),
        row.made_at,
        row.made_by,
        row.replaced_at,
    )


def read_reference(row: AnyRow) -> Reference:
    """Returns the reference of a row."""
    refused = NotComparable(Reason(row.reason), row.detail) if row.reason else None
    return Reference(row.name, bytes(row.sha256), ReferenceState(row.state), refused, row.pce, row.facts)


def write_reference(fingerprint_id: int, position: int, reference: Reference) -> dict[str, object]:
    """Returns the columns of a reference."""
    return {
        "fingerprint_id": fingerprint_id,
        "position": position,
        "name": make_storable(reference.name),
        "sha256": reference.sha256,
        "state": reference.state.value,
        "reason": reference.refused.reason.value if reference.refused else None,
        "detail": make_storable(reference.refused.detail) if reference.refused else "",
        "pce": reference.pce,
        "facts": reference.facts,
    }
