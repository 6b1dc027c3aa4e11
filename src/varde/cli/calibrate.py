"""``varde models calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from varde.cli import output
from varde.cli.face_evaluation import describe_left_out, say_left_out, say_progress
from varde.cli.options import Session, with_session
from varde.core.age import AgeBand
from varde.core.outcome import NotComparable

if TYPE_CHECKING:
    from varde.faces.calibration_measure import BandOutcome
    from varde.workflows.calibrate_models import Calibrated


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--ages", type=click.Path(path_type=Path), help="CSV with the columns person, age, and perhaps file.")
@click.option("--age-band", type=click.Choice([band.value for band in AgeBand]), help="Age band of everybody in DIR.")
@click.option("--pack", help="Name or folder of a pack of models; default: the one in use, else builtin.")
@with_session
def calibrate(session: Session, folder: Path, ages: Path | None, age_band: str | None, pack: str | None) -> None:
    """Measure what scores are worth on people of this site: DIR has one folder of pictures per person.

    The tables are in force from then on for searches with that model. A band of age and quality needs 30 people with
    two pictures each; bands without enough stay without a figure. Check the costs: each is measured on people that
    its table was not made of, 0 is perfect and 1 says nothing. Pictures are not kept.

    \b
    Examples:
      varde models calibrate ./consented --ages ages.csv
      varde models calibrate ./adults --age-band 18+ --json
    """
    from varde.workflows.calibrate_models import CalibrationOrder, calibrate_model

    order = CalibrationOrder(folder, ages, AgeBand(age_band) if age_band else None, pack)
    made = calibrate_model(session.open(), session.actor, order, say_progress)
    if session.as_json:
        output.write_json(_describe(made))
    else:
        say_left_out(made.left_out)
        columns = ["age", "from quality", "people", "mated pairs", "non-mated pairs", "cost", "least cost", "error"]
        output.write_rows(columns, [_list_cells(band) for band in made.bands])
    if made.without_age:
        output.say(f"Left out, since their age is not told: {', '.join(made.without_age[:10])}.")
    if made.calibration_id is None:
        output.say("No band had enough people: nothing was changed.")
        raise click.exceptions.Exit(1)
    output.say(f"In force for {made.pack} as calibration {made.calibration_id}; people of other ages are not covered.")


def _describe(made: Calibrated) -> dict[str, Any]:
    return {
        "pack": made.pack,
        "calibration": made.calibration_id,
        "faces": made.faces,
        "people": made.people,
        "bands": [_describe_band(band) for band in made.bands],
        "faces_not_found": [describe_left_out(one) for one in made.left_out],
        "without_age": list(made.without_age),
    }


def _describe_band(band: BandOutcome) -> dict[str, Any]:
    about = {"age": band.age.value, "from_quality": band.least_quality}
    if isinstance(band.table, NotComparable):
        return about | {"reason": band.table.reason.value, "detail": band.table.detail}
    check = band.check
    return about | {
        "people": band.table.people,
        "mated_pairs": band.table.mated_pairs,
        "non_mated_pairs": band.table.non_mated_pairs,
        "log10_lr": [band.table.log10_lrs[0], band.table.log10_lrs[-1]],
        "cost": round(check.cost, 4) if check else None,
        "least_cost": round(check.least_cost, 4) if check else None,
        "error": round(check.error, 4) if check else None,
    }


def _list_cells(band: BandOutcome) -> list[str]:
    start = [band.age.value, str(band.least_quality)]
    if isinstance(band.table, NotComparable):
        return [*start, f"not measured: {band.table.detail}", "-", "-", "-", "-", "-"]
    counts = [f"{n:,}" for n in (band.table.people, band.table.mated_pairs, band.table.non_mated_pairs)]
    check = band.check
    costs = [f"{value:.3f}" for value in (check.cost, check.least_cost, check.error)] if check else ["-"] * 3
    return [*start, *counts, *costs]
