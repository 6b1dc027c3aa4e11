"""Withdraws a camera: nothing is compared with it any more; its fingerprints' bytes are deleted where that is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from varde.core.audit import Act
from varde.core.errors import Refused, SiteBusy
from varde.store import audit, cameras
from varde.store.cameras import fingerprint_path
from varde.store.durable import sync_folder
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.check_note import check_note


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was withdrawn.

    Attributes:
        fingerprints: versions that the camera has.
        deleted_files: how many files are gone.
    """

    fingerprints: int
    deleted_files: int


def withdraw_camera(
    site: Site, actor: Actor, name: str, *, because: str, with_bytes: bool, case_ids: Collection[int] | None
) -> Withdrawn:
    """Returns what was withdrawn; rows, comparisons and decisions stay. Audited.

    Args:
        site, actor: where and who.
        name: of the camera.
        because: why; kept.
        with_bytes: whether the fingerprint files are deleted too, but for one that another camera has as well.
            A camera that was withdrawn before can still have its bytes deleted.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.

    Raises:
        NotFound: if there is no camera of that name for this person.
        Refused: if it was withdrawn already, and its bytes are deleted or to be kept.
        WrongUse: if no reason is given.
    """
    because = check_note(because)
    at, gone = actor.clock(), list[bytes]()
    with site.database.write() as connection:
        camera = cameras.get_camera(connection, name, case_ids)
        if camera.withdrawn_at and (camera.deleted_at or not with_bytes):
            raise Refused(f"camera {name} was withdrawn on {camera.withdrawn_at:%Y-%m-%d} already")
        if not camera.withdrawn_at:
            cameras.withdraw_camera(connection, camera.camera_id, because=because, person=actor.person, at=at)
        if with_bytes:
            gone = cameras.record_deletion(connection, camera.camera_id, at)
        versions = len(cameras.list_versions(connection, camera.camera_id))
        subject: dict[str, str | int | None] = {
            "camera": camera.name,
            "case": camera.case,
            "because": because,
            "fingerprints": versions,
            "deleted_files": len(gone) if with_bytes else None,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_WITHDRAWN, subject=subject)
    deleted = _delete_files(site, gone) if gone else 0
    _drop_from_index(site)
    return Withdrawn(versions, deleted)


def _delete_files(site: Site, digests: Sequence[bytes]) -> int:
    """Deletes files after it is recorded that they go; one that is left over is deleted with the next enrolment.

    Within a transaction: an enrolment from the same files, which gives its file the same name, comes before or after.
    """
    with site.database.write() as connection:
        gone = set(digests) - cameras.list_kept_digests(connection)
        for sha256 in gone:
            fingerprint_path(site, sha256).unlink(missing_ok=True)
        sync_folder(site.cameras)
    return len(gone)


def _drop_from_index(site: Site) -> None:
    """Removes the camera's signs from the search index; while another process writes there, the next search does."""
    if not any(site.indexes.glob("cameras-*")):
        return
    from varde.pipeline.camera_index import drop_withdrawn

    with suppress(SiteBusy), site.database.read() as connection:
        drop_withdrawn(site, connection)
