"""From measured scores of known cameras to a table of what they are worth, checked on pictures left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from varde.camera.calibration import ScoreTable
from varde.camera.calibration_logistic import compute_support, fit_curve
from varde.core.camera import SearchExtent
from varde.core.outcome import NotComparable, Reason
from varde.measures.estimate import Floats, Ints, estimate_share
from varde.measures.ratio_check import CalibrationCheck, check_ratios
from varde.measures.separation import compute_separation

LEAST_MATCHES: Final = 30
LEAST_NON_MATCHES: Final = 100
"""Comparisons below which there is no calibration."""

LEAST_DEVICES: Final = 2
LEAST_PICTURES: Final = 6
"""Pictures with their own camera, each left out once to check the rest."""


_SHOWN: Final = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Strengths of comparisons whose truth is known, row by row.

    Attributes:
        strengths: (N,) as `varde.camera.strength` computes them.
        is_match: (N,) whether the picture is of the camera.
        pictures: (N,) number of the picture that was compared, or that a part of was.
        devices: (N,) number of the camera whose fingerprint it was compared with.
    """

    strengths: Floats
    is_match: Ints
    pictures: Ints
    devices: Ints

    def take(self, rows: Ints) -> Comparisons:
        """Returns some of the rows."""
        return Comparisons(self.strengths[rows], self.is_match[rows], self.pictures[rows], self.devices[rows])

    @property
    def matches(self) -> Floats:
        """Strengths of pictures with their own camera."""
        found: Floats = self.strengths[self.is_match == 1]
        return found

    @property
    def non_matches(self) -> Floats:
        """Strengths of pictures with another camera."""
        found: Floats = self.strengths[self.is_match == 0]
        return found


@dataclass(frozen=True, slots=True)
class LeftOutRatios:
    """Ratios of pictures by a table that was made without them.

    Attributes:
        matches, non_matches: log10 likelihood ratios.
        check: what they cost.
    """

    matches: Floats
    non_matches: Floats
    check: CalibrationCheck


def fit_table(compared: Comparisons, method: str, extent: SearchExtent, pixels: int) -> ScoreTable | NotComparable:
    """Returns what the scores of one extent, with about so many pixels, are worth; or why there are too few for that.

    No ratio is above n / 3 for n independent non-matches, nor below 3 / m for m independent matches: none of n having
    scored so high shows, with 95 % confidence, a rate of at most 3 / n. What lies beyond is bounded, and said to be.

    Source: van Houten, Alberink and Geradts (2011) for not extrapolating a fitted density; the bounds are the rule of
        three (Hanley and Lippman-Hand 1983).
    """
    refused = _refuse(compared)
    if refused:
        return refused
    rows = compared.is_match == 1
    support = compute_support(compared.matches, compared.pictures[rows])
    pairs = compared.pictures * (int(compared.devices.max()) + 1) + compared.devices
    other_support = compute_support(compared.non_matches, pairs[~rows])
    return ScoreTable(
        method=method,
        extent=extent,
        pixels=pixels,
        devices=len(np.unique(compared.devices)),
        pictures=len(np.unique(compared.pictures)),
        matches=len(compared.matches),
        non_matches=len(compared.non_matches),
        match_support=round(support, 1),
        non_match_support=round(other_support, 1),
        curve=fit_curve(compared.matches, compared.non_matches),
        low=min(0.0, float(np.log10(3 / support))),
        high=max(0.0, float(np.log10(other_support / 3))),
        null_mean=float(compared.non_matches.mean()),
        null_deviation=max(float(compared.non_matches.std()), 0.1),
        null_highest=float(compared.non_matches.max()),
    )


def leave_pictures_out(compared: Comparisons, folds: Ints) -> LeftOutRatios | NotComparable:
    """Returns the ratios of each fold by the table of all others.

    Args:
        compared: everything.
        folds: (N,) which rows are left out together: by picture, or by device.
    """
    values = np.zeros(len(compared.strengths))
    for fold in np.unique(folds):
        table = fit_table(compared.take(np.flatnonzero(folds != fold)), "", SearchExtent.ALIGNED, 1)
        if isinstance(table, NotComparable):
            return table
        for row in np.flatnonzero(folds == fold):
            values[row] = table.read(float(compared.strengths[row]))[0]
    matches, others = values[compared.is_match == 1], values[compared.is_match == 0]
    return LeftOutRatios(matches, others, check_ratios(matches, others, compared.matches, compared.non_matches))


def add_figures(table: ScoreTable, left_out: LeftOutRatios) -> ScoreTable:
    """Returns a table with how it does on what it was not made of."""
    matches, others = left_out.matches, left_out.non_matches
    wrong = estimate_share(int((others > 0).sum()), len(others))
    rising = [np.sort(part) for part in (matches, others)]
    auc, _ = compute_separation(rising[0], np.ones(len(matches)), rising[1], np.ones(len(others)))
    figures = {
        "cllr": left_out.check.cost,
        "cllr_min": left_out.check.least_cost,
        "auc": auc,
        "misleading": wrong.value,
        "misleading_low": wrong.low,
        "misleading_high": wrong.high,
        "misleading_against": float((matches < 0).mean()),
    }
    shown = [tuple(np.quantile(part, _SHOWN).round(3).tolist()) for part in rising]
    rounded = {name: round(value, 5) for name, value in figures.items()}
    return replace(table, figures=rounded, match_lrs=shown[0], non_match_lrs=shown[1])


def _refuse(compared: Comparisons) -> NotComparable | None:
    matches, others = len(compared.matches), len(compared.non_matches)
    pictures = len(np.unique(compared.pictures[compared.is_match == 1]))
    devices = len(np.unique(compared.devices))
    enough = matches >= LEAST_MATCHES and others >= LEAST_NON_MATCHES
    if enough and pictures >= LEAST_PICTURES and devices >= LEAST_DEVICES:
        return None
    detail = (
        f"{matches:,} comparisons of {pictures:,} pictures with their own camera and {others:,} with others, of "
        f"{devices:,} cameras; at least {LEAST_MATCHES} of {LEAST_PICTURES} pictures, {LEAST_NON_MATCHES} and "
        f"{LEAST_DEVICES} cameras are needed."
    )
    return NotComparable(Reason.TOO_FEW_PAIRS, detail)
