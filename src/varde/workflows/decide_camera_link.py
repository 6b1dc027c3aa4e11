"""Decides whether a file was taken with a camera: always a person, never a machine."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.camera import LinkVerdict
from varde.core.camera_comparison import CameraComparison, CameraLink
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.store import audit, camera_comparisons, camera_links, cameras, cases, face_sights
from varde.store.cameras import Camera
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.approve import demand
from varde.workflows.check_note import check_note


def decide_link(
    site: Site,
    actor: Actor,
    case_name: str,
    item_id: int,
    camera_name: str,
    verdict: LinkVerdict,
    *,
    note: str,
    comparison_id: int | None = None,
    case_ids: Collection[int] | None,
) -> CameraLink:
    """Returns a person's decision whether an item was taken with a camera, now kept for good and audited.

    Args:
        site, actor: where and who.
        case_name, item_id: which item.
        camera_name: which camera.
        verdict: what the person decides; a later decision stands instead of it.
        note: what it rests on.
        comparison_id: the comparison that the person had before them; None for the newest of the two.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.

    Raises:
        NotFound: if the case, the item, the camera or the comparison is not there, or not for this person.
        WrongUse: if the two were never compared, or there is no note.
        ApprovalNeeded: if the site leaves such decisions to nobody alone.
    """
    note = check_note(note)
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name, case_ids)
        content_id = _get_content(connection, case, item_id)
        camera = cameras.get_camera(connection, camera_name, case_ids)
        seen = _find_comparison(connection, camera, content_id, item_id, comparison_id, case_ids)
    subject: dict[str, str | int | None] = {"camera": camera.name, "item": item_id, "verdict": verdict.value}
    demand(site, actor, act=Act.CAMERA_LINK_DECIDED, case=case, subject=subject, reason=note)
    at = actor.clock()
    with site.database.write() as connection:
        kept = camera_links.record_link(
            connection,
            camera_id=camera.camera_id,
            content_id=content_id,
            comparison_id=seen,
            case_id=case.case_id,
            verdict=verdict,
            note=note,
            person=actor.person,
            at=at,
        )
        subject |= {"case": case.name, "comparison": seen}
        audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_LINK_DECIDED, subject=subject)
    return kept


def list_links(
    site: Site, *, case_ids: Collection[int] | None, case: str | None = None, camera: str | None = None
) -> tuple[CameraLink, ...]:
    """Returns every decision that a person may see, oldest first.

    Raises:
        NotFound: if the case or the camera is not there, or not for this person.
    """
    with site.database.read() as connection:
        case_id = cases.get_case(connection, case, case_ids).case_id if case is not None else None
        camera_id = cameras.get_camera(connection, camera, case_ids).camera_id if camera is not None else None
        found = camera_links.list_links(connection, case_ids=case_ids, camera_id=camera_id, case_id=case_id)
        return tuple(found)


def read_comparison(
    site: Site, comparison_id: int, *, person: str, case_ids: Collection[int] | None
) -> CameraComparison:
    """Returns a comparison.

    Raises:
        NotFound: if there is none of that number that the person may see.
    """
    with site.database.read() as connection:
        return camera_comparisons.get_comparison(connection, comparison_id, case_ids, person=person)


def _get_content(connection: Connection, case: Case, item_id: int) -> int:
    content_id = face_sights.get_item_content(connection, item_id, {case.case_id}).content_id
    if content_id is None:
        raise WrongUse(f"the bytes of item {item_id} were never read", advice="`varde item show` says why.")
    return content_id


def _find_comparison(
    connection: Connection,
    camera: Camera,
    content_id: int,
    item_id: int,
    comparison_id: int | None,
    case_ids: Collection[int] | None,
) -> int:
    made = camera_comparisons.list_comparisons(
        connection, case_ids=case_ids, camera_id=camera.camera_id, content_id=content_id, limit=1
    )
    if comparison_id is not None:
        named = camera_comparisons.load_comparisons(connection, [comparison_id]).get(comparison_id)
        if named and case_ids is not None and named.case_id not in case_ids:
            named = None
        made = [named] if named and (named.camera_id, named.content_id) == (camera.camera_id, content_id) else []
    if not made or made[0].comparison_id is None:
        raise WrongUse(
            f"item {item_id} was not compared with camera {camera.name}, so there is nothing a decision could rest on",
            advice=f"Compare them first: varde camera compare {shlex.quote(camera.name)} --item {item_id}",
        )
    return made[0].comparison_id
