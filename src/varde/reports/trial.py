"""Writes the report of a trial of face search as one self-contained HTML file: no script, and nobody's name."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from varde.core.outcome import NotComparable
from varde.core.trial import TrialReport
from varde.reports.content import WrittenFile
from varde.reports.html import make_environment, make_policy
from varde.reports.output import open_output, read_written

STATEMENTS = (
    "The software compares faces and lists those that are most alike: candidates and leads. It identifies nobody. "
    "Identifications and links of cases in this report are decisions of people.",
    "All figures are counted from the audit log and the records of this installation. No figure is about one person.",
    "This report cannot say how many victims could have been found and were not: nobody knows them.",
)

DEFINITIONS = (
    (
        "Search",
        "one request to compare a face with those of one case, or of all cases; each names its authorisation.",
    ),
    ("Candidate", "a face that a search listed. Being listed says that it is among the most alike, not who it is."),
    ("None of these", "a person looked at a list and said that nobody in it is the one looked for."),
    ("Lead", "a face like that of a victim looked for, found by the machine when new material came. Unconfirmed."),
    ("Identification", "a person's decision that a face is that of a victim."),
    (
        "Filler",
        "a face of somebody who consented and is certainly not the person, put into a list without being marked. "
        "Calling a filler the same person is an error that can be counted.",
    ),
    (
        "Found later",
        "a candidate in a list that somebody judged, who was not called the same person there and was "
        "identified afterwards: a miss of the review, as far as it came to light.",
    ),
)

NOT_MEASURED = (
    "Victims whose faces are in the material and were never listed, or never looked at.",
    "What happened to a child because of an identification.",
    "Time spent outside of the pages of this software, such as on enquiries.",
    "Costs of machines, training and staff.",
    "Whether models do worse for some groups of people here: the commands varde faces evaluate and varde models "
    "calibrate measure that, on people whose ages and groups are known. Children's faces are harder for every model "
    "that was measured on them.",
)


def write_trial(report: TrialReport, path: Path) -> WrittenFile:
    """Writes the report and returns the file with its digest.

    Raises:
        OSError: if it cannot be written.
    """
    style = Path(__file__).with_name("templates").joinpath("report.css").read_text(encoding="utf-8")
    template = make_environment().get_template("trial.html.jinja")
    page = template.render(
        report=report,
        last_day=report.until - timedelta(days=1),
        version=version("varde"),
        statements=STATEMENTS,
        definitions=DEFINITIONS,
        not_measured=list_unmeasured(report),
        style=style,
        policy=make_policy(style),
    )
    with open_output(path) as file:
        file.write(page)
    return read_written(path)


def list_unmeasured(report: TrialReport) -> list[str]:
    """Returns what the report does not know, one plain sentence each."""
    found = list(NOT_MEASURED)
    if isinstance(report.fillers, NotComparable):
        found.insert(0, f"How often reviewers take a stranger for the person: {report.fillers.detail}")
    if report.reviewers is None:
        found.insert(0, "Reviewers' time: fewer than three people judged, and a sum would be one person's.")
    if report.deleted:
        found.append(
            f"The lists of {report.deleted:,} searches: they were deleted by the rules of retention, and are in the "
            "audit log only."
        )
    return found
