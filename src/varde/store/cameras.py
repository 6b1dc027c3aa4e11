"""Cameras that were enrolled, their fingerprints version by version, and what those were made from.

A fingerprint's bytes lie in a file that is named by its digest (see `fingerprint_path`); the row is written in the
transaction in which the file gets its name. An earlier version stays readable: comparisons name the version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, true, update

from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.errors import NotFound, WrongUse
from varde.store.camera_rows import (
    Camera,
    NewCamera,
    NewFingerprint,
    StoredFingerprint,
    read_camera,
    read_fingerprint_row,
    read_reference,
    write_reference,
)
from varde.store.camera_tables import cameras, fingerprint_references, fingerprints
from varde.store.site import Site
from varde.store.tables import cases
from varde.store.types import AnySelect, make_storable

__all__ = ["Camera", "NewCamera", "NewFingerprint", "StoredFingerprint"]

MOST_CHARACTERS: Final = 200
_AT_ONCE: Final = 1_000


def fingerprint_path(site: Site, sha256: bytes) -> Path:
    """Returns where the file of a fingerprint lies."""
    return site.cameras / f"{sha256.hex()}.fingerprint"


def add_camera(connection: Connection, new: NewCamera, *, person: str, at: datetime) -> Camera:
    """Returns a new camera.

    Raises:
        WrongUse: if the name is none, or taken.
    """
    check_name(new.name)
    if connection.execute(select(cameras.c.id).where(cameras.c.name == new.name)).first():
        raise WrongUse(f"there is a camera named {new.name!r} already", advice="Choose another name.")
    values = {
        "name": new.name,
        "case_id": new.case_id,
        "exhibit": make_storable(new.exhibit),
        "make": make_storable(new.make),
        "model": make_storable(new.model),
        "serial": make_storable(new.serial),
        "authorisation": make_storable(new.authorisation),
        "note": make_storable(new.note),
        "added_at": at,
        "added_by": person,
    }
    made = connection.execute(insert(cameras).values(**values).returning(cameras.c.id)).scalar_one()
    return get_camera_by_id(connection, made, None)


def check_name(name: str) -> None:
    """Does nothing if a camera may be called so.

    Raises:
        WrongUse: if not.
    """
    if not name.strip() or len(name) > MOST_CHARACTERS or not name.isprintable() or name.startswith("-"):
        raise WrongUse(
            f"a camera needs a name of 1 to {MOST_CHARACTERS} printable characters that does not begin with a dash"
        )


def find_camera(connection: Connection, name: str, case_ids: Collection[int] | None) -> Camera | None:
    """Returns the camera of a name, withdrawn or not; None where there is none for this person.

    Args:
        connection: to read with.
        name: of the camera.
        case_ids: cases that the person has access to; None for all. A camera of no case is there for everybody.
    """
    row = connection.execute(_cameras().where(cameras.c.name == name, _visible(case_ids))).first()
    return None if row is None else read_camera(row)


def get_camera(connection: Connection, name: str, case_ids: Collection[int] | None) -> Camera:
    """Returns the camera of a name, as `find_camera`.

    Raises:
        NotFound: if there is none of that name for this person.
    """
    found = find_camera(connection, name, case_ids)
    if found is None:
        raise NotFound(f"there is no camera named {name!r}", advice="`varde camera list` shows all cameras.")
    return found


def get_camera_by_id(connection: Connection, camera_id: int, case_ids: Collection[int] | None) -> Camera:
    """Returns a camera by its row number, as `get_camera`.

    Raises:
        NotFound: if there is none of that number for this person.
    """
    row = connection.execute(_cameras().where(cameras.c.id == camera_id, _visible(case_ids))).first()
    if row is None:
        raise NotFound("there is no such camera, or it is not of a case you have access to")
    return read_camera(row)


def list_cameras(
    connection: Connection,
    case_ids: Collection[int] | None,
    *,
    after: str = "",
    limit: int = _AT_ONCE,
    case_id: int | None = None,
    with_withdrawn: bool = False,
) -> list[Camera]:
    """Returns cameras by name.

    Args:
        connection: to read with.
        case_ids: as of `find_camera`.
        after: name of the camera before the first.
        limit: most of them.
        case_id: only those of one case; None for all.
        with_withdrawn: also those that nothing is compared with any more.
    """
    query = _cameras().where(_visible(case_ids), cameras.c.name > after).order_by(cameras.c.name).limit(limit)
    if case_id is not None:
        query = query.where(cameras.c.case_id == case_id)
    if not with_withdrawn:
        query = query.where(cameras.c.withdrawn_at.is_(None))
    return [read_camera(row) for row in connection.execute(query)]


def withdraw_camera(connection: Connection, camera_id: int, *, because: str, person: str, at: datetime) -> None:
    """Records that nothing is compared with a camera any more."""
    values = {"withdrawn_at": at, "withdrawn_by": person, "withdrawn_because": make_storable(because)}
    connection.execute(update(cameras).where(cameras.c.id == camera_id).values(**values))


def add_fingerprint(
    connection: Connection, camera_id: int, new: NewFingerprint, *, person: str, at: datetime
) -> StoredFingerprint:
    """Returns the next version of a camera's fingerprint of a kind; the one before is replaced and stays."""
    mine = and_(fingerprints.c.camera_id == camera_id, fingerprints.c.kind == new.kind.value)
    last = connection.execute(select(func.max(fingerprints.c.version)).where(mine)).scalar() or 0
    connection.execute(update(fingerprints).where(mine, fingerprints.c.replaced_at.is_(None)).values(replaced_at=at))
    values = {
        "camera_id": camera_id,
        "kind": new.kind.value,
        "version": last + 1,
        "method": new.method,
        "height_px": new.height_px,
        "width_px": new.width_px,
        "used": new.used,
        "facts": new.facts,
        "sha256": new.sha256,
        "made_at": at,
        "made_by": person,
    }
    made = connection.execute(insert(fingerprints).values(**values).returning(fingerprints.c.id)).scalar_one()
    rows = [write_reference(made, position, each) for position, each in enumerate(new.references)]
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(fingerprint_references), rows[start : start + _AT_ONCE])
    return get_fingerprint(connection, made)


