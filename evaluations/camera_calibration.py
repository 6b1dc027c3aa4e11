"""Makes the calibration that Varde comes with, from scores of real and of synthetic cameras, and checks it.

`python evaluations/camera_calibration.py REAL.npz SYNTHETIC.npz... [--write FILE]`: files as `camera_attribution.py`
and `camera_synthetic.py` write them. Prints, for each extent of search and number of pixels, what the table costs on
devices that it was not made of: all devices of a model are left out together, their pictures and their fingerprints.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from camera_scores import EXTENTS, Table, join, load, load_edits

from varde.camera.calibration import ScoreTable, SourceCalibration
from varde.camera.calibration_format import write_calibration
from varde.camera.calibration_table import Comparisons, LeftOutRatios, add_figures, fit_table, leave_pictures_out
from varde.core.camera import SearchExtent
from varde.core.outcome import NotComparable
from varde.measures.estimate import estimate_share
from varde.measures.ratio_check import check_ratios

METHOD: Final = "camera.residual+camera.pce/2+2"
VIDEO_METHOD: Final = "camera.video_residual+camera.pce/1+2"

SIDES: Final = (256, 512, 1024, 0)
_COLUMNS: Final = (
    *("search", "pixels", "same / other", "worth", "bounds", "Cllr", "Cllr_min", "misleading (95 %)", "D70: Cllr"),
    *("Cllr_min", "phones: Cllr", "Cllr_min", "both", "null: mean, sd, max"),
)

Numbers = npt.NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("real", type=Path)
    parser.add_argument("others", type=Path, nargs="+")
    parser.add_argument("--edits", type=Path, help="searches of edited real pictures, by camera_robustness.py")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--date", default="2026-11-23")
    order = parser.parse_args()
    table = load(order.real, *order.others)
    if order.edits:
        edits = load_edits(order.edits)
        wide = edits.labels["extent"] > EXTENTS.index(SearchExtent.ALIGNED)
        table = join(table, edits.take(wide & (edits.edits != "mirrored")))
    known = np.isfinite(table.strengths)
    table = table.take(known)
    print(f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}")
    made = [made_of for extent in EXTENTS for made_of in make_extent(table, extent)]
    if order.write:
        real, synthetic = (len(np.unique(table.labels["taken_by"][table.labels["is_real"] == one])) for one in (1, 0))
        pictures = len(np.unique(table.labels["picture"]))
        source = (
            f"shipped with Varde, measured {order.date} on {pictures} pictures of {real} real and {synthetic} "
            "synthetic cameras"
        )
        document = write_calibration(SourceCalibration(source, tuple(made)))
        order.write.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def make_extent(table: Table, extent: SearchExtent) -> list[ScoreTable]:
    """Returns the tables of one extent, printed as they are made."""
    of_extent = table.labels["extent"] == EXTENTS.index(extent)
    if extent is SearchExtent.ALIGNED:
        parts = [table.take(of_extent & (table.labels["side"] == side) & (table.edits == "as taken")) for side in SIDES]
    else:
        # Few places are so high by chance that pictures turned by 90 degrees stand apart; the rest is pooled.
        shifted = table.labels["extent"] == EXTENTS.index(SearchExtent.SHIFTED)
        parts = [table.take(of_extent if extent is SearchExtent.TURNED else of_extent | shifted)]
        describe_own(table.take(of_extent), extent)
    return [made for part in parts if (made := make_table(part, extent)) is not None]


def describe_own(own: Table, extent: SearchExtent) -> None:
    """Prints what an extent's own comparisons are, before those at every shift are added."""
    kinds = [own.strengths[own.labels["is_match"] == kind] for kind in (1, 0)]
    if min(map(len, kinds)):
        null = kinds[1]
        figures = f"null {null.mean():+.2f}, {null.std():.2f}, {null.max():.2f}; matches from {kinds[0].min():.2f}"
        print(f"<!-- {extent.value}: {len(kinds[0])} / {len(null)} of its own, {figures} -->")


def make_table(part: Table, extent: SearchExtent) -> ScoreTable | None:
    """Returns the table of one kind of comparison with how it does on devices that it was not made of."""
    compared = to_comparisons(part)
    pixels = int(np.median(part.pixels) if extent is SearchExtent.ALIGNED else np.quantile(part.pixels, 0.05))
    fitted = fit_table(compared, METHOD, extent, pixels)
    if isinstance(fitted, NotComparable):
        print(f"| {extent.value} | {pixels:,} | {fitted.detail} |")
        return None
    left_out = leave_pictures_out(compared, number_models(part))
    if not part.labels["side"].any():
        fitted, left_out = lower(fitted, left_out, compared)
    if isinstance(left_out, LeftOutRatios):
        fitted = add_figures(fitted, left_out)
    others = part.labels["is_same_model"][compared.is_match == 0]
    fitted = round_table(replace(fitted, figures={**fitted.figures, "same_model": round(float(others.mean()), 4)}))
    print(f"| {describe(fitted, left_out, part)} |", flush=True)
    return fitted


