"""Calibrations a site measured itself: what scores of a model are worth on its own people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from varde.core.errors import NotFound
from varde.store.face_tables import calibrations
from varde.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration as it is recorded.

    Attributes:
        source: what it was measured on, one line for people.
        document: as `varde.faces.calibration_format` writes it.
        retired_at: when another took its place; searches made with it still name it.
    """

    calibration_id: int
    model_id: int
    source: str
    document: Mapping[str, Any]
    made_at: datetime
    made_by: str
    retired_at: datetime | None


def add_calibration(
    connection: Connection, model_id: int, source: str, document: Mapping[str, Any], *, person: str, at: datetime
) -> int:
    """Returns the number of a new calibration of a model, in force from now on; the one before is retired."""
    retire_calibration(connection, model_id, at)
    values = {"model_id": model_id, "source": source, "tables": dict(document), "made_at": at, "made_by": person}
    return int(connection.execute(insert(calibrations).values(**values).returning(calibrations.c.id)).scalar_one())


def retire_calibration(connection: Connection, model_id: int, at: datetime) -> bool:
    """Ends the calibration in force of a model, and returns whether there was one."""
    table = calibrations.c
    ended = update(calibrations).where(table.model_id == model_id, table.retired_at.is_(None)).values(retired_at=at)
    return bool(connection.execute(ended).rowcount)


def find_calibration(connection: Connection, model_id: int) -> StoredCalibration | None:
    """Returns the site's own calibration in force of a model, None where it has none."""
    table = calibrations.c
    query = select(calibrations).where(table.model_id == model_id, table.retired_at.is_(None))
    row = connection.execute(query.order_by(table.id.desc())).first()
    return _make(row) if row else None


def get_calibration(connection: Connection, calibration_id: int) -> StoredCalibration:
    """Returns a calibration, retired or not.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(select(calibrations).where(calibrations.c.id == calibration_id)).first()
    if row is None:
        raise NotFound(f"there is no calibration {calibration_id}")
    return _make(row)


def _make(row: AnyRow) -> StoredCalibration:
    return StoredCalibration(row.id, row.model_id, row.source, row.tables, row.made_at, row.made_by, row.retired_at)
