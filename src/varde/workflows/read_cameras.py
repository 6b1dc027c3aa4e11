"""Reads the cameras of a site, for the command line, the pages and reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from varde.camera.fingerprint_digest import verify_fingerprint
from varde.core.camera import Reference
from varde.core.errors import IntegrityFailure
from varde.store import cameras, cases
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.site import Site

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ShownFingerprint:
    """A version of a fingerprint and every file it was to be made from."""

    stored: StoredFingerprint
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class ShownCamera:
    """A camera and every version of its fingerprints, newest first."""

    camera: Camera
    versions: tuple[ShownFingerprint, ...]


def iterate_cameras(
    site: Site,
    *,
    case_ids: Collection[int] | None,
    case: str | None = None,
    with_withdrawn: bool = False,
    after: str = "",
) -> Iterator[tuple[Camera, list[StoredFingerprint]]]:
    """Yields cameras by name, each with the fingerprints that it is compared by now.

    Args:
        site: whose cameras.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.
        case: only of this case.
        with_withdrawn: also those that nothing is compared with any more.
        after: name of the camera before the first.

    Raises:
        NotFound: if there is no such case for this person.
    """
    case_id = _find_case(site, case, case_ids)
    while True:
        with site.database.read() as connection:
            batch = cameras.list_cameras(
                connection, case_ids, after=after, limit=_AT_ONCE, case_id=case_id, with_withdrawn=with_withdrawn
            )
            found = [(each, _list_in_force(connection, each)) for each in batch]
        yield from found
        if len(batch) < _AT_ONCE:
            return
        after = batch[-1].name


def read_camera(site: Site, name: str, *, case_ids: Collection[int] | None) -> ShownCamera:
    """Returns a camera with everything about its fingerprints.

    Raises:
        NotFound: if there is no camera of that name for this person.
    """
    with site.database.read() as connection:
        camera = cameras.get_camera(connection, name, case_ids)
        versions = cameras.list_versions(connection, camera.camera_id)
        shown = (ShownFingerprint(each, tuple(_read_references(connection, each))) for each in reversed(versions))
        return ShownCamera(camera, tuple(shown))


def verify_fingerprints(site: Site) -> int:
    """Returns how many fingerprint files there are, after reading every byte of them.

    Raises:
        IntegrityFailure: naming the camera whose file is gone or not what was written.
    """
    verified = 0
    with site.database.read() as connection:
        for camera, stored in cameras.iterate_kept(connection):
            try:
                verify_fingerprint(cameras.fingerprint_path(site, stored.sha256), stored.sha256)
            except IntegrityFailure as error:
                what = f"camera {camera.name}, {stored.kind} fingerprint version {stored.version}: {error}"
                raise IntegrityFailure(what, advice=error.advice) from error
            verified += 1
    return verified


def _find_case(site: Site, case: str | None, case_ids: Collection[int] | None) -> int | None:
    if case is None:
        return None
    with site.database.read() as connection:
        return cases.get_case(connection, case, case_ids).case_id


def _list_in_force(connection: Connection, camera: Camera) -> list[StoredFingerprint]:
    return [each for each in cameras.list_versions(connection, camera.camera_id) if each.replaced_at is None]


def _read_references(connection: Connection, found: StoredFingerprint) -> Iterator[Reference]:
    after = -1
    while batch := cameras.list_references(connection, found.fingerprint_id, after=after):
        yield from batch
        after += len(batch)