def lower(
    fitted: ScoreTable, left_out: LeftOutRatios | NotComparable, compared: Comparisons
) -> tuple[ScoreTable, LeftOutRatios | NotComparable]:
    """Returns a table of whole pictures, or of searches, by which no non-match that was measured speaks for the camera.

    The curve is moved down; ratios of what was left out are moved by as much.
    """
    down = max(0.0, fitted.extrapolate(fitted.null_highest) + 0.01)
    constant, slope, square = fitted.curve
    moved = replace(fitted, curve=(constant - down, slope, square))
    if isinstance(left_out, NotComparable):
        return moved, left_out
    matches, others = (np.maximum(part - down, fitted.low) for part in (left_out.matches, left_out.non_matches))
    check = check_ratios(matches, others, compared.matches, compared.non_matches)
    return moved, LeftOutRatios(matches, others, check)


def to_comparisons(part: Table) -> Comparisons:
    """Returns the scores, at most so many blocks of a real picture."""
    labels = part.labels
    return Comparisons(part.strengths, labels["is_match"], labels["picture"], labels["device"])


def describe(fitted: ScoreTable, left_out: LeftOutRatios | NotComparable, part: Table) -> str:
    """Returns a line of the report."""
    cells = [
        fitted.extent.value,
        f"{fitted.pixels:,}",
        f"{fitted.matches:,} / {fitted.non_matches:,}",
        f"{fitted.match_support:.0f} / {fitted.non_match_support:.0f}",
        f"{fitted.low:+.2f} to {fitted.high:+.2f}",
    ]
    if isinstance(left_out, LeftOutRatios):
        wrong = estimate_share(int((left_out.non_matches > 0).sum()), len(left_out.non_matches))
        cells += [f"{left_out.check.cost:.3f}", f"{left_out.check.least_cost:.3f}"]
        cells += [f"{wrong.value:.2%} ({wrong.low:.2%}-{wrong.high:.2%})"]
    else:
        cells += ["-"] * 3
    cells += describe_real(part)
    cells += [f"{fitted.null_mean:+.2f}, {fitted.null_deviation:.2f}, {fitted.null_highest:.2f}"]
    return " | ".join(cells)


def describe_real(part: Table) -> list[str]:
    """Returns what tables made without a real model cost on it, for each of the two, and for both together."""
    compared, models = to_comparisons(part), number_models(part)
    values: dict[int, tuple[npt.NDArray[np.float64], Comparisons]] = {}
    for model in (0, 1):
        rows, rest = (np.flatnonzero(flags) for flags in (models == model, models != model))
        fitted = fit_table(compared.take(rest), METHOD, SearchExtent.ALIGNED, 1)
        if not len(rows) or isinstance(fitted, NotComparable):
            return ["-"] * 5
        mine = compared.take(rows)
        values[model] = np.array([fitted.read(float(one))[0] for one in mine.strengths]), mine
    cells = []
    for model in (0, 1):
        cells += [f"{cost:.3f}" for cost in check_rows([values[model]])]
    return [*cells, " / ".join(f"{cost:.3f}" for cost in check_rows(list(values.values())))]


def check_rows(parts: list[tuple[npt.NDArray[np.float64], Comparisons]]) -> tuple[float, float]:
    """Returns Cllr and its minimum."""
    ratios, strengths = (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1].strengths for part in parts]),
    )
    is_match = np.concatenate([part[1].is_match for part in parts]) == 1
    check = check_ratios(ratios[is_match], ratios[~is_match], strengths[is_match], strengths[~is_match])
    return check.cost, check.least_cost


def number_models(part: Table) -> Numbers:
    """Returns the number of each model; of the real devices two are of one, and the phones of one size count as one."""
    taken_by = part.labels["taken_by"]
    return np.where(part.labels["is_real"] == 1, taken_by // 2, 1_000 + taken_by // 100)


def round_table(table: ScoreTable) -> ScoreTable:
    """Returns a table with as many digits as mean something."""
    names = ("low", "high", "null_mean", "null_deviation", "null_highest")
    constant, slope, square = (round(value, 5) for value in table.curve)
    return replace(table, curve=(constant, slope, square), **{name: round(getattr(table, name), 4) for name in names})


if __name__ == "__main__":
    main()
