"""Processes a case: everything in it listed, examined and compared; goes on where an earlier run stopped."""

from __future__ import annotations

from collections.abc import Callable

from varde.pipeline.run import Progress, RunResult
from varde.pipeline.run import process_case as run_pipeline
from varde.store import cases
from varde.store.cases import PlaceCounts
from varde.store.site import Site
from varde.workflows.actor import Actor


def process_case(
    site: Site, actor: Actor, *, case_name: str, progress: Callable[[Progress], None]
) -> tuple[RunResult, PlaceCounts, int]:
    """Returns what this run did, the accounting of the whole case, and how many issues are new in it.

    New issues are also those of places that are no items: links, special files, closed folders.

    Raises:
        NotFound: if there is no such case.
        SiteBusy: if another run holds the site.
        VardeError: if the run cannot go on; the same call resumes it.
    """
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
        before = cases.count_places(connection, case.case_id).issue_records
    result = run_pipeline(site, case, person=actor.person, clock=actor.clock, progress=progress)
    with site.database.read() as connection:
        counts = cases.count_places(connection, case.case_id)
    return result, counts, counts.issue_records - before
