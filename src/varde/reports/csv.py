"""Writes a case as CSV: one file per kind of record, joined by item number. Columns: docs/reference/report-csv.md."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from varde.core.errors import IntegrityFailure
from varde.core.outcome import NotComparable
from varde.reports.content import ReportIssue, ReportItem, ReportOptions, ReportSource, Written
from varde.reports.output import open_output, read_written
from varde.reports.text import guard_cell, show, write_time

Cell = str | int | float | None
Row = tuple[Cell, ...]

COLUMNS: dict[str, tuple[str, ...]] = {
    "items": (
        *("item", "exhibit", "locator", "origin", "kind", "mime", "size_bytes", "modified_at"),
        *("md5", "sha1", "sha256", "width_px", "height_px", "frames", "duration_s"),
        *("signal_method", "pdq", "pdq_quality", "hashes", "not_comparable", "not_comparable_detail"),
        *("grade_scheme", "grade_version", "grade_code", "decided_by", "decided_at"),
        *("matches", "decisions", "issues", "metadata"),
    ),
    "hashes": ("item", "method", "pdq", "quality", "offset_s"),
    "matches": (
        *("item", "set", "set_version", "set_role", "scheme", "code", "entry"),
        *("method", "max_distance", "min_quality", "distance", "offset_s", "stands", "how", "status"),
    ),
    "decisions": ("item", "decision", "act", "in_force", "scheme", "version", "code", "person", "at", "note", "source"),
    "issues": ("exhibit", "locator", "item", "code", "step", "cause"),
}
"""The columns of each file, in order. They are stable: new ones are added at the end."""


def write(source: ReportSource, folder: Path, options: ReportOptions) -> Written:
    """Writes ``items.csv``, ``hashes.csv``, ``matches.csv``, ``decisions.csv`` and ``issues.csv``.

    UTF-8 with byte order mark (spreadsheets need it), RFC 4180 with one record per line, streamed. No cell can be
    taken for a formula (see `guard_cell`). The options bound only the HTML report and are not used here.

    Raises:
        OSError: if the folder cannot be written to.
        IntegrityFailure: if the rows are not as many as the head of the report says.
    """
    with ExitStack() as stack:
        tables = {name: stack.enter_context(_open_table(folder, name)) for name in COLUMNS}
        counts = dict.fromkeys(COLUMNS, 0)
        for name, row in _rows(source):
            tables[name](row)
            counts[name] += 1
        _check(counts, {"items": source.head.counts.items, "issues": source.head.counts.issues_total})
    return Written(tuple(read_written(folder / f"{name}.csv") for name in COLUMNS), counts)


@contextmanager
def _open_table(folder: Path, name: str) -> Iterator[Callable[[Row], None]]:
    with open_output(folder / f"{name}.csv", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS[name])

        def write_row(row: Row) -> None:
            writer.writerow([guard_cell(show(cell)) if isinstance(cell, str) else cell for cell in row])

        yield write_row


def _check(counts: dict[str, int], expected: dict[str, int]) -> None:
    for name, number in expected.items():
        if counts[name] != number:
            raise IntegrityFailure(
                f"the report's summary counts {number} {name}, but {counts[name]} were read",
                advice="The case changed while the report was written. Write it again when nothing works on it.",
            )


def _rows(source: ReportSource) -> Iterator[tuple[str, Row]]:
    for item in source.items():
        yield "items", _item_row(item)
        yield from (("hashes", row) for row in _hash_rows(item))
        yield from (("matches", row) for row in _match_rows(item))
        yield from (("decisions", row) for row in _decision_rows(item))
    for issue in source.issues():
        yield "issues", _issue_row(issue)


def _item_row(item: ReportItem) -> Row:
    return (
        *(item.item_id, item.exhibit, item.locator, item.origin.value, item.kind.value),
        *(item.media.mime if item.media else "", item.size_bytes),
        write_time(item.modified_at) if item.modified_at else "",
        *_digest_cells(item),
        *_fact_cells(item),
        *_signal_cells(item),
        *_grade_cells(item),
        *(len(item.matches), len(item.decisions), len(item.issues)),
        json.dumps(item.facts.metadata) if item.facts and item.facts.metadata else "",
    )


def _digest_cells(item: ReportItem) -> Row:
    digests = item.digests
    return (digests.md5.hex(), digests.sha1.hex(), digests.sha256.hex()) if digests else ("", "", "")


def _fact_cells(item: ReportItem) -> Row:
    facts = item.facts
    return (facts.width_px, facts.height_px, facts.frames, facts.duration_s) if facts else (None,) * 4


def _signal_cells(item: ReportItem) -> Row:
    if not item.signal:
        return (None,) * 6
    method = str(item.signal.method)
    outcome = item.signal.outcome
    if isinstance(outcome, NotComparable):
        return (method, None, None, 0, outcome.reason.value, outcome.detail)
    picture = next((found for found in outcome if found.offset_s is None), None)
    if picture is None:
        return (method, None, None, len(outcome), None, None)
    return (method, picture.value.hex(), picture.quality, len(outcome), None, None)


def _grade_cells(item: ReportItem) -> Row:
    decision = item.decision
    if decision is None or decision.grade is None:
        return (None,) * 5
    grade = decision.grade
    return (grade.scheme, grade.version, grade.code, decision.person, write_time(decision.at))


def _hash_rows(item: ReportItem) -> Iterator[Row]:
    if item.signal and not isinstance(item.signal.outcome, NotComparable):
        method = str(item.signal.method)
        for found in item.signal.outcome:
            yield (item.item_id, method, found.value.hex(), found.quality, found.offset_s)


def _match_rows(item: ReportItem) -> Iterator[Row]:
    for match, stands in (*((one, "yes") for one in item.matches), *((one, "no") for one in item.set_aside)):
        point = match.point
        yield (
            *(item.item_id, match.set_name, match.set_version, match.role.value, match.scheme, match.code, match.entry),
            *(str(point.method), point.max_distance, point.min_quality, match.distance, match.offset_s),
            *(stands, match.how, match.status),
        )


def _decision_rows(item: ReportItem) -> Iterator[Row]:
    in_force = item.decision
    for decision in item.decisions:
        grade = decision.grade
        yield (
            *(item.item_id, decision.decision_id, "graded" if grade else "withdrawn"),
            "yes" if decision is in_force else "no",
            *((grade.scheme, grade.version, grade.code) if grade else (None, None, None)),
            *(decision.person, write_time(decision.at), decision.note, decision.source),
        )


def _issue_row(record: ReportIssue) -> Row:
    issue = record.issue
    return (record.exhibit, record.locator, record.item_id, issue.code.value, issue.step.value, issue.cause)
