"""``/cases/{case_id}/sources``: pictures of a case that one sensor may have taken, found without any camera."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from varde.core.account import Permission
from varde.core.outcome import Reason
from varde.core.source_cluster import SourceCluster, Unclustered
from varde.reports.camera_words import REASONS
from varde.store import cameras
from varde.web.access import GuardedRoute
from varde.web.face_readers import Reader, find_reader
from varde.web.pages.page import show
from varde.web.people import allow_in_case, find_case
from varde.web.row_ids import AfterRow
from varde.web.services import Services, get_services
from varde.workflows.cluster_sources import LIMITS, read_clusters

router = APIRouter(tags=["Cameras"], route_class=GuardedRoute)

_CLUSTERS: Final = 30
_FILES: Final = 12
_UNCLUSTERED: Final = {
    Unclustered.ALONE.value: "Agree with no other picture.",
    Unclustered.ONLY_OF_ITS_SIZE.value: "The only ones of their size: there was nothing to compare them with.",
}


@router.get(
    "/cases/{case_id}/sources",
    dependencies=[allow_in_case(Permission.COMPARE_CAMERAS)],
    response_class=HTMLResponse,
)
def show_sources(request: Request, after: AfterRow = 0) -> HTMLResponse:
    """Show the newest clustering of a case's pictures by source."""
    services, case, reader = get_services(request), find_case(request), find_reader(request)
    found = read_clusters(
        services.site, case.name, case_ids=reader.case_ids, after=after, limit=_CLUSTERS + 1, files=_FILES
    )
    shown = found.clusters[:_CLUSTERS]
    facts: dict[str, Any] = {
        "found": found,
        "clusters": [(one, members, _list_cameras(services, reader, one)) for one, members in shown],
        "next": shown[-1][0].number if len(found.clusters) > _CLUSTERS else None,
        "unclustered": [(_say(reason), number) for reason, number in found.unclustered.items()],
        "limits": LIMITS,
    }
    return show(request, "sources.html", case=case, **facts)


def _list_cameras(services: Services, reader: Reader, cluster: SourceCluster) -> list[str]:
    """Returns the enrolled cameras that a cluster agrees with, as far as the reader may see them."""
    told = cluster.facts.get("cameras")
    names = [str(one["camera"]) for one in told] if isinstance(told, list) else []
    with services.site.database.read() as connection:
        return [name for name in names if cameras.find_camera(connection, name, reader.case_ids) is not None]


def _say(reason: str) -> str:
    """Returns why files are in no cluster, as a sentence."""
    return _UNCLUSTERED.get(reason) or REASONS.get(Reason(reason), reason)
