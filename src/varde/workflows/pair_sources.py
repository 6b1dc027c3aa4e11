"""Compares two files by the noise of their sensors, without a camera: whether one sensor may have taken both."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from varde.camera.clustering import USUAL_SPREAD, find_least
from varde.camera.compare import compare_residuals
from varde.camera.residual import Residual
from varde.camera.source_pairs import MIRRORED, make_row, score_rows
from varde.core.audit import Act
from varde.core.camera import LikelihoodRatio, SearchExtent, SourceScore
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method
from varde.pipeline.read_residuals import ResidualReader, SourceRecord
from varde.store import audit
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import find_calibration

LIMITS: Final = (
    "Two single pictures say much less than a picture and a fingerprint of many: a low score does not speak against "
    "one camera.",
    "Two copies of one picture, and two pictures of one scene, agree for what they show: a high score speaks of "
    "sensors only where the files show different things.",
)

_PAIR: Final = "camera.pair"
"""Takes the place of the method's name: what a score with a fingerprint is worth does not hold for two pictures."""


@dataclass(frozen=True, slots=True)
class PairedFiles:
    """What comparing two files gave.

    Attributes:
        files: what was read of each.
        outcome: the score, or why there is none.
        likelihood: what it is worth, or why that is not known.
        z: by how many standard deviations whole pictures of one size agree at the best of 4 variants, as clustering
            compares them; None for others.
        joined_from: z from which clustering would join the two.
    """

    files: tuple[SourceRecord, SourceRecord]
    outcome: SourceScore | NotComparable
    likelihood: LikelihoodRatio | NotComparable
    z: float | None
    joined_from: float


def pair_sources(site: Site, actor: Actor, one: Path, other: Path, extent: SearchExtent | None) -> PairedFiles:
    """Returns how well the noise of two files agrees, audited.

    Args:
        site, actor: where and who.
        one, other: files from outside; decoded in the sandbox.
        extent: how far one is looked for in the other; None: aligned, and turned where only that fits.

    Raises:
        NotFound: if a file is not there.
        WrongUse: if both are one file, or have the same bytes.
    """
    for path in (one, other):
        if not os.path.exists(path):  # noqa: PTH110 - the other one raises where a folder above is closed to us
            raise NotFound(f"there is no file {path}, or it is closed to you")
    with ResidualReader(site.settings) as reader:
        records = reader.examine(one), reader.examine(other)
    if records[0].sha256 == records[1].sha256 != b"":
        raise WrongUse("both files have the same bytes", advice="Name two different files.")
    first, second = (record.outcome for record in records)
    refused = _refuse(first, 1) or _refuse(second, 2)
    outcome: SourceScore | NotComparable
    z = None
    if isinstance(first, NotComparable) or isinstance(second, NotComparable):
        outcome = refused or NotComparable(Reason.NOT_DECODED, "")
    else:
        outcome = _compare(first, second, extent)
        z = _score_whole(first, second)
    _record(site, actor, records, outcome)
    likelihood = outcome if isinstance(outcome, NotComparable) else _weigh(site, outcome)
    return PairedFiles(records, outcome, likelihood, z, round(find_least(MIRRORED, USUAL_SPREAD), 2))


def _weigh(site: Site, score: SourceScore) -> LikelihoodRatio | NotComparable:
    found = find_calibration(site).calibration.log10_lr(score)
    if isinstance(found, NotComparable) and found.reason is Reason.NOT_CALIBRATED:
        return NotComparable(found.reason, "What such a score of two single files is worth was not measured.")
    return found


def _refuse(outcome: Residual | NotComparable, number: int) -> NotComparable | None:
    if not isinstance(outcome, NotComparable):
        return None
    return NotComparable(outcome.reason, f"File {number}: {outcome.detail}")


def _compare(first: Residual, second: Residual, extent: SearchExtent | None) -> SourceScore | NotComparable:
    found = compare_residuals(first, second, extent or SearchExtent.ALIGNED)
    if extent is None and isinstance(found, NotComparable) and found.reason is Reason.OTHER_SENSOR_SIZE:
        found = compare_residuals(first, second, SearchExtent.TURNED)
    if extent is not None and isinstance(found, NotComparable) and found.reason is Reason.OTHER_SENSOR_SIZE:
        swapped = compare_residuals(second, first, extent)  # the smaller is looked for in the larger
        found = found if isinstance(swapped, NotComparable) else swapped
    if isinstance(found, NotComparable):
        return found
    return replace(found, method=Method(f"{first.method.name}+{_PAIR}", found.method.version))


def _score_whole(first: Residual, second: Residual) -> float | None:
    """Returns the best z over the variants of whole pictures of one size; None where the sizes differ."""
    rows = [make_row(first), make_row(second)]
    if rows[0].shape == rows[1].shape[::-1]:
        rows[1] = np.rot90(rows[1])
    if rows[0].shape != rows[1].shape:
        return None
    return round(float(score_rows(np.stack(rows))[:, 0, 1].max()), 2)


def _record(
    site: Site, actor: Actor, records: tuple[SourceRecord, SourceRecord], outcome: SourceScore | NotComparable
) -> None:
    subject: dict[str, str | int | None] = {
        "files": 2,
        "assessable": int(isinstance(outcome, SourceScore)),
        "sha256": ", ".join(record.sha256.hex() for record in records if record.sha256),
    }
    with site.database.write() as connection:
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.CAMERA_COMPARED, subject=subject)
