"""Finds which pictures of a case one camera took, without having the camera: clusters, kept and audited, as leads."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from varde.camera.residual import Residual
from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import NotComparable
from varde.core.source_cluster import SourceCluster, SourceClustering, SourceMember
from varde.pipeline.read_residuals import ResidualReader
from varde.pipeline.run import Progress
from varde.pipeline.sketch_sources import open_files
from varde.pipeline.source_cameras import EnrolledSigns
from varde.pipeline.source_clustering import CLUSTER_METHOD, EXACT_FILES, SourceClusters
from varde.pipeline.source_clustering import cluster_sources as run_clustering
from varde.pipeline.sources import SpoolSource
from varde.store import audit, cameras, cases, items, pictures, source_clusters, source_sketches
from varde.store.settings import SketchUse
from varde.store.site import Site
from varde.store.source_sketches import SketchedContent
from varde.workflows.actor import Actor
from varde.workflows.process_case import process_case
from varde.workflows.show_original import open_verified

LIMITS: Final = (
    "Only pictures of one stored size are compared with one another: copies that were resized, cropped or straightened "
    "are not found; `varde camera compare` looks further.",
    "What a file states of its camera decides nothing: it can be changed. A cluster whose files state several models "
    "wants a look.",
    "Videos, and pictures smaller than 256 pixels a side, are not clustered.",
    "One camera may be several clusters: with a digital zoom, or after heavy editing.",
)

_ITEMS: Final = 20
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class MadeClusters:
    """What a run gave.

    Attributes:
        clustering_id: its number.
        sketched: pictures that were sketched for it first.
    """

    clustering_id: int
    sketched: int


@dataclass(frozen=True, slots=True)
class ShownMember:
    """A file of a cluster, and one place of the case at which it lies."""

    member: SourceMember
    item_id: int | None
    locator: str


@dataclass(frozen=True, slots=True)
class ShownClusters:
    """The newest clustering of a case.

    Attributes:
        clustering: None where there is none.
        clusters: the largest first, each with files that fit least first; at most as many of both as were asked for.
        unclustered: files in no cluster, by reason.
        not_examined: pictures nobody sketched.
        videos: of the case; they are not clustered.
    """

    case: str
    clustering: SourceClustering | None
    clusters: tuple[tuple[SourceCluster, tuple[ShownMember, ...]], ...]
    unclustered: dict[str, int]
    not_examined: int
    videos: int


def cluster_sources(
    site: Site,
    actor: Actor,
    case_name: str,
    *,
    case_ids: Collection[int] | None = None,
    exact_files: int = EXACT_FILES,
    progress: Callable[[Progress], None] = lambda where: None,
) -> MadeClusters:
    """Clusters the pictures of a case by source and returns the number of the clustering.

    What is not examined or not sketched yet comes first. Whoever is stopped in between has lost nothing.

    Args:
        site, actor: where and who.
        case_name: of the case.
        case_ids: cases this person may see; None for all.
        exact_files: pictures of one size, up to so many, are read again and compared whole.
        progress: called often.

    Raises:
        NotFound: if there is no such case for this person.
        WrongUse: if the site's settings forbid sketches, and some are missing.
        SiteBusy: if another run holds the site.
    """
    case = _get_case(site, case_name, case_ids)
    made = _sketch_missing(site, actor, case, progress)
    with site.processing_lock():
        with site.database.read() as connection:
            sketched = list(source_sketches.stream_case_sketches(connection, case.case_id))
        found = _run(site, case, sketched, case_ids, exact_files, progress)
        return MadeClusters(_record(site, actor, case, found), made)


def read_clusters(
    site: Site,
    case_name: str,
    *,
    case_ids: Collection[int] | None = None,
    after: int = 0,
    limit: int = 1_000,
    files: int = _ITEMS,
) -> ShownClusters:
    """Returns the newest clustering of a case.

    Args:
        site: where.
        case_name: of the case.
        case_ids: cases this person may see; None for all.
        after: number of the last cluster that was seen.
        limit: clusters at most.
        files: of each at most.

    Raises:
        NotFound: if there is no such case for this person.
    """
    case = _get_case(site, case_name, case_ids)
    with site.database.read() as connection:
        not_examined = source_sketches.count_unsketched(connection, case.case_id)
        videos = source_sketches.count_case_videos(connection, case.case_id)
        clustering = source_clusters.find_newest(connection, case.case_id)
        if clustering is None:
            return ShownClusters(case.name, None, (), {}, not_examined, videos)
        number = clustering.clustering_id
        shown: list[tuple[SourceCluster, tuple[ShownMember, ...]]] = []
        while len(shown) < limit:
            page = source_clusters.page_clusters(connection, number, after=after, limit=min(_PAGE, limit - len(shown)))
            if not page:
                break
            for one in page:
                members = source_clusters.page_members(connection, number, one.number, after=None, limit=files)
                places = source_clusters.find_first_items(
                    connection, case.case_id, [member.content_id for member in members]
                )
                shown.append(
                    (_hide_cameras(connection, one, case_ids), tuple(_show(member, places) for member in members))
                )
            after = page[-1].number
        counts = source_clusters.count_unclustered(connection, number)
    return ShownClusters(case.name, clustering, tuple(shown), counts, not_examined, videos)


def read_cluster_members(
    site: Site, case: Case, number: int, *, after: tuple[float, int] | None = None, limit: int = _PAGE
) -> list[ShownMember]:
    """Returns the next files of a cluster of the newest clustering, those that fit least first.

    Raises:
        NotFound: if there is no clustering, or no such cluster.
    """
    with site.database.read() as connection:
        clustering = source_clusters.find_newest(connection, case.case_id)
        if clustering is None:
            raise NotFound(
                f"the pictures of case {case.name} were not clustered", advice="`varde camera cluster CASE` does it."
            )
        members = source_clusters.page_members(connection, clustering.clustering_id, number, after=after, limit=limit)
        if not members and after is None:
            raise NotFound(f"there is no cluster {number} in case {case.name}")
        ids = [member.content_id for member in members]
        places = source_clusters.find_first_items(connection, case.case_id, ids)
    return [_show(member, places) for member in members]


def _hide_cameras(connection: Connection, one: SourceCluster, case_ids: Collection[int] | None) -> SourceCluster:
    """Returns a cluster without the cameras that it agrees with and the person may not see."""
    told = one.facts.get("cameras")
    if case_ids is None or not isinstance(told, list):
        return one
    seen = [each for each in told if cameras.find_camera(connection, str(each["camera"]), case_ids) is not None]
    return replace(one, facts=one.facts | {"cameras": seen})


def _get_case(site: Site, name: str, case_ids: Collection[int] | None) -> Case:
    with site.database.read() as connection:
        return cases.get_case(connection, name, case_ids)


def _sketch_missing(site: Site, actor: Actor, case: Case, progress: Callable[[Progress], None]) -> int:
    with site.database.read() as connection:
        missing = source_sketches.count_unsketched(connection, case.case_id)
        before = source_sketches.count_sketched(connection, case.case_id)
        exhibits = cases.list_exhibits(connection, case.case_id)
        is_open = any(not one.walked or items.has_waiting(connection, one.exhibit_id) for one in exhibits)
    if not missing and not is_open:
        return 0
    if missing and site.settings.camera.sketch is SketchUse.NEVER:
        raise WrongUse(
            f"{missing:,} pictures of case {case.name} have no sketch, and the setting camera.sketch says never",
            advice='Set it to "auto" in varde.toml.',
        )
    process_case(site, actor, case_name=case.name, progress=progress, sources=True)
    with site.database.read() as connection:
        return source_sketches.count_sketched(connection, case.case_id) - before


def _run(
    site: Site,
    case: Case,
    sketched: list[SketchedContent],
    case_ids: Collection[int] | None,
    exact_files: int,
    progress: Callable[[Progress], None],
) -> SourceClusters:
    with ExitStack() as stack:
        return run_clustering(
            sketched,
            open_files(site),
            read=_Reading(site, case, stack).read,
            spool=site.spool,
            cameras=EnrolledSigns(site, case_ids),
            exact_files=exact_files,
            progress=lambda what, done, total: progress(Progress(what, 0, done, total)),
        )


@dataclass(slots=True)
class _Reading:
    """Reads contents of a case again, at the first place where they lie; its process starts with the first."""

    site: Site
    case: Case
    stack: ExitStack
    reader: ResidualReader | None = None

    def read(self, file: SketchedContent) -> Residual | NotComparable:
        with self.site.database.read() as connection:
            places = source_clusters.find_first_items(connection, self.case.case_id, [file.content_id])
            item_id = places[file.content_id][0]
            original = pictures.find_original(connection, item_id)
        if original is None:
            raise NotFound(f"item {item_id} is not there any more")
        with open_verified(self.site, original) as opened:
            self.reader = self.reader or self.stack.enter_context(ResidualReader(self.site.settings))
            return self.reader.examine(SpoolSource(opened.descriptor, 0, opened.size_bytes)).outcome


def _record(site: Site, actor: Actor, case: Case, found: SourceClusters) -> int:
    at = actor.clock()
    with site.database.write() as connection:
        number = source_clusters.add_clustering(
            connection,
            case.case_id,
            method=CLUSTER_METHOD,
            facts=found.facts,
            clusters=found.clusters,
            members=found.members,
            person=actor.person,
            at=at,
        )
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "clustering": number,
            "files": len(found.members),
            "clusters": len(found.clusters),
            "in_clusters": sum(one.files for one in found.clusters),
            "method": CLUSTER_METHOD,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.SOURCES_CLUSTERED, subject=subject)
    return number


def _show(member: SourceMember, places: dict[int, tuple[int, str]]) -> ShownMember:
    item_id, locator = places.get(member.content_id, (None, ""))
    return ShownMember(member, item_id, locator)
