"""``varde faces trial``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.outcome import NotComparable
from varde.store.types import write_utc

if TYPE_CHECKING:
    from varde.core.trial import TrialReport

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "since", type=_DAY, help="First day (UTC); default: that of the first search.")
@click.option("--to", "until", type=_DAY, help="Last day (UTC); default: today.")
@click.option("--output", "file", type=click.Path(path_type=Path, dir_okay=False), help="HTML file to write.")
@with_session
def trial(session: Session, since: datetime | None, until: datetime | None, file: Path | None) -> None:
    """Report how face search was used: searches, candidates, decisions, leads, errors in blind tests, time.

    Made from the audit log and the records; no figure is about one person, and what was not measured is said. The
    HTML file is written for people who never saw the software.

    \b
    Examples:
      varde faces trial --output trial.html
      varde faces trial --from 2026-10-01 --to 2026-12-31 --json
    """
    from varde.workflows.report_trial import report_trial

    report = report_trial(session.open(), session.actor, since=_day(since), until=_day(until), output=file)
    if session.as_json:
        output.write_json(_describe(report))
    else:
        output.write_rows(_COLUMNS, [[row[column] for column in _COLUMNS] for row in _describe(report)["months"]])
    if file is not None:
        output.say(f"Wrote {file}")


_COLUMNS = [
    "month",
    "in_case",
    "everywhere",
    "without_candidate",
    "candidates",
    "same",
    "different",
    "undecided",
    "none_of_these",
    "reviewer_s",
    "identifications",
    "links",
    "leads",
    "leads_same",
    "leads_open",
]


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _describe(report: TrialReport) -> dict[str, Any]:
    from varde.reports.trial import list_unmeasured

    months = [
        {column: getattr(month, "seconds" if column == "reviewer_s" else column) for column in _COLUMNS}
        for month in report.months
    ]
    return {
        "site": report.site,
        "from": write_utc(report.since),
        "before": write_utc(report.until),
        "written_at": write_utc(report.written_at),
        "written_by": report.written_by,
        "audit_event": report.audit_number,
        "months": months,
        "reviewers": report.reviewers,
        "median_s": report.median_s,
        "fillers": _describe_fillers(report),
        "found_later": report.missed,
        "searches_deleted": report.deleted,
        "victims": {"open": report.victims_open, "closed": report.victims_closed},
        "not_measured": list_unmeasured(report),
    }


def _describe_fillers(report: TrialReport) -> dict[str, Any]:
    found = report.fillers
    if isinstance(found, NotComparable):
        return {"reason": found.reason.value, "detail": found.detail}
    return {
        "judged": found.judged,
        "accepted": found.accepted,
        "low": round(found.low, 4),
        "high": round(found.high, 4),
    }
