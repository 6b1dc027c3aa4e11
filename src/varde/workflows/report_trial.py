"""Reports a trial of face search from the audit log and the face tables: figures for those who decide about its use."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.face import SearchScope, Verdict
from varde.core.outcome import NotComparable
from varde.core.trial import FillerFigure, TrialMonth, TrialReport
from varde.faces.fillers import measure_false_accepts
from varde.reports.trial import write_trial
from varde.review.exposure import LEAST_PEOPLE
from varde.store import audit, trial_figures
from varde.store.site import Site
from varde.store.trial_figures import CandidateFact, JudgementFact, SearchFact, Span
from varde.workflows.actor import Actor
from varde.workflows.output_place import check_output

_JUDGED = {Verdict.SAME: "same", Verdict.DIFFERENT: "different", Verdict.UNDECIDED: "undecided"}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was read of a time, in one transaction."""

    searches: list[SearchFact]
    candidates: list[CandidateFact]
    judgements: list[JudgementFact]


def report_trial(
    site: Site, actor: Actor, *, since: date | None, until: date | None, output: Path | None
) -> TrialReport:
    """Returns the figures of a time, and writes them as one HTML file where an output is named; audited.

    Args:
        site: whose searches.
        actor: who asks.
        since: first day; None takes that of the first search.
        until: last day; None takes today.
        output: file that is made; None writes none.

    Raises:
        WrongUse: if the first day is after the last, or the file is there already.
        Refused: if the file would lie in an exhibit.
    """
    if output is not None:
        if output.exists():
            raise WrongUse(f"{output} is there already", advice="Name a new file for every report.")
        check_output(site, output)
    at = actor.clock()
    name = site.name()
    with site.database.read() as connection:
        span = _find_span(connection, since, until, at)
        report = _make(connection, name, actor, span, at)
    if output is not None:
        write_trial(report, output)
    with site.database.write() as connection:
        subject: dict[str, str | int | None] = {
            "since": span.since.date().isoformat(),
            "until": (span.until - timedelta(days=1)).date().isoformat(),
            "searches": sum(month.searches for month in report.months),
            "file": output.name if output else None,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.TRIAL_REPORTED, subject=subject)
    return report


def _find_span(connection: Connection, since: date | None, until: date | None, at: datetime) -> Span:
    first = trial_figures.find_first_search(connection)
    start = since or (first.date() if first else at.date())
    end = until or at.date()
    if start > end:
        raise WrongUse(f"the time begins on {start} and ends on {end}", advice="Give --from a day before --to.")
    return Span(_midnight(start), _midnight(end + timedelta(days=1)))


def _make(connection: Connection, name: str, actor: Actor, span: Span, at: datetime) -> TrialReport:
    facts = _Facts(
        list(trial_figures.list_searches(connection, span)),
        list(trial_figures.list_candidates(connection, span)),
        list(trial_figures.list_judgements(connection, span)),
    )
    people = {one.person for one in facts.judgements}
    spent = [one.seconds for one in facts.judgements if one.rank is not None and one.seconds > 0]
    victims_open, victims_closed = trial_figures.count_victims(connection, span.until)
    return TrialReport(
        site=name,
        since=span.since,
        until=span.until,
        written_at=at,
        written_by=actor.person,
        months=tuple(_count_months(connection, span, facts)),
        reviewers=len(people) if len(people) >= LEAST_PEOPLE else None,
        median_s=statistics.median(spent) if len(people) >= LEAST_PEOPLE and spent else None,
        fillers=_measure_fillers(facts.judgements),
        missed=_count_missed(facts, trial_figures.find_identified_faces(connection)),
        deleted=max(0, trial_figures.count_audited_searches(connection, span) - len(facts.searches)),
        victims_open=victims_open,
        victims_closed=victims_closed,
        audit_number=audit.get_head(connection).number,
    )


def _count_months(connection: Connection, span: Span, facts: _Facts) -> list[TrialMonth]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    of_search = {one.search_id: _month(one.at) for one in facts.searches}
    for search in facts.searches:
        month = counts[_month(search.at)]
        month["in_case" if search.scope is SearchScope.CASE else "everywhere"] += 1
        month["without_candidate"] += search.is_empty
    for candidate in facts.candidates:
        if not candidate.is_filler:
            month = counts[of_search[candidate.search_id]]
            month["candidates"] += 1
            if candidate.verdict in _JUDGED:
                month[_JUDGED[candidate.verdict]] += 1
    for search_id in {one.search_id for one in facts.judgements if one.verdict is Verdict.NONE_OF_THESE}:
        counts[of_search[search_id]]["none_of_these"] += 1
    _count_decisions(connection, span, counts)
    seconds = _sum_seconds(facts.judgements, of_search)
    return [replace(TrialMonth(month, **counts[month]), seconds=seconds.get(month)) for month in _list_months(span)]


def _sum_seconds(judgements: list[JudgementFact], of_search: dict[int, str]) -> dict[str, float]:
    """Returns the time spent by month, of those months in which so many people judged that it is nobody's own."""
    spent: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for one in judgements:
        spent[of_search[one.search_id]][one.person] += one.seconds
    return {month: sum(people.values()) for month, people in spent.items() if len(people) >= LEAST_PEOPLE}


def _count_decisions(connection: Connection, span: Span, counts: dict[str, Counter[str]]) -> None:
    for identified_at in trial_figures.list_identifications(connection, span):
        counts[_month(identified_at)]["identifications"] += 1
    for linked_at in trial_figures.list_links(connection, span):
        counts[_month(linked_at)]["links"] += 1
    for lead in trial_figures.list_leads(connection, span):
        month = counts[_month(lead.at)]
        month["leads"] += 1
        month["leads_same"] += lead.verdict is Verdict.SAME
        month["leads_open"] += lead.verdict is None


def _measure_fillers(judgements: list[JudgementFact]) -> FillerFigure | NotComparable:
    # The first judgement counts: once it is made, a filler has no origin to show, and whoever thinks again may know.
    said: dict[tuple[str, int, int | None], Verdict] = {}
    for one in judgements:
        if one.is_filler:
            said.setdefault((one.person, one.search_id, one.rank), one.verdict)
    by_person: dict[str, tuple[int, int]] = {}
    for (person, _, _), verdict in said.items():
        judged, accepted = by_person.get(person, (0, 0))
        by_person[person] = judged + 1, accepted + (verdict is Verdict.SAME)
    found = measure_false_accepts(by_person, LEAST_PEOPLE)
    if isinstance(found, NotComparable):
        return found
    return FillerFigure(found.shown, found.accepted, found.low, found.high)


def _count_missed(facts: _Facts, identified: dict[int, datetime]) -> int:
    """Returns how many candidates were passed over in a list that somebody judged, and identified later all the same.

    Only identifications after the search count: one made from this very list was not missed.
    """
    searched_at = {one.search_id: one.at for one in facts.searches}
    judged = {one.search_id for one in facts.judgements}
    return sum(
        candidate.face_id in identified
        and candidate.verdict is not Verdict.SAME
        and identified[candidate.face_id] >= searched_at[candidate.search_id]
        for candidate in facts.candidates
        if candidate.face_id is not None and candidate.search_id in judged and not candidate.is_filler
    )


def _list_months(span: Span) -> list[str]:
    months = []
    day = span.since.date().replace(day=1)
    while day < span.until.date():
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return months


def _month(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m}"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
