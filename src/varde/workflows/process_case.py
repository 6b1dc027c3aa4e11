"""Processes a case: everything in it listed, examined and compared; goes on where an earlier run stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from varde.pipeline.retro_search import RetroSearch
from varde.pipeline.run import Progress, RunResult
from varde.pipeline.run import process_case as run_pipeline
from varde.store import cases
from varde.store import faces as stored_faces
from varde.store.cases import PlaceCounts
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.look_back import look_back


@dataclass(frozen=True, slots=True)
class Processed:
    """What came of a run.

    Attributes:
        run: what it did.
        places: the accounting of the whole case.
        new_issues: recorded by it, also those of places that are no items: links, special files, closed folders.
        without_faces: items of the case that are pictures or videos and that nobody looked at for faces.
        looked_back: what comparing new faces with the victims who are looked for gave.
    """

    run: RunResult
    places: PlaceCounts
    new_issues: int
    without_faces: int = 0
    looked_back: RetroSearch = field(default_factory=RetroSearch)


def process_case(
    site: Site,
    actor: Actor,
    *,
    case_name: str,
    progress: Callable[[Progress], None],
    retry: bool = False,
    features: bool = False,
    faces: bool = False,
    sources: bool = False,
) -> Processed:
    """Returns what this run did and how the case stands.

    Args:
        site, actor: where and who.
        case_name: of the case.
        progress: called often.
        retry: whether items whose issue may have passed are examined again.
        features: whether pictures and videos without local features are.
        faces: whether pictures and videos that nobody looked at for faces are.
        sources: whether pictures whose sensor noise nobody sketched are.

    Raises:
        NotFound: if there is no such case.
        SiteBusy: if another run holds the site.
        VardeError: if the run cannot go on; the same call resumes it.
    """
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
        before = cases.count_places(connection, case.case_id).issue_records
    result = run_pipeline(
        site,
        case,
        person=actor.person,
        clock=actor.clock,
        progress=progress,
        retry=retry,
        features=features,
        faces=faces,
        sources=sources,
    )
    looked_back = look_back(site, actor)
    with site.database.read() as connection:
        counts = cases.count_places(connection, case.case_id)
        without_faces = stored_faces.count_unexamined(connection, case.case_id)
    return Processed(result, counts, counts.issue_records - before, without_faces, looked_back)