def get_fingerprint(connection: Connection, fingerprint_id: int) -> StoredFingerprint:
    """Returns a version of a fingerprint.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(select(fingerprints).where(fingerprints.c.id == fingerprint_id)).first()
    if row is None:
        raise NotFound("there is no such fingerprint")
    return read_fingerprint_row(row)


def find_fingerprint(connection: Connection, camera_id: int, kind: FingerprintKind) -> StoredFingerprint | None:
    """Returns the fingerprint of a kind that a camera is compared by now; None where it has none."""
    query = select(fingerprints).where(
        fingerprints.c.camera_id == camera_id, fingerprints.c.kind == kind.value, fingerprints.c.replaced_at.is_(None)
    )
    row = connection.execute(query).first()
    return None if row is None else read_fingerprint_row(row)


def list_versions(connection: Connection, camera_id: int) -> list[StoredFingerprint]:
    """Returns every version of a camera's fingerprints, oldest first."""
    query = select(fingerprints).where(fingerprints.c.camera_id == camera_id).order_by(fingerprints.c.id)
    return [read_fingerprint_row(row) for row in connection.execute(query)]


def list_fingerprints(
    connection: Connection,
    *,
    size: tuple[int, int] | None = None,
    kind: FingerprintKind | None = None,
    case_ids: Collection[int] | None = None,
    after: int = 0,
    limit: int = _AT_ONCE,
) -> list[StoredFingerprint]:
    """Returns the fingerprints that searches look at: in force, of cameras that are not withdrawn; by row number.

    Args:
        connection: to read with.
        size: (height, width) in pixels; None for all.
        kind: photo or video; None for both.
        case_ids: as of `find_camera`.
        after: row number before the first.
        limit: most of them.
    """
    query = (
        select(fingerprints)
        .join(cameras, cameras.c.id == fingerprints.c.camera_id)
        .where(fingerprints.c.id > after, fingerprints.c.replaced_at.is_(None), cameras.c.withdrawn_at.is_(None))
        .where(_visible(case_ids))
        .order_by(fingerprints.c.id)
        .limit(limit)
    )
    if size is not None:
        query = query.where(fingerprints.c.height_px == size[0], fingerprints.c.width_px == size[1])
    if kind is not None:
        query = query.where(fingerprints.c.kind == kind.value)
    return [read_fingerprint_row(row) for row in connection.execute(query)]


