"""Calibrations as plain documents: in a pack's card, in the database, in a file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from varde.core.age import AgeBand
from varde.core.errors import FormatError
from varde.faces.calibration import COSINE, NORMALISED, BandTable, Calibration


def write_calibration(calibration: Calibration) -> dict[str, Any]:
    """Returns a calibration as a document of numbers and texts, for JSON and TOML."""
    tables = [
        {
            "age": table.age.value,
            "least_quality": table.least_quality,
            "people": table.people,
            "mated_pairs": table.mated_pairs,
            "non_mated_pairs": table.non_mated_pairs,
            "scores": list(table.scores),
            "log10_lrs": list(table.log10_lrs),
            "thresholds": [list(pair) for pair in table.thresholds],
        }
        for table in calibration.tables
    ]
    return {"source": calibration.source, "scale": calibration.scale, "tables": tables}


def read_calibration(document: Mapping[str, Any]) -> Calibration:
    """Returns the calibration in a document as `write_calibration` makes it.

    Raises:
        FormatError: if it is none, or says what no measurement can say.
    """
    try:
        scale = str(document["scale"])
        tables = tuple(_read_table(table) for table in document["tables"])
        calibration = Calibration(str(document["source"]), scale, tables)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the calibration cannot be read: {type(error).__name__}: {error}") from error
    if scale not in (COSINE, NORMALISED) or not tables:
        raise FormatError(f"the calibration has the scale {scale!r} and {len(tables)} tables")
    return calibration


def _read_table(table: Mapping[str, Any]) -> BandTable:
    read = BandTable(
        AgeBand(table["age"]),
        int(table["least_quality"]),
        int(table["people"]),
        int(table["mated_pairs"]),
        int(table["non_mated_pairs"]),
        tuple(float(score) for score in table["scores"]),
        tuple(float(value) for value in table["log10_lrs"]),
        tuple((float(rate), float(score)) for rate, score in table["thresholds"]),
    )
    rates = [rate for rate, _ in read.thresholds]
    if len(read.scores) != len(read.log10_lrs) or not read.scores or not 0 <= read.least_quality <= 100:
        raise ValueError("knots and values do not pair up")
    if not (_rises(read.scores) and _rises(read.log10_lrs) and _rises([-rate for rate in rates])):
        raise ValueError("knots, values or rates are out of order")
    if not all(0 < rate < 1 for rate in rates):
        raise ValueError("a rate is none")
    return read


def _rises(values: tuple[float, ...] | list[float]) -> bool:
    return all(map(math.isfinite, values)) and all(low <= high for low, high in itertools.pairwise(values))
