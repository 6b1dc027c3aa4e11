"""``varde camera calibrate``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable

if TYPE_CHECKING:
    from varde.camera.known_scores import TableOutcome
    from varde.workflows.calibrate_camera import CameraCalibrated, LeftOutPicture

_SAY_EVERY_S: Final = 10.0
_COLUMNS: Final = [
    "search",
    "pixels",
    "pictures",
    "same camera",
    "others",
    "log10 LR",
    "cost",
    "least cost",
    "misleading",
]


@click.command("calibrate")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--plots", type=click.Path(path_type=Path), help="Folder for the plots, as SVG files.")
@click.option("--shipped", is_flag=True, help="Go back to the calibration that Varde comes with.")
@with_session
def calibrate(session: Session, folder: Path | None, plots: Path | None, shipped: bool) -> int:
    """Measure what scores are worth on cameras of this site, with pictures whose camera is known.

    DIR has one folder of ordinary photographs for each enrolled camera, of its name, and perhaps a folder `others` of
    pictures that none of them took. Cameras of one model are what counts most. The tables are in force from then on;
    searches that were not measured keep the shipped ones. Check the cost: it is measured on pictures that the table
    was not made of, 0 is perfect and 1 says nothing. Pictures are not kept. Without DIR it says what is in force.
    Ends with 1 if no table had enough pictures: then nothing is changed.

    \b
    Examples:
      varde camera calibrate ./known-pictures --plots ./plots
      varde camera calibrate --shipped
    """
    from varde.workflows.calibrate_camera import calibrate_camera, restore_shipped

    site = session.open()
    if shipped and folder:
        raise WrongUse("--shipped goes back to what Varde comes with: name no folder with it")
    if shipped:
        was_own = restore_shipped(site, session.actor)
        output.say(
            "The shipped calibration is in force." if was_own else "The shipped calibration was in force already."
        )
    if folder is None:
        _show_in_force(session, plots)
        return 0
    made = calibrate_camera(site, session.actor, folder, _Progress().show)
    if plots and made.calibration_id is not None:
        _write_plots(session, plots)
    _show_made(made, as_json=session.as_json)
    return 0 if made.calibration_id is not None else 1


class _Progress:
    """Says now and then how many files were read."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def show(self, done: int, of: int) -> None:
        """Takes how many of how many files were read."""
        now = time.monotonic()
        if now - self._said >= _SAY_EVERY_S:
            self._said = now
            output.say(f"{done} of {of} pictures compared ...")


def _show_in_force(session: Session, plots: Path | None) -> None:
    from varde.camera.known_scores import TableOutcome
    from varde.workflows.calibrate_camera import find_calibration

    found = find_calibration(session.open())
    if plots:
        _write_plots(session, plots)
    outcomes = [TableOutcome(table.extent, 0, table) for table in found.calibration.tables]
    if session.as_json:
        tables = [_describe_table(one) for one in outcomes]
        about = {"calibration": found.calibration_id, "source": found.calibration.source, "tables": tables}
        output.write_json({**about, "verbal_scale": found.calibration.scale.name})
        return
    output.write_rows(_COLUMNS, [_list_cells(one) for one in outcomes])
    output.say(f"In force: {found.calibration.source}; words: {found.calibration.scale.name}.")


def _show_made(made: CameraCalibrated, *, as_json: bool) -> None:
    if as_json:
        output.write_json(_describe(made))
    else:
        output.write_rows(_COLUMNS, [_list_cells(one) for one in made.tables])
    for one in made.left_out:
        output.say(f"{one.folder}/{one.name} was left out: {one.reason.detail}")
    if made.calibration_id is None:
        output.say("No table had enough pictures: nothing was changed.")
        return
    output.say(f"In force as calibration {made.calibration_id}: {made.source}.")


def _write_plots(session: Session, folder: Path) -> None:
    import numpy as np

    from varde.camera.calibration_plots import plot_cross_entropy, plot_curve, plot_tippett
    from varde.workflows.calibrate_camera import find_calibration

    folder.mkdir(parents=True, exist_ok=True)
    for table in find_calibration(session.open()).calibration.tables:
        name = f"{table.method.split('/')[0]}-{table.extent.value}-{table.pixels}"
        (folder / f"{name}-curve.svg").write_text(plot_curve(table), "utf-8")
        if table.match_lrs and table.non_match_lrs:
            kinds = np.array(table.match_lrs), np.array(table.non_match_lrs)
            (folder / f"{name}-tippett.svg").write_text(plot_tippett(*kinds), "utf-8")
            (folder / f"{name}-cross-entropy.svg").write_text(plot_cross_entropy(*kinds), "utf-8")


def _describe(made: CameraCalibrated) -> dict[str, Any]:
    return {
        "calibration": made.calibration_id,
        "source": made.source,
        "cameras": list(made.cameras),
        "pictures": made.pictures,
        "tables": [_describe_table(one) for one in made.tables],
        "left_out": [_describe_left_out(one) for one in made.left_out],
    }


def _describe_left_out(one: LeftOutPicture) -> dict[str, str]:
    return {"folder": one.folder, "file": one.name, "reason": one.reason.reason.value, "detail": one.reason.detail}


def _describe_table(one: TableOutcome) -> dict[str, Any]:
    if isinstance(one.table, NotComparable):
        about: dict[str, Any] = {"extent": one.extent.value, "block_px": one.side or None}
        return about | {"reason": one.table.reason.value, "detail": one.table.detail}
    table = one.table
    return {
        "extent": table.extent.value,
        "method": table.method,
        "pixels": table.pixels,
        "devices": table.devices,
        "pictures": table.pictures,
        "matches": table.matches,
        "non_matches": table.non_matches,
        "match_support": table.match_support,
        "non_match_support": table.non_match_support,
        "log10_lr": [round(table.low, 3), round(table.high, 3)],
        "figures": dict(table.figures),
        "source": table.source,
    }


def _list_cells(one: TableOutcome) -> list[str]:
    if isinstance(one.table, NotComparable):
        side = f"{one.side} x {one.side}" if one.side else "whole"
        return [one.extent.value, side, f"not measured: {one.table.detail}", *["-"] * 6]
    table, figures = one.table, one.table.figures
    counts = [f"{count:,}" for count in (table.pixels, table.pictures, table.matches, table.non_matches)]
    costs = [f"{figures[name]:.3f}" if name in figures else "-" for name in ("cllr", "cllr_min")]
    wrong = f"{figures['misleading']:.1%} (up to {figures['misleading_high']:.1%})" if "misleading" in figures else "-"
    return [one.extent.value, *counts, f"{table.low:+.2f} to {table.high:+.2f}", *costs, wrong]