def list_references(
    connection: Connection, fingerprint_id: int, *, after: int = -1, limit: int = _AT_ONCE
) -> list[Reference]:
    """Returns the files that a fingerprint was to be made from, in the order they were given.

    Args:
        connection: to read with.
        fingerprint_id: row number of the version.
        after: how many come before the first, less one.
        limit: most of them.
    """
    table = fingerprint_references
    query = select(table).where(table.c.fingerprint_id == fingerprint_id, table.c.position > after)
    return [read_reference(row) for row in connection.execute(query.order_by(table.c.position).limit(limit))]


def is_reference(connection: Connection, fingerprint_id: int, sha256: bytes) -> bool:
    """Returns whether a fingerprint was made from a file with these bytes: comparing it would prove nothing."""
    table = fingerprint_references.c
    query = select(table.position).where(
        table.fingerprint_id == fingerprint_id, table.sha256 == sha256, table.state == ReferenceState.USED.value
    )
    return connection.execute(query.limit(1)).first() is not None


def iterate_kept(connection: Connection) -> Iterator[tuple[Camera, StoredFingerprint]]:
    """Yields every fingerprint that must have a file, with its camera."""
    after, batch = 0, [0]
    while batch:
        of_kept = select(fingerprints.c.id).join(cameras, cameras.c.id == fingerprints.c.camera_id)
        of_kept = of_kept.where(fingerprints.c.id > after, cameras.c.deleted_at.is_(None))
        batch = list(connection.execute(of_kept.order_by(fingerprints.c.id).limit(_AT_ONCE)).scalars())
        for fingerprint_id in batch:
            found = get_fingerprint(connection, fingerprint_id)
            yield get_camera_by_id(connection, found.camera_id, None), found
        after = batch[-1] if batch else after


def list_kept_digests(connection: Connection) -> set[bytes]:
    """Returns the SHA-256 of every fingerprint file that must be there."""
    kept = select(fingerprints.c.sha256).join(cameras, cameras.c.id == fingerprints.c.camera_id)
    found = connection.execute(kept.where(cameras.c.deleted_at.is_(None)).distinct()).scalars()
    return {bytes(each) for each in found}


def record_deletion(connection: Connection, camera_id: int, at: datetime) -> list[bytes]:
    """Records that a camera's fingerprint files are deleted, and returns the digests that no other camera needs."""
    connection.execute(update(cameras).where(cameras.c.id == camera_id).values(deleted_at=at))
    mine = set(connection.execute(select(fingerprints.c.sha256).where(fingerprints.c.camera_id == camera_id)).scalars())
    kept = select(fingerprints.c.sha256).join(cameras, cameras.c.id == fingerprints.c.camera_id)
    kept = kept.where(cameras.c.deleted_at.is_(None), fingerprints.c.sha256.in_(mine))
    return sorted(bytes(each) for each in mine - set(connection.execute(kept).scalars()))


def _cameras() -> AnySelect:
    return select(cameras, cases.c.name.label("case_name")).join(cases, cases.c.id == cameras.c.case_id, isouter=True)


def _visible(case_ids: Collection[int] | None) -> ColumnElement[bool]:
    if case_ids is None:
        return true()
    return or_(cameras.c.case_id.is_(None), cameras.c.case_id.in_(list(case_ids)))
