"""Compares pictures of known cameras with fingerprints, whole and in blocks, and keeps every score with its truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from varde.camera.compare import compare
from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual
from varde.camera.strength import compute_strength
from varde.core.camera import SearchExtent, SourceScore

COLUMNS = ("extent", "side", "is_match", "picture", "taken_by", "device", "is_same_model", "is_real")
EXTENTS = tuple(SearchExtent)


@dataclass
class Scores:
    """Scores whose truth is known, row by row; one that could not be compared has no strength.

    Attributes:
        labels: of each, the values of `COLUMNS`: number of the extent, side of the block (0 for whole pictures),
            whether the picture is of the camera, numbers of picture, of the camera that took it and of the one compared
            with, whether these are of one model, whether they are real.
        values: strength, PCE, correlation, compared pixels.
        edits: what was done to the picture before.
    """

    labels: list[tuple[int, ...]] = field(default_factory=list)
    values: list[tuple[float, float, float, int]] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)

    def add(self, labels: tuple[int, ...], score: object, edit: str) -> None:
        """Adds one comparison."""
        self.labels.append(labels)
        self.edits.append(edit)
        if isinstance(score, SourceScore):
            self.values.append((compute_strength(score), score.pce, score.correlation, score.pixels))
        else:
            self.values.append((float("nan"), float("nan"), 0.0, 0))

    def save(self, path: Path) -> None:
        """Writes everything."""
        np.savez_compressed(
            path, labels=np.array(self.labels), values=np.array(self.values), edits=np.array(self.edits)
        )


@dataclass(frozen=True)
class Table:
    """Scores as arrays: `labels[name]` by `COLUMNS`, and strength, PCE, correlation and pixels of each."""

    labels: dict[str, npt.NDArray[np.int64]]
    strengths: npt.NDArray[np.float64]
    pces: npt.NDArray[np.float64]
    pixels: npt.NDArray[np.float64]
    edits: npt.NDArray[np.str_]

    def take(self, rows: npt.NDArray[np.bool_]) -> Table:
        """Returns some of the rows."""
        labels = {name: values[rows] for name, values in self.labels.items()}
        return Table(labels, self.strengths[rows], self.pces[rows], self.pixels[rows], self.edits[rows])


def load(*paths: Path) -> Table:
    """Returns the scores of some files; numbers of pictures and devices have to be different in each."""
    parts = [np.load(path) for path in paths]
    labels = np.concatenate([part["labels"] for part in parts])
    values = np.concatenate([part["values"] for part in parts])
    edits = np.concatenate([part["edits"] for part in parts])
    columns = dict(zip(COLUMNS, labels.T, strict=True))
    return Table(columns, values[:, 0], values[:, 1], values[:, 3], edits)


def list_blocks(shape: tuple[int, int], side: int) -> Iterator[tuple[slice, slice]]:
    """Yields the places of blocks side by side, the whole for side 0."""
    if not side:
        yield slice(0, shape[0]), slice(0, shape[1])
        return
    for top in range(0, shape[0] - side + 1, side):
        for left in range(0, shape[1] - side + 1, side):
            yield slice(top, top + side), slice(left, left + side)


def cut_residual(residual: Residual, place: tuple[slice, slice]) -> Residual:
    """Returns a part of a residual."""
    values, weights, luma = (
        np.ascontiguousarray(part[place]) for part in (residual.values, residual.weights, residual.luma)
    )
    return Residual(values, weights, luma, float((weights > 0).mean()), residual.method)


def cut_fingerprint(fingerprint: Fingerprint, place: tuple[slice, slice]) -> Fingerprint:
    """Returns a part of a fingerprint."""
    values = np.ascontiguousarray(fingerprint.values[place])
    return Fingerprint(values, fingerprint.kind, (), fingerprint.method, {})


def score_blocks(
    residual: Residual, fingerprint: Fingerprint, side: int, places: list[tuple[slice, slice]] | None = None
) -> list[object]:
    """Returns the scores of blocks at their known places, the whole picture's for side 0."""
    return [
        compare(cut_residual(residual, place), cut_fingerprint(fingerprint, place), SearchExtent.ALIGNED)
        for place in places or list_blocks(residual.values.shape, side)
    ]
