"""Processes the exhibits of a case: list, examine, compare. A run can be interrupted anywhere and is then resumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.case import Case, Exhibit
from varde.core.errors import ExhibitUnreachable
from varde.evidence.registry import load_readers
from varde.pipeline.checking import check_there
from varde.pipeline.face_clustering import cluster_stale_case
from varde.pipeline.face_setup import FaceSetup, NoFaces, find_setup
from varde.pipeline.machine import count_cores, list_software
from varde.pipeline.matching import MatchCount, is_up_to_date, match_all
from varde.pipeline.plan import list_places
from varde.pipeline.schedule import Schedule
from varde.pipeline.sketch_sources import SketchSetup, find_sketch_setup, forget_lost
from varde.pipeline.stacking import stack_stale_cases
from varde.pipeline.tasks import Tally
from varde.store import audit, cases, items, reopening, runs
from varde.store.database import PATIENCE_S
from varde.store.site import Site


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is.

    Attributes:
        stage: ``listing``, ``examining``, ``comparing`` or ``stacking``.
        exhibit: number of the exhibit, 0 while comparing and stacking.
        done, total: places; total is 0 where it is not known yet, and grows as archives are opened.
        done_bytes, total_bytes: of them.
        with_issues: items of this run with at least one issue.
    """

    stage: str
    exhibit: int
    done: int
    total: int
    done_bytes: int = 0
    total_bytes: int = 0
    with_issues: int = 0


@dataclass(slots=True)
class RunResult:
    """What one run did.

    Attributes:
        items, size_bytes, with_issues: examined in this run.
        matches: new in this run.
        cpu_s: CPU seconds of decoder processes by step.
        layers: sandbox layers the decoder processes ran in; () where none ran.
        unreachable: exhibits that are not where they were, one sentence each; their items still wait.
        no_faces: why nobody looked for faces; None where somebody did.
    """

    items: int = 0
    size_bytes: int = 0
    with_issues: int = 0
    matches: MatchCount = field(default_factory=MatchCount)
    cpu_s: dict[str, float] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    no_faces: NoFaces | None = None

    def add(self, tally: Tally) -> None:
        """Adds what was done on one exhibit."""
        self.items += tally.items
        self.size_bytes += tally.size_bytes
        self.with_issues += tally.with_issues
        self.layers = tally.layers or self.layers
        for step, seconds in tally.cpu_s.items():
            self.cpu_s[step] = round(self.cpu_s.get(step, 0.0) + seconds, 3)


def process_case(
    site: Site,
    case: Case,
    *,
    person: str,
    clock: Callable[[], datetime],
    progress: Callable[[Progress], None],
    retry: bool = False,
    features: bool = False,
    faces: bool = False,
    sources: bool = False,
) -> RunResult:
    """Brings a case up to date: all listed and examined, compared with all known sets, and stacked to be looked at.

    Args:
        site, case: what to process.
        person, clock: recorded with the run.
        progress: called often.
        retry: whether items whose issue may have passed (a disk that was away, a limit that was raised) wait again.
        features: whether pictures and videos without local features are examined again for them.
        faces: whether pictures and videos that nobody looked at for faces are examined again for them.
        sources: whether pictures whose sensor noise nobody sketched are examined again for that.

    Raises:
        PluginError: if a listed archive reader cannot be loaded.
        SiteBusy: if another run holds the site.
        VardeError: if the run cannot go on; what is recorded stays, and the same call resumes.
    """
    result = RunResult()
    with site.processing_lock():
        setup = find_setup(site, person, clock)
        result.no_faces = setup if isinstance(setup, NoFaces) else None
        looking = None if isinstance(setup, NoFaces) else setup
        sketches = find_sketch_setup(site, clock, asked=sources)
        site.contents.clear_staging()
        site.clear_spool()
        load_readers(site.settings.plugins.evidence)  # or stop now: the decoders would fail archive by archive
        retried = _open_again(site, case, reopening.open_again) if retry else 0
        retried += _open_again(site, case, reopening.open_without_features) if features else 0
        retried += _open_again(site, case, reopening.open_without_faces) if faces and looking else 0
        if sources and sketches:
            forget_lost(site)
            retried += _open_again(site, case, reopening.open_without_sketches)
        open_exhibits = [exhibit for exhibit in _list_exhibits(site, case) if _is_open(site, exhibit)]
        if not open_exhibits and is_up_to_date(site):
            stack_stale_cases(site, case.case_id)  # an earlier run may have been killed before this
            cluster_stale_case(site, case, person=person, clock=clock)
            return result  # nothing to do is nothing to record
        run_id = _record_start(site, case, len(open_exhibits), retried, person, clock())
        for exhibit in open_exhibits:
            try:
                result.add(_process_exhibit(site, exhibit, looking, sketches, progress))
            except ExhibitUnreachable as error:  # the others, and the comparison, do not wait for it
                result.unreachable = (*result.unreachable, str(error))
        progress(Progress("comparing", 0, 0, 0))
        result.matches = match_all(site, clock())
        _record_finish(site, case, run_id, result, person, clock())
        progress(Progress("stacking", 0, 0, 0))
        stack_stale_cases(site, case.case_id)
        cluster_stale_case(site, case, person=person, clock=clock)
    return result


