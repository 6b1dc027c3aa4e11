"""Calibrations as plain documents: in the file that is shipped, in the database, in a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from importlib import resources
from typing import Any, Final

from varde.camera.calibration import ScoreTable, SourceCalibration
from varde.core.camera import SearchExtent
from varde.core.errors import FormatError

FORMAT: Final = "varde-source-calibration/1"

_DEFAULT: Final = "default_calibration.json"
_LISTS: Final = ("match_lrs", "non_match_lrs")
_COUNTS: Final = ("pixels", "devices", "pictures", "matches", "non_matches")


def write_calibration(calibration: SourceCalibration) -> dict[str, Any]:
    """Returns a calibration as a document of numbers and texts, for JSON; verbal scale and case are not part of it."""
    tables = [_write_table(table) for table in calibration.tables]
    return {"format": FORMAT, "source": calibration.source, "tables": tables}


def read_calibration(document: Mapping[str, Any]) -> SourceCalibration:
    """Returns the calibration in a document as `write_calibration` makes it.

    Raises:
        FormatError: if it is none, or says what no measurement can say.
    """
    try:
        form, tables = document["format"], tuple(_read_table(table) for table in document["tables"])
        calibration = SourceCalibration(str(document["source"]), tables)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the calibration cannot be read: {type(error).__name__}: {error}") from error
    places = {(table.method, table.extent, table.pixels) for table in tables}
    if form != FORMAT or not tables or len(places) < len(tables):
        raise FormatError(f"the calibration has the format {form!r} and {len(tables)} tables, {len(places)} different")
    return calibration


@cache
def default_calibration() -> SourceCalibration:
    """Returns the calibration that is shipped: in force where a site has measured none of its own."""
    text = resources.files("varde.camera").joinpath(_DEFAULT).read_text("utf-8")
    return read_calibration(json.loads(text))


def _write_table(table: ScoreTable) -> dict[str, Any]:
    lists = {"curve": list(table.curve), **{name: list(getattr(table, name)) for name in _LISTS}}
    return {**asdict(table), "extent": table.extent.value, **lists}


def _read_table(table: Mapping[str, Any]) -> ScoreTable:
    constant, slope, square = (float(value) for value in table["curve"])
    rest: dict[str, Any] = {
        field.name: int(table[field.name]) if field.name in _COUNTS else float(table[field.name])
        for field in fields(ScoreTable)
        if field.name not in ("method", "extent", "curve", "figures", "source", *_LISTS)
    }
    read = ScoreTable(
        method=str(table["method"]),
        extent=SearchExtent(table["extent"]),
        curve=(constant, slope, square),
        figures={str(name): float(value) for name, value in table["figures"].items()},
        match_lrs=tuple(float(value) for value in table["match_lrs"]),
        non_match_lrs=tuple(float(value) for value in table["non_match_lrs"]),
        source=str(table.get("source", "")),
        **rest,
    )
    drawn = (*read.figures.values(), *read.match_lrs, *read.non_match_lrs)
    numbers = (*drawn, *read.curve, read.low, read.high, read.null_mean, read.null_deviation, read.null_highest)
    if not all(map(math.isfinite, numbers)) or slope < 0 or square < 0:
        raise ValueError("a curve falls, or a number is none")
    if not read.low <= 0 <= read.high or read.null_deviation <= 0 or min(read.pixels, read.matches) < 1:
        raise ValueError("the bounds, the deviation or the counts are none")
    return read
