"""A site's own calibrations of cameras: the newest is in force, older ones stay to be named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from varde.core.errors import NotFound
from varde.store import camera_calibrations
from varde.store.database import Database

AT = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_newest_is_in_force_and_the_older_one_is_still_there(database: Database) -> None:
    with database.write() as connection:
        assert camera_calibrations.find_in_force(connection) is None
        first = camera_calibrations.add_calibration(connection, "first", {"a": 1}, person="examiner", at=AT)
        second = camera_calibrations.add_calibration(connection, "second", {"a": [0.5]}, person="examiner", at=AT)
        assert camera_calibrations.find_in_force(connection) == (second, {"a": [0.5]})
        assert camera_calibrations.get_calibration(connection, first).retired_at == AT
        assert camera_calibrations.get_calibration(connection, second).source == "second"


def test_a_calibration_can_be_ended(database: Database) -> None:
    with database.write() as connection:
        camera_calibrations.add_calibration(connection, "first", {}, person="examiner", at=AT)
        assert camera_calibrations.retire_calibration(connection, AT)
        assert not camera_calibrations.retire_calibration(connection, AT)
        assert camera_calibrations.find_in_force(connection) is None
        with pytest.raises(NotFound, match="99"):
            camera_calibrations.get_calibration(connection, 99)
