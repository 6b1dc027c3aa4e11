"""Runs of the pipeline over a case, with the software that took part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from varde.store import tables


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        finished_at: None where it was interrupted (or is still going on).
        software: name to version.
        cpu_s: CPU seconds of the decoder processes by step, None where it did not finish.
    """

    run_id: int
    started_at: datetime
    finished_at: datetime | None
    person: str
    software: dict[str, str]
    cpu_s: dict[str, float] | None


def add_run(connection: Connection, case_id: int, *, person: str, at: datetime, software: dict[str, str]) -> int:
    """Records the start of a run and returns its row number."""
    table = tables.runs
    values = {"case_id": case_id, "started_at": at, "person": person, "software": software}
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def finish_run(connection: Connection, run_id: int, *, at: datetime, cpu_s: dict[str, float]) -> None:
    """Records that a run came to its end."""
    connection.execute(update(tables.runs).where(tables.runs.c.id == run_id).values(finished_at=at, cpu_s=cpu_s))


def list_runs(connection: Connection, case_id: int) -> list[Run]:
    """Returns the runs of a case, oldest first."""
    table = tables.runs.c
    query = select(table.id, table.started_at, table.finished_at, table.person, table.software, table.cpu_s)
    return [Run(*row) for row in connection.execute(query.where(table.case_id == case_id).order_by(table.id))]
