"""Keeps scores whose truth is known, each with what it is of."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from varde.camera.strength import compute_strength, expect_highest
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


def load_edits(path: Path) -> Table:
    """Returns the searches of edited real pictures that `camera_robustness.py` keeps, a line of JSON each.

    Pictures and devices are numbered in the order they first come in, as `camera_attribution.py` numbers them.
    """
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    lines = [line for line in lines if line.get("pce") is not None]
    taken_by = {line["photo"]: line["device"] for line in lines if line["match"]}
    devices, photos = list(dict.fromkeys(taken_by.values())), list(taken_by)
    rows, values = [], []
    for line in lines:
        at, other = devices.index(taken_by[line["photo"]]), devices.index(line["device"])
        same = at == other or max(at, other) < 2
        extent = list(SearchExtent).index(SearchExtent(line["extent"]))
        rows.append((extent, 0, int(line["match"]), photos.index(line["photo"]), at, other, int(same), 1))
        root = math.copysign(math.sqrt(abs(line["pce"])), line["pce"])
        values.append((root - expect_highest(line["places"]), line["pce"], line["pixels"]))
    columns = dict(zip(COLUMNS, np.array(rows).T, strict=True))
    strengths, pces, pixels = np.array(values).T
    return Table(columns, strengths, pces, pixels, np.array([line["edit"] for line in lines]))


def join(*tables: Table) -> Table:
    """Returns the rows of all."""
    labels = {name: np.concatenate([table.labels[name] for table in tables]) for name in COLUMNS}
    rest = [[getattr(table, name) for table in tables] for name in ("strengths", "pces", "pixels", "edits")]
    strengths, pces, pixels, edits = (np.concatenate(parts) for parts in rest)
    return Table(labels, strengths, pces, pixels, edits)


def load(*paths: Path) -> Table:
    """Returns the scores of some files; numbers of pictures and devices have to be different in each."""
    parts = [np.load(path) for path in paths]
    labels = np.concatenate([part["labels"] for part in parts])
    values = np.concatenate([part["values"] for part in parts])
    edits = np.concatenate([part["edits"] for part in parts])
    columns = dict(zip(COLUMNS, labels.T, strict=True))
    return Table(columns, values[:, 0], values[:, 1], values[:, 3], edits)
