"""Makes the calibration that a pack ships, and checks it on people it was not made of.

Usage: ``python evaluations/face_calibration.py ROWS SOURCE [--toml FILE]``, where ROWS is a file that `lfw_faces.py`
wrote and SOURCE says what it was. All its people are adults. Prints Markdown; the text around it is in
face_calibration.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from varde.core.age import AgeBand
from varde.core.outcome import NotComparable
from varde.faces.calibration import COSINE, BandTable, Calibration
from varde.faces.calibration_format import write_calibration
from varde.faces.calibration_measure import BandOutcome, PeopleFaces, calibrate


def describe(band: BandOutcome) -> list[str]:
    """Returns the lines of one band: its counts, its costs, its reliability."""
    if isinstance(band.table, NotComparable):
        return [f"| {band.least_quality} | {band.table.detail} |"]
    table, check = band.table, band.check
    counts = [f"{number:,}" for number in (table.people, table.mated_pairs, table.non_mated_pairs)]
    bounds = f"{table.log10_lrs[0]:.2f} to {table.log10_lrs[-1]:.2f}"
    costs = [f"{value:.3f}" for value in (check.cost, check.least_cost, check.error)] if check else ["-"] * 3
    return ["| " + " | ".join([str(band.least_quality), *counts, bounds, *costs]) + " |"]


def describe_reliability(band: BandOutcome) -> list[str]:
    """Returns the reliability diagram of a band as rows."""
    if band.check is None:
        return []
    return [
        f"| {band.least_quality} | {one.predicted:.2f} | {one.observed:.2f} | {one.pairs:,} |"
        for one in band.check.bins
    ]


def write_toml(calibration: Calibration) -> str:
    """Returns the calibration as it stands in a pack's manifest, below the model it is about."""
    document = write_calibration(calibration)
    lines = ["[model.calibration]", f'source = "{document["source"]}"', f'scale = "{document["scale"]}"']
    for table in document["tables"]:
        lines += ["", "[[model.calibration.tables]]"]
        lines += [f'{name} = "{value}"' if name == "age" else f"{name} = {value}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("source")
    parser.add_argument("--toml", type=Path)
    arguments = parser.parse_args()
    rows = np.load(arguments.rows)
    usable = np.flatnonzero((rows["quality"] >= 20) & (rows["width"] >= 20))
    adult = np.full(len(usable), list(AgeBand).index(AgeBand.ADULT))
    parts = (rows[name][usable] for name in ("vector", "person", "picture", "quality"))
    bands = calibrate(PeopleFaces(*parts, adult), np.random.default_rng(1))
    print("| Quality from | people | mated | non-mated | log10 LR | cost | least cost | error |")
    print("|" + " --- |" * 8, *(line for band in bands for line in describe(band)), sep="\n")
    print("\n| Quality from | stated | observed | pairs |")
    print("|" + " --- |" * 4, *(line for band in bands for line in describe_reliability(band)), sep="\n")
    tables = tuple(band.table for band in bands if isinstance(band.table, BandTable))
    if arguments.toml:
        arguments.toml.write_text(write_toml(Calibration(arguments.source, COSINE, tables)), "utf-8")


if __name__ == "__main__":
    main()
