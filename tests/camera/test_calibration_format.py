"""Calibrations as documents: round trip through JSON, and what no measurement can say is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_source_calibration import CALIBRATION

from varde.camera.calibration_format import read_calibration, write_calibration
from varde.core.errors import FormatError


def _write() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(write_calibration(CALIBRATION)))
    return document


def test_calibration_survives_json() -> None:
    assert read_calibration(_write()) == CALIBRATION


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("curve", [0, -1, 0]),
        ("curve", [0, 1]),
        ("curve", [float("nan"), 1, 0]),
        ("low", 0.5),
        ("high", -0.5),
        ("null_deviation", 0),
        ("extent", "everywhere"),
        ("pixels", 0),
        ("matches", "many"),
        ("figures", {"cllr": float("inf")}),
        ("figures", [1]),
        ("match_lrs", 3),
    ],
)
def test_a_table_that_cannot_be_measured_is_refused(key: str, value: object) -> None:
    document = _write()
    document["tables"][0][key] = value
    with pytest.raises(FormatError, match="calibration"):
        read_calibration(document)


def test_documents_of_other_kinds_are_refused() -> None:
    document = _write()
    for wrong in ({}, {**document, "format": "other/1"}, {**document, "tables": []}, {**document, "tables": 7}):
        with pytest.raises(FormatError):
            read_calibration(wrong)


def test_two_tables_for_the_same_are_refused() -> None:
    document = _write()
    document["tables"].append(document["tables"][0])
    with pytest.raises(FormatError, match="2 different"):
        read_calibration(document)
