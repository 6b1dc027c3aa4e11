"""Leads to cameras: shown to whoever has access to a side of them; of the other side, whom to ask."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from varde.core.camera_comparison import MOST_FILE_PLACES, CameraComparison, CameraLead
from varde.core.errors import NotFound
from varde.store import camera_comparisons, camera_leads, camera_links, cameras, cases
from varde.store.camera_leads import StoredCameraLead
from varde.store.site import Site
from varde.workflows.read_searches import find_contacts

_MOST_COUNTED = 1_000


def list_leads(
    site: Site,
    *,
    case_ids: Collection[int] | None,
    case: str | None = None,
    camera: str | None = None,
    waiting_only: bool = True,
    before: int | None = None,
    limit: int = 200,
) -> list[CameraLead]:
    """Returns leads of which a person may see a side, newest first.

    Args:
        site: where.
        case_ids: cases that the person has access to; None for all.
        case: only leads to a camera, or to a file, of this case.
        camera: only leads to this camera.
        waiting_only: only those about which nobody decided anything.
        before: number of the lead after the first; None for the newest.
        limit: most of them.

    Raises:
        NotFound: if the case or the camera is not there, or not for this person.
    """
    with site.database.read() as connection:
        camera_id = cameras.get_camera(connection, camera, case_ids).camera_id if camera is not None else None
        found = camera_leads.list_leads(
            connection,
            case_ids=case_ids,
            camera_id=camera_id,
            case_id=_find_case(connection, case, case_ids),
            waiting_only=waiting_only,
            before=before,
            limit=limit,
        )
        return [_show(connection, one, case_ids) for one in found]


def read_lead(site: Site, lead_id: int, *, case_ids: Collection[int] | None) -> CameraLead:
    """Returns a lead.

    Raises:
        NotFound: if there is none of that number of which the person may see a side.
    """
    with site.database.read() as connection:
        stored = camera_leads.get_lead(connection, lead_id)
        lead = _show(connection, stored, case_ids)
    if case_ids is not None and stored.camera_case_id not in case_ids and not lead.places:
        raise NotFound("there is no such lead, or it is not yours to see")
    return lead


def _find_case(connection: Connection, name: str | None, case_ids: Collection[int] | None) -> int | None:
    if name is None:
        return None
    return cases.get_case(connection, name, case_ids).case_id


def _show(connection: Connection, stored: StoredCameraLead, case_ids: Collection[int] | None) -> CameraLead:
    sees_camera = case_ids is None or stored.camera_case_id is None or stored.camera_case_id in case_ids
    places = camera_leads.list_file_places(connection, stored.content_id, case_ids=case_ids, most=MOST_FILE_PLACES + 1)
    counted = len(places)
    if counted > MOST_FILE_PLACES:
        counted = len(
            camera_leads.list_file_places(connection, stored.content_id, case_ids=case_ids, most=_MOST_COUNTED)
        )
    contacts: list[str] = []
    if not sees_camera and stored.camera_case_id is not None:
        contacts += find_contacts(connection, stored.camera_case_id)
    if not places:
        for case_id in camera_leads.list_file_cases(connection, stored.content_id):
            contacts += find_contacts(connection, case_id)
    both = sees_camera and bool(places)
    made = _find_comparison(connection, stored, case_ids) if both else None
    if both and made is None:
        contacts += _find_comparer(connection, stored)
    return CameraLead(
        lead_id=stored.lead_id,
        camera_id=stored.camera_id,
        camera=stored.camera if sees_camera else None,
        content_id=stored.content_id,
        comparison=made,
        places=tuple(places[:MOST_FILE_PLACES]),
        more_places=max(0, counted - MOST_FILE_PLACES),
        contacts=tuple(dict.fromkeys(contacts)),
        found_at=stored.found_at,
        decided=camera_links.find_standing(connection, stored.camera_id, stored.content_id, case_ids=case_ids)
        if both
        else None,
    )


def _find_comparison(
    connection: Connection, stored: StoredCameraLead, case_ids: Collection[int] | None
) -> CameraComparison | None:
    """Returns a lead's comparison; made for a case that the person does not see, the newest they may see, if any."""
    made = camera_comparisons.load_comparisons(connection, [stored.comparison_id]).get(stored.comparison_id)
    if made is None or case_ids is None or made.case_id in case_ids:
        return made
    seen = camera_comparisons.list_comparisons(
        connection, case_ids=case_ids, camera_id=stored.camera_id, content_id=stored.content_id, limit=1
    )
    return seen[0] if seen else None


def _find_comparer(connection: Connection, stored: StoredCameraLead) -> list[str]:
    made = camera_comparisons.load_comparisons(connection, [stored.comparison_id])[stored.comparison_id]
    return list(find_contacts(connection, made.case_id)) if made.case_id is not None else []