def _process_exhibit(
    site: Site,
    exhibit: Exhibit,
    faces: FaceSetup | None,
    sketches: SketchSetup | None,
    progress: Callable[[Progress], None],
) -> Tally:
    check_there(exhibit)
    if not exhibit.walked:
        list_places(site.database, exhibit, lambda found: progress(Progress("listing", exhibit.number, found, 0)))
    with site.database.read() as connection:
        total, total_bytes = items.count_waiting(connection, exhibit.exhibit_id)

    def report(tally: Tally) -> None:
        progress(
            Progress(
                "examining",
                exhibit.number,
                tally.items,
                total + tally.found,
                tally.size_bytes,
                total_bytes + tally.found_bytes,
                tally.with_issues,
            )
        )

    workers = site.settings.processing.workers or count_cores()
    return Schedule(site, exhibit, workers, report, faces, sketches).run() if total else Tally()


def _list_exhibits(site: Site, case: Case) -> list[Exhibit]:
    with site.database.read() as connection:
        return cases.list_exhibits(connection, case.case_id)


def _is_open(site: Site, exhibit: Exhibit) -> bool:
    with site.database.read() as connection:
        return not exhibit.walked or items.has_waiting(connection, exhibit.exhibit_id)


def _open_again(site: Site, case: Case, open_again: Callable[[Connection, int], int]) -> int:
    with site.database.write(patience_s=PATIENCE_S) as connection:
        exhibits = cases.list_exhibits(connection, case.case_id)
        return sum(open_again(connection, exhibit.exhibit_id) for exhibit in exhibits)


def _record_start(site: Site, case: Case, exhibits: int, retried: int, person: str, at: datetime) -> int:
    with site.database.write(patience_s=PATIENCE_S) as connection:
        run_id = runs.add_run(connection, case.case_id, person=person, at=at, software=list_software())
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "run": run_id,
            "exhibits": exhibits,
            "retried": retried,
        }
        audit.append_event(connection, at=at, person=person, act=Act.PROCESSING_STARTED, subject=subject)
    return run_id


def _record_finish(site: Site, case: Case, run_id: int, result: RunResult, person: str, at: datetime) -> None:
    with site.database.write(patience_s=PATIENCE_S) as connection:
        runs.finish_run(connection, run_id, at=at, cpu_s=result.cpu_s)
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "run": run_id,
            "items": result.items,
            "with_issues": result.with_issues,
            **result.matches.describe(),
            "sandbox": " ".join(result.layers),
            "unreachable": len(result.unreachable),
        }
        audit.append_event(connection, at=at, person=person, act=Act.PROCESSING_FINISHED, subject=subject)
