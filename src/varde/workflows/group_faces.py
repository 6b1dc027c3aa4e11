"""Groups the faces of a case by person, and says who appears how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from varde.core.case import Case
from varde.core.face_cluster import Appearance, FaceCluster
from varde.faces.clustering import find_nearest, read_centres
from varde.faces.neighbours import Floats
from varde.pipeline.face_clustering import ClusterCount, cluster_case
from varde.store import cases, faces
from varde.store import face_clusters as stored
from varde.store.face_clusters import ClusterQuery
from varde.store.site import Site
from varde.workflows.actor import Actor

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Grouped:
    """The clusters of a case, largest first.

    Attributes:
        model: that compared the faces; "" where no run did.
        point: thresholds, in words.
        clusters: each with where it is seen; at most as many as were asked for.
        several: clusters with more than one face.
        unknown: faces in no cluster, by reason.
        not_examined: pictures and videos nobody looked at for faces.
    """

    case: str
    model: str
    point: str
    clusters: tuple[tuple[FaceCluster, Appearance], ...]
    count: int
    several: int
    faces: int
    unknown: dict[str, int]
    not_examined: int


def group_faces(
    site: Site, actor: Actor, case_name: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> ClusterCount:
    """Puts the faces of a case in clusters and returns how many there are.

    Raises:
        NotFound: if there is no such case.
        WrongUse: if no face models are in use.
        SiteBusy: if a run holds the site.
    """
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
    with site.processing_lock():
        return cluster_case(site, case, person=actor.person, clock=actor.clock, progress=progress)


def read_groups(site: Site, case_name: str, *, least: int, limit: int) -> Grouped:
    """Returns who appears how often in a case.

    Raises:
        NotFound: if there is no such case.
    """
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
        made = stored.find_last_made(connection, case.case_id) or {}
        found: list[tuple[FaceCluster, Appearance]] = []
        after: tuple[int, int] | None = None
        while len(found) < limit:
            query = ClusterQuery(least=least, after=after)
            page = stored.page_clusters(connection, case.case_id, query, min(_PAGE, limit - len(found)))
            if not page:
                break
            seen = stored.read_appearances(connection, case.case_id, [one.cluster_id for one in page])
            found += [(one, seen.get(one.cluster_id, Appearance(0, 0, None, None))) for one in page]
            after = (page[-1].faces, page[-1].cluster_id)
        count, several, in_clusters = stored.count_clusters(connection, case.case_id)
        return Grouped(
            case=case.name,
            model=str(made.get("model", "")),
            point=f"single faces {made['strict']}, groups {made['loose']}" if made else "",
            clusters=tuple(found),
            count=count,
            several=several,
            faces=in_clusters,
            unknown=stored.count_unknown(connection, case.case_id),
            not_examined=faces.count_unexamined(connection, case.case_id),
        )


def suggest_near(site: Site, case: Case, cluster_id: int, most: int) -> list[tuple[FaceCluster, float]]:
    """Returns the clusters most like one, with their mean similarity: a suggestion, which decides nothing.

    Left out are those that people said are somebody else.

    Raises:
        NotFound: if there is no such cluster in the case.
    """
    with site.database.read() as connection:
        stored.get_cluster(connection, case.case_id, cluster_id)
        ids, centres = read_centres(stored.read_centres(connection, case.case_id))
        different = stored.find_different(connection, case.case_id, cluster_id)
    if cluster_id not in ids:
        return []
    nearest = _rank(ids, centres, cluster_id, most + 1 + len(different))
    kept = [(one, score) for one, score in nearest if one != cluster_id and one not in different][:most]
    with site.database.read() as connection:
        found = {
            one.cluster_id: one for one in stored.read_clusters(connection, case.case_id, [one for one, _ in kept])
        }
    return [(found[one], score) for one, score in kept if one in found and found[one].faces]


def _rank(ids: list[int], centres: Floats, cluster_id: int, most: int) -> list[tuple[int, float]]:
    return [(ids[place], score) for place, score in find_nearest(centres[ids.index(cluster_id)], centres, most)]
