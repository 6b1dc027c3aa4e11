"""Calibrations a site measured itself: what scores against cameras' fingerprints are worth to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from varde.core.errors import NotFound
from varde.store.camera_tables import camera_calibrations
from varde.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class StoredCameraCalibration:
    """A calibration as it is recorded.

    Attributes:
        source: what it was measured on, one line for people.
        document: as `varde.camera.calibration_format` writes it.
        retired_at: when another took its place; comparisons made with it still name it.
    """

    calibration_id: int
    source: str
    document: Mapping[str, Any]
    made_at: datetime
    made_by: str
    retired_at: datetime | None


def add_calibration(
    connection: Connection, source: str, document: Mapping[str, Any], *, person: str, at: datetime
) -> int:
    """Returns the number of a new calibration, in force from now on; the one before is retired."""
    retire_calibration(connection, at)
    values = {"source": source, "document": dict(document), "made_at": at, "made_by": person}
    table = camera_calibrations
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def retire_calibration(connection: Connection, at: datetime) -> bool:
    """Ends the calibration in force, so that the shipped one counts again; returns whether there was one."""
    table = camera_calibrations
    ended = update(table).where(table.c.retired_at.is_(None)).values(retired_at=at)
    return bool(connection.execute(ended).rowcount)


def find_in_force(connection: Connection) -> tuple[int, Mapping[str, Any]] | None:
    """Returns number and document of the site's own calibration in force, None where it has none."""
    table = camera_calibrations
    query = select(table.c.id, table.c.document).where(table.c.retired_at.is_(None)).order_by(table.c.id.desc())
    row = connection.execute(query).first()
    return (row.id, row.document) if row else None


def get_calibration(connection: Connection, calibration_id: int) -> StoredCameraCalibration:
    """Returns a calibration, retired or not.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(select(camera_calibrations).where(camera_calibrations.c.id == calibration_id)).first()
    if row is None:
        raise NotFound(f"there is no calibration {calibration_id} of cameras")
    return _make(row)


def _make(row: AnyRow) -> StoredCameraCalibration:
    return StoredCameraCalibration(row.id, row.source, row.document, row.made_at, row.made_by, row.retired_at)
