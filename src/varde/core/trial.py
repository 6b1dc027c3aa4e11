"""Figures of a trial of face search: what was searched, shown, said and found in a time, without anybody's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from varde.core.outcome import NotComparable


@dataclass(frozen=True, slots=True)
class TrialMonth:
    """What happened in one month.

    Attributes:
        month: ``2026-11``, in UTC.
        in_case, everywhere: searches by scope.
        without_candidate: searches whose list was empty; each says why.
        candidates: shown in lists, fillers not counted.
        same, different, undecided: candidates by the newest judgement.
        none_of_these: searches of which somebody said that none of the candidates is the person.
        seconds: that people spent on judging; None where fewer than three people did.
        identifications: faces that a person identified as a victim.
        links: cases that a person linked.
        leads, leads_same, leads_open: found by the machine when exhibits or victims came; of these answered "same",
            and waiting for an answer.
    """

    month: str
    in_case: int = 0
    everywhere: int = 0
    without_candidate: int = 0
    candidates: int = 0
    same: int = 0
    different: int = 0
    undecided: int = 0
    none_of_these: int = 0
    seconds: float | None = None
    identifications: int = 0
    links: int = 0
    leads: int = 0
    leads_same: int = 0
    leads_open: int = 0

    @property
    def searches(self) -> int:
        """Searches of both scopes."""
        return self.in_case + self.everywhere

    @property
    def judged(self) -> int:
        """Candidates that somebody judged."""
        return self.same + self.different + self.undecided


@dataclass(frozen=True, slots=True)
class FillerFigure:
    """How often faces of people who are certainly not the one searched for were called the same person.

    Attributes:
        judged: fillers that were judged.
        accepted: those called "same".
        low, high: 95 % interval of the share.
    """

    judged: int
    accepted: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TrialReport:
    """Everything a report of a trial says.

    Attributes:
        site: name of the installation.
        since, until: the time it is about, UTC; until is not part of it.
        written_at, written_by: of the report.
        months: in order; months without anything are among them.
        reviewers: people who judged; None where there are too few to say so without pointing at them.
        median_s: seconds that the judgement of one candidate took, half took longer; None without any.
        fillers: the blind test of reviewers, or why there is no figure.
        missed: candidates that were judged not to be the person, or not judged, and identified all the same later.
        deleted: searches in the audit log whose lists are deleted since, as the rules of retention want it.
        victims_open, victims_closed: at the end.
        audit_number: last event of the audit log it was made from.
    """

    site: str
    since: datetime
    until: datetime
    written_at: datetime
    written_by: str
    months: tuple[TrialMonth, ...]
    reviewers: int | None
    median_s: float | None
    fillers: FillerFigure | NotComparable
    missed: int
    deleted: int
    victims_open: int
    victims_closed: int
    audit_number: int
