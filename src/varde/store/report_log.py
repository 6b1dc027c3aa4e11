"""Reports that were written of a case, read from the audit log, which is the only record of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, select, type_coerce

from varde.core.audit import Act
from varde.store.tables import audit_events
from varde.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of a report.

    Attributes:
        kind: name of the report writer.
        sha256: hexadecimal, of the file as it was written.
    """

    kind: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written.

    Attributes:
        number: of its first audit event.
        revealed: whether pictures are shown in it as they are.
    """

    report_id: str
    number: int
    at: datetime
    person: str
    revealed: bool
    files: tuple[ReportFile, ...]


def list_reports(connection: Connection, case: str, *, limit: int) -> list[WrittenReport]:
    """Returns the newest reports of a case, newest first.

    Args:
        connection: the site's.
        case: its name.
        limit: most reports returned.
    """
    table, found = audit_events.c, dict[str, list[AnyRow]]()
    query = select(table.number, table.at, table.person, table.subject).where(table.act == Act.REPORT_WRITTEN.value)
    for row in connection.execute(query.order_by(table.number.desc())):
        if row.subject.get("case") != case:
            continue
        report_id = str(row.subject["report"])
        if report_id not in found and len(found) == limit:
            break
        found.setdefault(report_id, []).append(row)
    return [_make(report_id, rows[::-1]) for report_id, rows in found.items()]


def find_report(connection: Connection, case: str, report_id: str) -> WrittenReport | None:
    """Returns a report of a case, None where the case has none of that name."""
    table = audit_events.c
    named = type_coerce(table.subject, Text).contains(f'"report":"{report_id}"', autoescape=True)
    query = select(table.number, table.at, table.person, table.subject).where(
        table.act == Act.REPORT_WRITTEN.value, named
    )
    rows = [row for row in connection.execute(query.order_by(table.number)) if row.subject.get("case") == case]
    rows = [row for row in rows if row.subject.get("report") == report_id]
    return _make(report_id, rows) if rows else None


def _make(report_id: str, rows: list[AnyRow]) -> WrittenReport:
    first = rows[0]
    files = tuple(ReportFile(row.subject["kind"], row.subject["file"], row.subject["sha256"]) for row in rows)
    at = datetime.fromisoformat(first.at)
    return WrittenReport(report_id, first.number, at, first.person, bool(first.subject.get("revealed")), files)
