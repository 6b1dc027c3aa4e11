"""A site's own calibrations: the newest is in force, older ones stay to be named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from varde.core.errors import NotFound
from varde.core.model import ModelIdentity, ModelTask
from varde.store import calibrations, models
from varde.store.database import Database

AT = datetime(2026, 11, 22, tzinfo=UTC)
IDENTITY = ModelIdentity("reference", "1", ModelTask.FACE_EMBED, bytes(32))


def test_the_newest_is_in_force_and_the_older_one_is_still_there(database: Database) -> None:
    with database.write() as connection:
        model = models.ensure_model(connection, IDENTITY, "examiner", AT)
        assert calibrations.find_calibration(connection, model) is None
        first = calibrations.add_calibration(connection, model, "first", {"a": 1}, person="examiner", at=AT)
        second = calibrations.add_calibration(connection, model, "second", {"a": [0.5]}, person="examiner", at=AT)
        found = calibrations.find_calibration(connection, model)
        assert found is not None
        assert (found.calibration_id, found.source, found.document) == (second, "second", {"a": [0.5]})
        assert calibrations.get_calibration(connection, first).retired_at == AT
        assert calibrations.find_calibration(connection, model + 1) is None


def test_a_calibration_can_be_ended(database: Database) -> None:
    with database.write() as connection:
        model = models.ensure_model(connection, IDENTITY, "examiner", AT)
        calibrations.add_calibration(connection, model, "first", {}, person="examiner", at=AT)
        assert calibrations.retire_calibration(connection, model, AT)
        assert not calibrations.retire_calibration(connection, model, AT)
        assert calibrations.find_calibration(connection, model) is None
        with pytest.raises(NotFound):
            calibrations.get_calibration(connection, 99)
