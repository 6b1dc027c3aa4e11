"""Counts what is in a case, for its page. On a case of a million items that takes seconds: nobody waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from varde.core.case import Case, Exhibit
from varde.store import case_figures, cases, recalls, search, summary
from varde.store.case_figures import MatchedSet
from varde.store.cases import PlaceCounts
from varde.store.recalls import Recall
from varde.store.search_index import TimeKind
from varde.store.site import Site
from varde.store.summary import CaseSummary
from varde.workflows.actor import Actor

_CAMERAS: Final = 8


@dataclass(frozen=True, slots=True)
class ExhibitFigures:
    """An exhibit and what is in it.

    Attributes:
        is_reachable: whether it lies where it lay when it was added.
    """

    exhibit: Exhibit
    counts: PlaceCounts
    is_reachable: bool

    @property
    def state(self) -> str:
        """How far it has come, in words."""
        if not self.is_reachable and (self.counts.waiting or not self.exhibit.walked):
            return "unreachable: it is not where it was, and its items wait until it is back"
        if not self.exhibit.walked:
            return "not listed to its end yet"
        if self.counts.waiting:
            return f"{self.counts.waiting:,} wait"
        return "done" if self.is_reachable else "done; not where it was, so originals cannot be shown"


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """Everything that was counted of a case.

    Attributes:
        as_of: when it was counted.
        file_months, capture_months: items by month, ``YYYY-MM``.
        cameras: models that most items name.
        sizes: items by range of sizes.
    """

    as_of: datetime
    summary: CaseSummary
    exhibits: tuple[ExhibitFigures, ...]
    matched_sets: tuple[MatchedSet, ...]
    recalls: tuple[Recall, ...]
    file_months: dict[str, int]
    capture_months: dict[str, int]
    cameras: tuple[tuple[str, int], ...]
    sizes: tuple[tuple[str, int], ...]

    @property
    def waiting(self) -> int:
        """Items that are not examined yet."""
        return sum(one.counts.waiting for one in self.exhibits)


def count_case(site: Site, actor: Actor, case: Case) -> CaseFigures:
    """Returns the figures of a case, counted now, from one state of the database."""
    with site.database.read() as connection:
        return CaseFigures(
            as_of=actor.clock(),
            summary=summary.summarise_case(connection, case.case_id),
            exhibits=tuple(_count_exhibits(connection, case)),
            matched_sets=tuple(case_figures.count_matched(connection, case.case_id)),
            recalls=tuple(recalls.list_recalls(connection, case.case_id)),
            file_months=search.count_months(connection, case.case_id, TimeKind.FILE),
            capture_months=search.count_months(connection, case.case_id, TimeKind.CAPTURE),
            cameras=tuple(search.count_cameras(connection, case.case_id, _CAMERAS)),
            sizes=tuple(case_figures.count_sizes(connection, case.case_id)),
        )


def _count_exhibits(connection: Connection, case: Case) -> list[ExhibitFigures]:
    return [
        ExhibitFigures(exhibit, cases.count_places(connection, case.case_id, exhibit.exhibit_id), exhibit.path.exists())
        for exhibit in cases.list_exhibits(connection, case.case_id)
    ]
