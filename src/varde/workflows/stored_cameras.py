"""What people decided of the files of a case and cameras, for its report: no finding that nobody looked at is told."""

from __future__ import annotations

from sqlalchemy import Connection

from varde.core.camera import LikelihoodRatio
from varde.core.camera_comparison import CameraComparison, CameraLink
from varde.core.case import Case
from varde.reports.camera_words import write_ratio
from varde.reports.head import ReportCameraLink
from varde.store import camera_comparisons, camera_leads, camera_links, cameras


def list_camera_links(connection: Connection, case: Case) -> tuple[ReportCameraLink, ...]:
    """Returns the newest decision about each file of a case and camera, oldest first."""
    return tuple(_describe(connection, case, link) for link in camera_links.list_standing(connection, case.case_id))


def count_camera_leads(connection: Connection, case: Case) -> int:
    """Returns how many leads to files of a case wait for a person."""
    return camera_leads.count_waiting(connection, case_id=case.case_id)


def _describe(connection: Connection, case: Case, link: CameraLink) -> ReportCameraLink:
    camera = cameras.get_camera_by_id(connection, link.camera_id, None)
    places = camera_leads.list_file_places(connection, link.content_id, case_ids={case.case_id}, most=1)
    made = camera_comparisons.load_comparisons(connection, [link.comparison_id])[link.comparison_id]
    return ReportCameraLink(
        camera=camera.name if camera.case_id in (None, case.case_id) else "",
        verdict=link.verdict,
        place=f"exhibit {places[0].exhibit}: {places[0].locator}" if places else "",
        worth=_write_worth(made),
        note=link.note,
        at=link.at,
        person=link.person,
    )


def _write_worth(made: CameraComparison) -> str:
    weighed = made.likelihood
    if isinstance(weighed, LikelihoodRatio):
        return f"log10 LR {write_ratio(weighed)}: {weighed.words}"
    return f"not assessable: {weighed.detail}"
